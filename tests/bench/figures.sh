# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Figures of a bench: collected as lines of JSON, shown as a table, written to build/bench/NAME.json.
: "${work:?}" "${hf_build:?}" "${hf_root:?}" "${suite:?}"

# figure NAME UNIT GOAL BESIDE VALUE...
# The value is the median of the repeats. GOAL is a number that it should stay below, or "<= N", ">= N", or "";
# BESIDE is an object with what it should be read beside, or {}.
figure() {
    local name=$1 unit=$2 goal=$3 beside=$4
    shift 4
    printf '%s\n' "$@" | jq -sc --arg name "$name" --arg unit "$unit" --arg goal "$goal" --argjson beside "$beside" '
        def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
        ($goal | capture("^(?<is><=|>=|)\\s*(?<n>[0-9.]+)$") // null) as $wanted
        | ($wanted | if . == null then null else .n | tonumber end) as $limit
        | { name: $name, value: median, unit: $unit, goal: $limit,
            goal_is: (if $limit == null then null elif $wanted.is == "" then "<" else $wanted.is end),
            met: (if $limit == null then null elif $wanted.is == ">=" then median >= $limit
                elif $wanted.is == "<=" then median <= $limit else median < $limit end),
            repeats: ., spread: { min: min, max: max }, beside: $beside }' >>"$work/figures"
}

machine() {
    jq -n --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" --argjson cores "$(nproc)" \
        --argjson memory "$(awk '/^MemTotal/ { print $2 * 1024 }' /proc/meminfo)" --arg kernel "$(uname -sr)" \
        --arg arch "$(uname -m)" --arg os "$(. /etc/os-release && echo "$PRETTY_NAME")" \
        --arg engine "$(docker version --format '{{.Server.Version}}' 2>/dev/null)" \
        '{ cpu: $cpu, cores: $cores, memory_bytes: $memory, arch: $arch, kernel: $kernel, os: $os, engine: $engine }'
}

figures_write() {
    local commit
    commit=$(git -c safe.directory="$hf_root" -C "$hf_root" describe --always --dirty --abbrev=12 2>/dev/null)
    mkdir -p "$hf_build/bench"
    jq -s --arg bench "$suite" --arg commit "$commit" --argjson machine "$(machine)" \
        '{ bench: $bench, commit: $commit, machine: $machine, figures: . }' "$work/figures" >"$hf_build/bench/$suite.json"
}

figures_table() {
    {
        printf 'FIGURE\tMEDIAN\tSPREAD\tUNIT\tGOAL\t\n'
        jq -r '
            def short: if . == null then "" elif . >= 100 or . == floor then round else . * 1000 | round / 1000 end | tostring;
            .figures[] | [.name, (.value | short), "\(.spread.min | short) … \(.spread.max | short)  (\(.repeats | length))", .unit,
                (if .goal == null then "" else "\(.goal_is) \(.goal | short)" end),
                (if .met == null then "" elif .met then "met" else "MISSED" end)] | @tsv' "$hf_build/bench/$suite.json"
    } | column -t -s $'\t'
    jq -r '.figures[] | select(.beside != {}) | "\(.name), beside: \(.beside | to_entries | map("\(.key) \(.value)") | join(", "))"' \
        "$hf_build/bench/$suite.json"
}

# What is being measured now; the table comes at the end.
measuring() { printf '  …  %s\n' "$*" >&2; }
