#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an upgrade costs: how long each service is away, beside `docker stop` and `docker start` of the same container; time
# and bytes of one that changes one service, beside `docker pull` of the same; a bundle of 1 GB beside `docker load`; a plan.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"
# shellcheck source=figures.sh
. "$(dirname "$0")/figures.sh"

repeats=${HF_BENCH_REPEATS:-3}
layer_mb=${HF_BENCH_LAYER_MB:-64}
bundle_mb=${HF_BENCH_BUNDLE_MB:-1000}
plans=${HF_BENCH_PLANS:-10}
only=${HF_BENCH_ONLY:-gap plan one_service bundle}
gate_s=1       # where only what comes before it is measured
full_gate_s=60 # what a gateway has unless told otherwise
importer=$hf_build/release/tests/integration/import/importer
export HF_FETCH=$hf_build/release/holdfast-fetch DOCKER_SOCKET=$docker_socket

after_end() {
    variants_remove
    [ ! -s "$work/bundle.id" ] || docker image rm --force "$(cat "$work/bundle.id")" >/dev/null 2>&1
}

gate() { config "{\"upgrade\":{\"gate_s\":$1}}"; }

starts() {
    gateway_start
    gateway_claim
    receiver_start
    variants 'good-broker broker' 'good-buffer buffer' 'good-processor processor' 'good-forwarder forwarder' \
        "big processor big $layer_mb"
    wait_until 120 all_healthy
    config '{"upgrade":{"switch_s":60}}'
    gate "$gate_s"
    release_of good broker=good-broker buffer=good-buffer processor=good-processor forwarder=good-forwarder
    release_of big processor=big
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'; }
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

# timed COMMAND...: milliseconds.
timed() {
    local from
    from=$(now_ms)
    "$@" >/dev/null
    echo $(($(now_ms) - from))
}

# When the log says it first, behind a line; in milliseconds.
said_at() {
    local time
    time=$(tail -n "+$1" "$gw_dir/log" | sed -n "s/^time=\([^ ]*\) .*$2.*/\1/p" | head -n 1)
    date -d "$time" +%s%3N
}

way_back() {
    gateway_prove
    api_is 202 POST /releases/rollback
    jq -r .id "$work/body" >"$work/operation"
    ends committed "$1"
}

# --- how long services are away

stop_and_start() { docker stop "$1" && docker start "$1"; }

# By Docker alone: holdfastd would have its say.
gap_of_docker() {
    local service
    gateway_end_daemon
    for service in "${services[@]}"; do
        timed stop_and_start "$gw-$service" >>"$work/docker.$service"
    done
    gateway_start
    gateway_login
    wait_until 120 all_healthy
}

gap_of_upgrade() {
    local service line
    line=$(($(wc -l <"$gw_dir/log") + 1))
    begin good
    ends committed good
    for service in "${services[@]}"; do
        api_get /releases ".history[0].gaps[] | select(.service == \"$service\").gap_ms" >>"$work/ours.$service"
    done
    echo $(($(said_at "$line" 'event=upgrade state=gating') - $(said_at "$line" 'event=upgrade state=switching'))) >>"$work/ours.whole"
    way_back "$(jq -r .name "$release")"
}

gaps() {
    local i
    for ((i = 1; i <= repeats; i++)); do
        measuring "services away ($i of $repeats)"
        gap_of_docker
        gap_of_upgrade
    done
}

gap_figure() {
    local ours docker all=() i
    mapfile -t ours <"$work/ours.$1"
    mapfile -t docker <"$work/docker.$1"
    for ((i = 0; i < ${#ours[@]}; i++)); do
        all+=("$(ratio "${ours[i]}" "${docker[i]}")")
    done
    figure "$2" '×' '<= 2' "{\"ours\": \"$(median "${ours[@]}") ms\", \"docker\": \"$(median "${docker[@]}") ms\"}" "${all[@]}"
}

gap_figures() {
    local service
    gaps
    for service in "${services[@]}"; do
        gap_figure "$service" "$service away, beside docker stop and start"
    done
    paste "$work"/docker.{broker,buffer,processor,forwarder} | awk '{ print $1 + $2 + $3 + $4 }' >"$work/docker.whole"
    gap_figure whole "all four, from the first switch to the gate, beside the same"
}

# --- an upgrade of one service

registry_pid() { ss -Hltnp "sport = :${registry##*:}" | sed -nE 's/.*pid=([0-9]+).*/\1/p' | head -n 1; }
registry_said() { awk '/^wchar/ { print $2 }' "/proc/$(registry_pid)/io"; }

big_image() { jq -r --arg registry "$registry" '"\($registry)/\(.repository)@\(.platforms[].manifest)"' "$work/pin.big"; }

pull_by_docker() {
    local before
    before=$(registry_said)
    timed docker pull --quiet "$(big_image)" >>"$work/pull.ms"
    echo $(($(registry_said) - before)) >>"$work/pull.bytes"
    docker rmi "$(big_image)" >/dev/null
}

# The image goes once it is neither what runs nor the way back.
upgrade_to_big() {
    local line before from
    line=$(($(wc -l <"$gw_dir/log") + 1))
    gate "$full_gate_s"
    before=$(registry_said)
    from=$(now_ms)
    begin big
    ends committed big
    gate "$gate_s"
    echo $(($(said_at "$line" 'event=upgrade state=committed') - from)) >>"$work/upgrade.ms"
    echo $(($(registry_said) - before)) >>"$work/upgrade.bytes"
    sed -n "$line,\$s/.*event=fetched ms=//p" "$gw_dir/log" | head -n 1 >>"$work/fetch.ms"
    way_back "$(jq -r .name "$release")"
    begin good
    ends committed good
    way_back "$(jq -r .name "$release")"
    wait_until 60 big_is_gone
}
big_is_gone() { expect_fail docker image inspect "$(jq -r '.platforms[].config' "$work/pin.big")"; }

ratios() {
    local i ours theirs
    mapfile -t ours <"$1"
    mapfile -t theirs <"$2"
    for ((i = 0; i < ${#ours[@]}; i++)); do
        ratio "${ours[i]}" "$((theirs[i] + ${3:-0}))"
    done
}

one_service_figures() {
    local i all
    for ((i = 1; i <= repeats; i++)); do
        measuring "one service with a layer of $layer_mb MB ($i of $repeats)"
        pull_by_docker
        upgrade_to_big
    done
    mapfile -t all < <(ratios "$work/upgrade.ms" "$work/pull.ms" $((full_gate_s * 1000)))
    figure "upgrade of one service, time beside docker pull of the same and the gate" '×' '<= 1.1' \
        "{\"ours\": \"$(sort -n "$work/upgrade.ms" | xargs) ms\", \"docker pull\": \"$(sort -n "$work/pull.ms" | xargs) ms\", \"gate\": \"$full_gate_s s\"}" "${all[@]}"
    mapfile -t all < <(ratios "$work/fetch.ms" "$work/pull.ms")
    figure "fetching it, time beside docker pull" '×' '<= 1.1' "{\"ours\": \"$(sort -n "$work/fetch.ms" | xargs) ms\"}" "${all[@]}"
    mapfile -t all < <(ratios "$work/upgrade.bytes" "$work/pull.bytes")
    figure "fetching it, bytes beside docker pull" '×' '<= 1.1' "{\"ours\": \"$(sort -n "$work/upgrade.bytes" | xargs)\"}" "${all[@]}"
}

# --- a plan, where what it reads is here

plan_figures() {
    local i all=()
    measuring "plans"
    for ((i = 0; i < plans; i++)); do
        all+=("$(curl -ks --max-time 30 -X POST -b "$gw_dir/jar" -o /dev/null -w '%{time_total}\n' \
            "$gw_url/api/v1/releases/$(id_of good)/plan" | awk '{ printf "%.1f\n", $1 * 1000 }')")
    done
    figure "plan of four services, asked over TLS" ms '<= 100' '{}' "${all[@]}"
}

# --- a bundle

# bundle_layer MB: digest, diff id and size of a layer that cannot be packed; gzip at its fastest, as the time is not ours.
bundle_layer() {
    local digest diff
    head -c "$1"000000 /dev/urandom >"$work/root/noise"
    tar -C "$work/root" --owner=0 --group=0 -cf "$work/layer.tar" .
    diff=$(sha256sum <"$work/layer.tar" | cut -d' ' -f1)
    gzip -1 -n "$work/layer.tar"
    digest=$(sha256sum <"$work/layer.tar.gz" | cut -d' ' -f1)
    stat -c "$digest $diff %s" "$work/layer.tar.gz"
    mv "$work/layer.tar.gz" "$work/oci/blobs/sha256/$digest"
}

put_json() {
    local digest
    digest=$(sha256sum <"$1" | cut -d' ' -f1)
    cp "$1" "$work/oci/blobs/sha256/$digest"
    echo "sha256:$digest"
}

bundle_makes() {
    local i of=4 type=application/vnd.oci.image
    mkdir -p "$work/root" "$work/oci/blobs/sha256"
    for ((i = 0; i < of; i++)); do
        bundle_layer $((bundle_mb / of))
    done >"$work/layers"
    jq -Rn --arg platform "$(platform)" '{os: "linux", architecture: $platform, config: {}, rootfs: {type: "layers",
        diff_ids: [inputs | split(" ") | "sha256:" + .[1]]}}' <"$work/layers" >"$work/image.json"
    put_json "$work/image.json" >"$work/bundle.id"
    jq -Rn --arg type "$type" --arg config "$(cat "$work/bundle.id")" --argjson size "$(stat -c %s "$work/image.json")" '
        {schemaVersion: 2, mediaType: "\($type).manifest.v1+json",
            config: {mediaType: "\($type).config.v1+json", digest: $config, size: $size},
            layers: [inputs | split(" ") | {mediaType: "\($type).layer.v1.tar+gzip", digest: ("sha256:" + .[0]), size: (.[2] | tonumber)}]}' \
        <"$work/layers" >"$work/manifest.json"
    echo "$registry/hft-bench/big@$(put_json "$work/manifest.json")" >"$work/bundle.ref"
    jq -n --arg ref "$(cat "$work/bundle.ref")" '{services: {a: {image: $ref}}}' >"$work/bundle.release"
    echo signature >"$work/bundle.minisig"
    "$hf_root/image/bundle.sh" "$work/bundle.release" "$work/bundle.minisig" "$work/oci" "$work/bundle.tar"
    archive_makes
    rm -rf "$work/oci" "$work/root"
}

# The same layers in the form that docker load takes, packed as they are in the bundle.
archive_makes() {
    local config
    config=$(cut -d: -f2 "$work/bundle.id")
    jq -Rn --arg config "$config" '[{Config: $config, RepoTags: ["hft-bench:1"], Layers: [inputs | split(" ") | .[0]]}]' \
        <"$work/layers" >"$work/oci/blobs/sha256/manifest.json"
    # shellcheck disable=SC2046 # digests
    tar -C "$work/oci/blobs/sha256" -cf "$work/archive.tar" manifest.json "$config" $(cut -d' ' -f1 "$work/layers")
}

# What it takes at most beside what it takes where there is nothing to do.
import_bundle() {
    "$importer" bundle "$work/bundle.tar" "$(cat "$work/bundle.ref")" 1.0.0 "$(cat "$work/bundle.id")" >/dev/null &
    local pid=$! peak=0 now from
    from=$(now_ms)
    while now=$(awk '/^VmHWM/ { print $2 * 1024 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.05
    done
    wait "$pid"
    echo "$(($(now_ms) - from)) $peak"
}

bundle_figures() {
    local i said ours=() docker=() memory=() all=() at_rest
    measuring "a bundle of $bundle_mb MB"
    bundle_makes
    for ((i = 0; i < repeats; i++)); do
        said=$(import_bundle)
        ours+=("${said% *}")
        memory+=("${said#* }")
        at_rest=$(import_bundle | cut -d' ' -f2)
        memory[i]=$((memory[i] - at_rest))
        docker image rm --force "$(cat "$work/bundle.id")" >/dev/null
        docker+=("$(timed docker load -q -i "$work/archive.tar")")
        docker image rm --force "$(cat "$work/bundle.id")" >/dev/null
        all+=("$(ratio "${ours[i]}" "${docker[i]}")")
    done
    figure "import of a bundle of $bundle_mb MB, beside docker load of the same layers" '×' '<= 1.2' \
        "{\"ours\": \"$(median "${ours[@]}") ms\", \"docker load\": \"$(median "${docker[@]}") ms\"}" "${all[@]}"
    figure "memory that the import takes" bytes '<= 4000000' '{}' "${memory[@]}"
}

check starts
need
for name in $only; do
    check "${name}_figures"
done
figures_write
figures_table
finish
