# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What tests/run runs. A stage prints "ok - NAME" and "not ok - NAME" for what it checks and indents the reasons;
# its status says whether all was well.
: "${hf_root:?}" "${hf_build:?}" "${node:?}"

# Formatting differs between versions of clang-format, so there is one.
clang_version=19
jobs=$(nproc)

tool() { command -v "$1-$clang_version" || command -v "$1"; }

# Sources in C that are ours: what git would commit.
c_sources() { git -c safe.directory="$hf_root" ls-files --cached --others --exclude-standard -- "$@" | grep '\.[ch]$'; }

# check_each COMMAND FILE...: a check for each file.
check_each() {
    local command=$1 file said rc=0
    shift
    for file in "$@"; do
        if said=$("$command" "$file" 2>&1); then
            printf 'ok - %s\n' "$file"
        else
            rc=1
            printf 'not ok - %s\n%s\n' "$file" "$(head -n 30 <<<"$said" | sed 's/^/    /')"
        fi
    done
    return "$rc"
}

# The same on every core.
one_each() {
    declare -fx check_each "$1"
    printf '%s\0' "${@:2}" | xargs -0 -P "$jobs" -n 8 bash -c 'check_each "$@"' _ "$1"
}

# --- style

is_formatted() { "$formatter" --dry-run -Werror "$1"; }
stage_format() {
    local files
    formatter=$(tool clang-format)
    export formatter
    "$formatter" --version
    mapfile -t files < <(c_sources appliance api services tests)
    # All at once: most of the time is its start.
    if "$formatter" --dry-run -Werror "${files[@]}" 2>/dev/null; then
        printf 'ok - %s\n' "${files[@]}"
    else
        one_each is_formatted "${files[@]}"
    fi
}

# What a translation unit's own flags and headers say, through the compile commands of the clang build. The analyzer
# follows a function's paths as far as it is let: 50,000 nodes find what 225,000 do in a quarter of the time, and
# ./dev soak tidy has the latter.
stage_tidy() {
    local files rc=0 nodes=${HF_TIDY_NODES:-15000}
    build_preset clang >/dev/null || return # headers that the build makes
    mapfile -t files < <(c_sources appliance api services | grep '\.c$')
    printf '%s\n' "${files[@]}" |
        xargs -P "$jobs" -n 4 "$(tool clang-tidy)" --quiet -p "$hf_build/clang" \
            --extra-arg={-Xclang,-analyzer-config,-Xclang,"max-nodes=$nodes"} >"$hf_build/log/tidy.out" 2>/dev/null || rc=1
    tidy_findings "${files[@]}" || rc=1
    return "$rc"
}

tidy_findings() {
    local file found rc=0
    for file in "$@"; do
        found=$(grep -F "$hf_root/$file:" "$hf_build/log/tidy.out" | grep -E ': (error|warning): ' | sort -u)
        if [ -z "$found" ]; then
            printf 'ok - %s\n' "$file"
        else
            rc=1
            printf 'not ok - %s\n' "$file"
            printf '    %s\n' "${found//"$hf_root/"/}"
        fi
    done
    return "$rc"
}

is_shell_clean() { shellcheck -x "$1"; }
stage_shell() {
    local files
    mapfile -t files < <(git -c safe.directory="$hf_root" ls-files --cached --others --exclude-standard |
        while read -r file; do
            case $file in
            *.sh) echo "$file" ;;
            *) ! head -c 64 "$file" 2>/dev/null | head -n 1 | grep -qaE '^#!.*[/ ](ba)?sh\b' || echo "$file" ;;
            esac
        done)
    one_each is_shell_clean "${files[@]}"
}

stage_webui() {
    local rc=0
    cd "$hf_root/webui" || return
    if npm run --silent check; then echo "ok - biome, types and contract"; else
        echo "not ok - biome, types and contract"
        rc=1
    fi
    "$node" node_modules/vitest/vitest.mjs run --reporter=tap-flat --no-color >"$hf_build/log/vitest.tap" 2>"$hf_build/log/vitest.err" || rc=1
    cat "$hf_build/log/vitest.err"
    sed -E 's/^(not ok|ok) [0-9]+ - /\1 - /; s/ # time=.*//' "$hf_build/log/vitest.tap"
    return "$rc"
}

# build_preset PRESET [CMAKE-BUILD-OPTION...]: one at a time, since lanes share builds.
build_preset() {
    local preset=$1
    shift
    (
        flock 8
        cmake --preset "$preset" -B "$hf_build/$preset" -DHF_CIVETWEB_DIR="$hf_build/civetweb-src" >/dev/null &&
            cmake --build "$hf_build/$preset" -j"$jobs" "$@"
    ) 8>"$hf_build/$preset.lock"
}

# --- unit tests: one build each for memory and for threads

# unit_tests PRESET [CTEST-OPTION...]: what has been built.
unit_tests() {
    local preset=$1 rc=0
    shift
    # More at a time than there are cores: many of them wait.
    CMOCKA_MESSAGE_OUTPUT=TAP ctest --test-dir "$hf_build/$preset" -j$((2 * jobs)) -V "$@" >"$hf_build/log/ctest-$preset.out" 2>&1 || rc=$?
    awk -f "$hf_root/tests/ctest.awk" "$hf_build/log/ctest-$preset.out" || rc=1
    return "$rc"
}

stage_asan() {
    export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
    build_preset asan && unit_tests asan
}

# Tests with something in them that starts a second thread. The others have nothing to race with: stage asan runs them.
threaded_tests() {
    find "$hf_build/asan/tests/unit" -type f -name 'test_*' -executable | while read -r test; do
        # Counted, since nm is to be read to its end: one that is broken off fails, and its test would be left out.
        [ "$(nm --dynamic --undefined-only "$test" | grep -cE ' (pthread_create|mosquitto_loop_start)(@|$)')" = 0 ] || basename "$test"
    done
}

stage_tsan() {
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$hf_root/tests/tsan.supp
    local threaded
    build_preset asan >/dev/null || return # which of them there are
    mapfile -t threaded < <(threaded_tests)
    [ "${#threaded[@]}" -gt 0 ] || return
    build_preset tsan --target "${threaded[@]}" &&
        unit_tests tsan --tests-regex "^($(printf '%s|' "${threaded[@]}")none)\$"
}

# All of it by the other compiler, warnings as errors.
stage_clang() { build_preset clang; }

# A few seconds over each reader of foreign bytes.
stage_fuzz() { "$hf_root/tests/fuzz/run.sh"; }

# --- images, gateway, dashboard, faults

stage_images() { "$hf_root/tests/integration/images.sh"; }

# The client alone, and a whole gateway with an engine that is ill.
stage_engine() {
    local rc=0
    build_preset asan --target test_docker || return
    "$hf_root/tests/integration/engine.sh" "$hf_build/asan/tests/integration/engine/test_docker" || rc=1
    "$hf_root/tests/integration/engine-faults.sh" || rc=1
    return "$rc"
}
stage_import() {
    build_preset asan --target importer holdfast-fetch holdfast-liar && "$hf_root/tests/integration/import.sh" "$hf_build/asan"
}

stage_broker() {
    local rc=0
    build_preset asan --target holdfast-broker holdfast-gate || return
    "$hf_root/tests/integration/broker.sh" "$hf_build/asan/services" || rc=1
    "$hf_root/tests/integration/devices.sh" "$hf_build/asan/services" || rc=1
    return "$rc"
}
stage_forwarder() {
    build_preset asan --target holdfast-forwarder holdfast-receiver fake-buffer && "$hf_root/tests/integration/forwarder.sh" "$hf_build/asan"
}
stage_gateway() { "$hf_root/tests/integration/gateway.sh"; }
stage_python() { "$hf_root/tests/integration/python.sh"; }
stage_lifecycle() { "$hf_root/tests/integration/lifecycle.sh"; }
stage_systemd() { "$hf_root/tests/integration/systemd.sh"; }
stage_package() { "$hf_root/tests/integration/package.sh"; }
stage_network() { "$hf_root/tests/integration/network.sh"; }
stage_update() { "$hf_root/tests/integration/update.sh"; }
stage_own() { "$hf_root/tests/integration/own.sh"; }
stage_sources() { "$hf_root/tests/integration/sources.sh"; }
stage_alarms() { "$hf_root/tests/integration/alarms.sh"; }
stage_badinput() { "$hf_root/tests/integration/badinput.sh"; }
stage_stick() { "$hf_root/tests/integration/stick.sh"; }
stage_badrequest() { "$hf_root/tests/integration/badrequest.sh"; }
stage_badstate() { "$hf_root/tests/integration/badstate.sh"; }
stage_scan() { "$hf_root/tests/integration/scan.sh"; }
stage_twin() { "$hf_root/tests/integration/twin.sh"; }
stage_cli() { "$hf_root/tests/integration/cli.sh"; }
stage_contract() { "$hf_root/tests/integration/contract.sh"; }
stage_dashboard() { "$hf_root/tests/integration/dashboard.sh"; }
stage_upgrade() { "$hf_root/tests/integration/upgrade.sh"; }
stage_kill() { "$hf_root/tests/fault/kill.sh"; }
# A machine that is emulated takes a whole core for minutes: what others wait for goes first.
stage_boot() { nice -n 10 "$hf_root/tests/integration/boot.sh"; }
stage_path() { "$hf_root/tests/fault/path-faults.sh"; }
