# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Releases that differ from the one that runs by images made on the spot, and what is asked of the gateway about them.
# Images are of this script's own names and go away with it.
: "${work:?}" "${release:?}" "${gw:?}" "${gw_release:?}" "${gw_dir:?}" "${gw_url:?}" "${hf_root:?}"

variant_path=hft$$
variant_repository=${registry:?}/$variant_path

variant_program() {
    [ -x "$work/variant" ] ||
        cc -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$work/variant" "$hf_root/tests/upgrade/variant.c"
}

# variant NAME SERVICE [MODE...]: an image of the service in the registry, and here no longer; its pin is in
# $work/pin.NAME. Without a mode it is as good as its base; a file in $variant_extra comes along as a layer of its own;
# "big MB" is a good one with so much that cannot be packed.
variant() {
    local name=$1 service=$2 container reference command='' manifest
    shift 2
    variant_program
    reference=$variant_repository/$service:$name
    container=$(docker create "$(pinned "$release" "$service")")
    if [ "${1:-}" = big ]; then
        head -c "$2"000000 /dev/urandom >"$work/$name.big"
        docker cp "$work/$name.big" "$container:/big" >/dev/null
        docker commit "$container" "$reference" >/dev/null
    elif [ $# -gt 0 ]; then
        docker cp "$work/variant" "$container:/variant" >/dev/null
        command=$(docker inspect --format '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' "$container" |
            jq -sc --args '["/variant"] + $ARGS.positional + if $ARGS.positional[0] | IN("dies", "leaks") then (.[0] // []) + (.[1] // []) else [] end' "$@")
        docker commit --change "ENTRYPOINT $command" --change 'CMD []' "$container" "$reference" >/dev/null
    else
        [ -z "${variant_extra:-}" ] || docker cp "$variant_extra" "$container:/extra" >/dev/null
        docker commit --change "LABEL hft=$name" "$container" "$reference" >/dev/null
    fi
    docker rm "$container" >/dev/null
    docker push --quiet "$reference" >/dev/null
    manifest=$(docker inspect --format '{{index .RepoDigests 0}}' "$reference")
    manifest=${manifest#*@}
    curl -fsS -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json' \
        "http://$registry/v2/$variant_path/$service/manifests/$manifest" |
        jq -c --arg tag "0.1.1-$name" --arg repository "$variant_path/$service" --arg platform "$(platform)" --arg manifest "$manifest" '
            {repository: $repository, tag: $tag, platforms: {($platform):
                {manifest: $manifest, config: .config.digest, layers: [.layers[] | {digest, size}]}}}' >"$work/pin.$name"
    docker rmi "$reference" >/dev/null
    expect_fail docker image inspect "$(jq -r .platforms[].config "$work/pin.$name")" >/dev/null 2>&1
}

# variants "NAME SERVICE [MODE...]"...: several at once.
variants() {
    local one words pids=()
    variant_program
    for one in "$@"; do
        read -ra words <<<"$one"
        variant "${words[@]}" &
        pids+=($!)
    done
    for one in "${pids[@]}"; do
        wait "$one"
    done
}

# layout_of NAME SERVICE: the blobs of an image from the registry into $work/oci, as an OCI image layout has them.
layout_of() {
    local url=http://$registry/v2/$variant_path/$2 blobs=$work/oci/blobs/sha256 manifest digest
    mkdir -p "$blobs"
    manifest=$(jq -r .platforms[].manifest "$work/pin.$1")
    curl -fsS -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json' \
        -o "$blobs/${manifest#sha256:}" "$url/manifests/$manifest"
    for digest in $(jq -r '.config.digest, .layers[].digest' "$blobs/${manifest#sha256:}"); do
        curl -fsS -o "$blobs/${digest#sha256:}" "$url/blobs/$digest"
    done
}

# variant_images: ids of what was made here and is there now.
variant_images() { docker images --all --no-trunc --quiet --filter "reference=$variant_repository/*" | sort -u; }

variants_remove() {
    local images
    mapfile -t images < <(docker images --all --no-trunc --filter "reference=$variant_repository/*" --digests --format '{{.Repository}}@{{.Digest}}')
    [ "${#images[@]}" -eq 0 ] || docker rmi --force "${images[@]}" >/dev/null 2>&1
}

# release_text NAME SERVICE=VARIANT...: the release of the start, with other images.
release_text() {
    local text one
    text=$(jq -c --arg n "$1" '.name = $n' "$gw_release")
    for one in "${@:2}"; do
        text=$(jq -c --arg s "${one%=*}" --slurpfile pin "$work/pin.${one#*=}" '.services[$s] = $pin[0]' <<<"$text")
    done
    echo "$text"
}

# release_of NAME SERVICE=VARIANT...: adds a release; its id is in $work/id.NAME.
release_of() {
    release_text "$@" | jq -cSj . >"$work/release.$1"
    rm -f "$work/release.$1.minisig"
    release_sign "$work/release.$1"
    api_is 201 POST /releases "$(jq -nc --rawfile r "$work/release.$1" --rawfile s "$work/release.$1.minisig" '{release: $r, signature: $s}')"
    jq -r .id "$work/body" >"$work/id.$1"
}

id_of() { cat "$work/id.$1"; }

# begin NAME: applies what a plan says; its operation is in $work/operation.
begin() {
    local etag
    api_is 200 POST "/releases/$(id_of "$1")/plan"
    jq -e .possible "$work/body" || {
        cat "$work/body"
        return 1
    }
    etag=$(tr -d '\r' <"$work/head" | sed -n 's/^[Ee][Tt]ag: //p')
    curl -ks --max-time 30 -X POST -b "$gw_dir/jar" -o "$work/body" -w '%{http_code}' -H "If-Match: $etag" \
        "$gw_url/api/v1/releases/$(id_of "$1")/apply" >"$work/status"
    expect "status of the apply ($(cat "$work/body"))" "$(cat "$work/status")" 202
    jq -r .id "$work/body" >"$work/operation"
}

upgrade_ended() { api GET /releases/upgrade | jq -e --arg o "$(cat "$work/operation")" '.operation == $o and .finished != null'; }

# ends STATE NAME: the upgrade under way; what runs is the release of that name, in every service.
ends() {
    wait_until 300 upgrade_ended
    expect "end ($(jq -r .reason "$work/body"))" "$(api_get /releases/upgrade .state)" "$1"
    expect "what is to run" "$(api_get /release .name)" "$2"
    wait_until 120 all_as_released
}

# Of all variants, those of the release that runs and of the one before are kept, and no other.
images_are_kept_ones() {
    local kept
    kept=$(for id in running previous; do
        api GET "/releases/$(api_get /releases ".$id.id")" | jq -r '.release.services[].image_id'
    done | sort -u)
    expect "images that nothing needs" "$(comm -23 <(variant_images) <(echo "$kept"))" ""
}

# Exactly what the release pins, and healthy.
all_as_released() {
    local service
    all_healthy
    for service in broker buffer processor forwarder; do
        expect "image of $service" "$(inspect "$service" '{{.Image}}')" "$(api_get /release ".services.$service.image_id")"
    done
}

# config PATCH
config() {
    local tag
    api GET /config >/dev/null
    tag=$(tr -d '\r' <"$work/head" | sed -n 's/^[Ee][Tt]ag: //p')
    curl -ks --max-time 30 -X PATCH -b "$gw_dir/jar" -o "$work/body" -w '%{http_code}' -H "If-Match: $tag" \
        -H 'Content-Type: application/merge-patch+json' --data-binary "$1" "$gw_url/api/v1/config" >"$work/status"
    expect "status of the change ($(cat "$work/body"))" "$(cat "$work/status")" 200
}

unchanged_ids() { docker inspect --format '{{.Id}} {{.RestartCount}}' "$gw"-{broker,buffer,forwarder}; }

# goes_back NAME REASON: of another processor; applied, and rolled back by itself for that reason; an incident tells of it with the last lines;
# services that do not change are not touched.
goes_back() {
    local before runs
    before=$(unchanged_ids)
    runs=$(api_get /release .name)
    begin "$1"
    ends rolled_back "$runs"
    expect_match "reason" "$(api_get /releases/upgrade .reason)" "$2"
    expect_match "incident" "$(api_get '/incidents?kind=upgrade&limit=1' '.incidents[0].found')" "release $1 [^:]*: .*$2"
    expect "services that do not change" "$(unchanged_ids)" "$before"
    expect "state" "$(api_get "/releases/$(id_of "$1")" .state)" failed
}

# Of what failed, and of what ran before the release before, there is no image; and nothing else is left.
nothing_is_left_behind() {
    wait_until 60 images_are_kept_ones
    expect "containers" "$(docker ps -aq --filter "label=io.holdfast.instance=$gw" | wc -l)" 4
    expect "volumes" "$(docker volume ls -q --filter "name=^$gw-" | grep -vc receiver)" "$(cat "$work/volumes")"
}
count_volumes() { docker volume ls -q --filter "name=^$gw-" | grep -vc receiver >"$work/volumes"; }
