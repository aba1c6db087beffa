#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [SECONDS]: builds the fuzzers and runs each over its seeds for so long (5 s).
# Inputs that were found to fail are kept in BUILD/fuzz/NAME-…; a failure's seed belongs into seeds/.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${hf_build:-$root/build}
seconds=${1:-3}
civetweb=${HF_CIVETWEB_DIR:-$build/civetweb-src}

cmake --preset clang -S "$root" -B "$build/fuzz" -DHF_FUZZ=ON "-DHF_PARTS=services;daemon" \
    -DHF_CIVETWEB_DIR="$civetweb" >/dev/null || exit
cmake --build "$build/fuzz" -j"$(nproc)" --target fuzzers >"$build/fuzz/build.out" 2>&1 || {
    tail -n 20 "$build/fuzz/build.out"
    exit 1
}

# A fuzzer's time is bounded twice: by its own clock, and by ours, should it hang before it looks.
fuzz_one() {
    local name=$1 corpus=$build/fuzz/corpus/$1
    mkdir -p "$corpus"
    if timeout $((seconds + 60)) "$build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1024 -max_len=65536 -artifact_prefix="$build/fuzz/$name-" \
        "$corpus" "$root/tests/fuzz/seeds/$name" >"$build/fuzz/$name.out" 2>&1; then
        echo "ok - fuzz $name: $(grep -oE 'Done [0-9]+ runs' "$build/fuzz/$name.out" | tail -n 1)"
    else
        printf 'not ok - fuzz %s\n%s\n' "$name" \
            "$(grep -E 'ERROR|SUMMARY|runtime error|Test unit' "$build/fuzz/$name.out" | head -n 10 | sed 's/^/    /')"
        return 1
    fi
}
export -f fuzz_one
export root build seconds
sed -n 's/^hf_fuzzer(\([a-z0-9_]*\) .*/\1/p' "$root/tests/fuzz/CMakeLists.txt" |
    xargs -P "$(nproc)" -n 1 bash -c 'fuzz_one "$@"' _
