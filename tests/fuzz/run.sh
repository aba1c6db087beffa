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
rc=0
for name in lease_ack record settings sinks rules config release artifact minisign device_csv fleet block scan h1 sbom scan_data debsecan bundle layer registry dockerguard backup answer; do
    corpus=$build/fuzz/corpus/$name
    mkdir -p "$corpus"
    if timeout $((seconds + 60)) "$build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1024 -max_len=65536 -artifact_prefix="$build/fuzz/$name-" \
        "$corpus" "$root/tests/fuzz/seeds/$name" >"$build/fuzz/$name.out" 2>&1; then
        echo "ok - fuzz $name: $(grep -oE 'Done [0-9]+ runs' "$build/fuzz/$name.out" | tail -n 1)"
    else
        rc=1
        echo "not ok - fuzz $name"
        grep -E 'ERROR|SUMMARY|runtime error|Test unit' "$build/fuzz/$name.out" | head -n 10 | sed 's/^/    /'
    fi
done
exit "$rc"
