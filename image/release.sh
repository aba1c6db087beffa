# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The private registry on loopback, the images in it, and the signed releases that pin them.
: "${hf_root:?}" "${hf_build:?}" "${hf_images_dir:?}"

hf_registry_dir=$hf_build/registry
hf_registry_pid_file=$hf_registry_dir/registry.pid
hf_registry_port_file=$hf_registry_dir/port
hf_release_file=$hf_build/release.json
hf_release_python_file=$hf_build/release-python.json
hf_receiver_file=$hf_build/receiver.json
hf_registry_port_first=5000
# For which platforms; ./dev release sets it.
hf_release_platforms=("$(hf_platform_here)")
# Packages of holdfast that releases bring; ./dev release sets them.
hf_release_packages=()
# Signs what this clone makes; whoever ships releases keeps a key of their own elsewhere.
hf_release_key_dir=$hf_build/release-key

# Whether ./dev release builds packages of holdfast for them.
# shellcheck disable=SC2034 # for dev
hf_release_daemon=yes
# hf_release_options [--platform PLATFORM]... [--without-daemon]: all that a gateway can be where none is named.
# shellcheck disable=SC2034 # for dev
hf_release_options() {
    hf_release_platforms=()
    while [ $# -gt 0 ]; do
        case $1:${2:-} in
        --platform:amd64 | --platform:arm64) hf_release_platforms+=("$2") && shift ;;
        --without-daemon:*) hf_release_daemon=no ;;
        *) hf_die "./dev release does not know '$*'" "usage: ./dev release [--platform amd64|arm64]... [--without-daemon]" ;;
        esac
        shift
    done
    [ ${#hf_release_platforms[@]} -gt 0 ] || hf_release_platforms=(amd64 arm64)
}

hf_registry() { printf '127.0.0.1:%s\n' "$(cat "$hf_registry_port_file")"; }

hf_registry_spawn() {
    local tick port
    mkdir -p "$hf_registry_dir/data"
    # The port is part of the images' names: the last one again where it is free.
    port=$(hf_free_port "$(cat "$hf_registry_port_file" 2>/dev/null || echo "$hf_registry_port_first")")
    echo "$port" >"$hf_registry_port_file"
    cat >"$hf_registry_dir/config.yml" <<EOF
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: $hf_registry_dir/data }
  delete: { enabled: true }
  maintenance: { uploadpurging: { enabled: false } }
http: { addr: "127.0.0.1:$port", headers: { X-Content-Type-Options: [nosniff] } }
EOF
    setsid docker-registry serve "$hf_registry_dir/config.yml" \
        >"$hf_registry_dir/registry.log" 2>&1 </dev/null 9>&- &
    echo $! >"$hf_registry_pid_file"
    disown
    for ((tick = 0; tick < 100; tick++)); do
        curl -fsS -o /dev/null "http://127.0.0.1:$port/v2/" 2>/dev/null && return 0
        sleep 0.1
    done
    cat "$hf_registry_dir/registry.log"
    return 1
}

hf_registry_start() {
    hf_alive "$hf_registry_pid_file" docker-registry && return 0
    hf_step "starts the registry" registry "Its log is build/registry/registry.log." hf_registry_spawn
}

hf_registry_stop() { hf_end "$hf_registry_pid_file" docker-registry 10; }

# hf_blob_file IMAGES DIGEST
hf_blob_file() { printf '%s/oci/blobs/sha256/%s\n' "$1" "${2#sha256:}"; }

# hf_push_blob REPOSITORY-URL FILE DIGEST
hf_push_blob() {
    local place sep='?'
    curl -fsS -o /dev/null --head "$1/blobs/$3" 2>/dev/null && return 0
    place=$(curl -fsS -o /dev/null -D - -X POST "$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    case $place in
    *\?*) sep='&' ;;
    esac
    curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' \
        --data-binary "@$2" "$place${sep}digest=$3"
}

# hf_push_manifest REPOSITORY-URL FILE TAG
hf_push_manifest() {
    curl -fsS -o /dev/null -X PUT -H "Content-Type: $(jq -r .mediaType "$2")" --data-binary "@$2" "$1/manifests/$3"
}

# hf_push_image IMAGES NAME DIGEST: without a tag.
hf_push_image() {
    local url blob manifest
    url=http://$(hf_registry)/v2/holdfast/$2
    manifest=$(hf_blob_file "$1" "$3")
    for blob in $(jq -r '.config.digest, .layers[].digest' "$manifest"); do
        hf_push_blob "$url" "$(hf_blob_file "$1" "$blob")" "$blob"
    done
    hf_push_manifest "$url" "$manifest" "$3"
}

# hf_push_index NAME FILE: the tag, for people and their tools: a manifest for each platform. Gateways ask by digest.
hf_push_index() {
    local platform images
    for platform in "${hf_release_platforms[@]}"; do
        images=$(hf_images_of "$platform")
        jq --arg name "$1" --arg platform "$platform" '.manifests[]
            | select(.annotations["org.opencontainers.image.ref.name"] | startswith("holdfast/\($name):"))
            | del(.annotations) + { platform: { architecture: $platform, os: "linux" } }' "$images/oci/index.json"
    done | jq -s '{ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: . }' >"$2"
    hf_push_manifest "http://$(hf_registry)/v2/holdfast/$1" "$2" "$(hf_version)"
}

hf_push() {
    local platform images name digest id
    for platform in "${hf_release_platforms[@]}"; do
        images=$(hf_images_of "$platform")
        while read -r name digest id; do
            hf_push_image "$images" "$name" "$digest"
        done <"$images/index.txt"
    done
    while read -r name digest id; do
        hf_push_index "$name" "$hf_build/index.json"
    done <"$hf_images_dir/index.txt"
    rm "$hf_build/index.json"
}

# Notes what the engine will have of ours, for ./dev clean.
hf_note_images() {
    local name digest id
    touch "$hf_build/made-images"
    while read -r name digest id; do
        echo "$id $(hf_registry)/holdfast/$name@$digest"
    done <"$hf_images_dir/index.txt" | sort -u - "$hf_build/made-images" >"$hf_build/made-images.new"
    mv "$hf_build/made-images.new" "$hf_build/made-images"
}

hf_release_key() {
    if [ ! -f "$hf_release_key_dir/minisign.key" ]; then
        (
            umask 077
            mkdir -p "$hf_release_key_dir"
            minisign -G -W -f -s "$hf_release_key_dir/new.key" -p "$hf_release_key_dir/minisign.pub"
            mv "$hf_release_key_dir/new.key" "$hf_release_key_dir/minisign.key"
        )
    fi
}

# What a gateway's release_keys take.
hf_release_public_key() { sed -n 2p "$hf_release_key_dir/minisign.pub"; }

# hf_sign_release FILE: no date in the comment, so that the same release has the same signature.
hf_sign_release() {
    minisign -S -s "$hf_release_key_dir/minisign.key" -m "$1" -x "$1.minisig" -c 'Holdfast release' \
        -t "$(jq -r '"\(.name) \(.version), counter \(.counter)"' "$1")"
}

# hf_descriptor TYPE FILE TITLE
hf_descriptor() {
    jq -n --arg type "$1" --arg digest "sha256:$(sha256sum <"$2" | cut -c1-64)" --arg title "$3" \
        --argjson size "$(stat -c %s "$2")" \
        '{ mediaType: $type, digest: $digest, size: $size, annotations: { "org.opencontainers.image.title": $title } }'
}

# hf_sbom_files RELEASE: the SBOMs that it names, as lines FILE NAME.
hf_sbom_files() {
    local name platform
    jq -r '.services[] | (.repository | sub(".*/"; "")) as $name | .platforms | keys[] | "\($name) \(.)"' "$1" |
        while read -r name platform; do
            echo "$(hf_images_of "$platform")/$name.spdx.json $name-$platform.spdx.json"
        done
}

# hf_push_release FILE REPOSITORY: an OCI artifact (image spec 1.1, "Guidelines for Artifact Usage") next to the
# images: the release first, then its signature and the SBOMs that it names.
hf_push_release() {
    local url dir type=application/vnd.holdfast.release.v1+json file name digest
    url=http://$(hf_registry)/v2/$2
    dir=$(mktemp -d)
    printf '{}' >"$dir/config"
    {
        echo "$type $1 release.json"
        echo "application/vnd.holdfast.release.v1.minisig $1.minisig release.json.minisig"
        hf_sbom_files "$1" | sed 's,^,application/spdx+json ,'
        for file in "${hf_release_packages[@]}"; do
            echo "application/vnd.debian.binary-package $file ${file##*/}"
        done
    } >"$dir/parts"
    while read -r type file name; do
        hf_descriptor "$type" "$file" "$name"
    done <"$dir/parts" | jq -s '{ layers: . }' >"$dir/layers"
    hf_descriptor application/vnd.oci.empty.v1+json "$dir/config" config |
        jq --slurpfile layers "$dir/layers" --slurpfile release "$1" '{
            schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
            artifactType: $layers[0].layers[0].mediaType,
            config: del(.annotations), layers: $layers[0].layers,
            annotations: { "org.opencontainers.image.created": $release[0].created,
                           "org.opencontainers.image.version": $release[0].version } }' >"$dir/manifest"
    hf_push_blob "$url" "$dir/config" "$(jq -r .config.digest "$dir/manifest")"
    paste -d ' ' <(jq -r '.layers[].digest' "$dir/manifest") "$dir/parts" | while read -r digest type file name; do
        hf_push_blob "$url" "$file" "$digest"
    done
    hf_push_manifest "$url" "$dir/manifest" "$(jq -r .version "$1")"
    rm -rf "$dir"
}

# The receiver stands in for a cloud: no part of a release, and without a signature.
hf_write_receiver() {
    jq -Rn --arg registry "$(hf_registry)" --arg version "$(hf_version)" 'inputs | split(" ")
        | select(.[0] == "receiver")
        | { image: "\($registry)/holdfast/receiver@\(.[1])", tag: $version, image_id: .[2] }' \
        "$hf_images_dir/index.txt" >"$hf_receiver_file"
}

hf_publish() {
    local platform file images=() daemon=()
    for platform in "${hf_release_platforms[@]}"; do
        images+=("$(hf_images_of "$platform")")
    done
    for file in "${hf_release_packages[@]}"; do
        daemon+=(--daemon "$file")
    done
    hf_push
    hf_write_receiver
    "$hf_root/image/release-file" "${daemon[@]}" "$hf_build" "${images[@]}"
    hf_sign_release "$hf_release_file"
    hf_sign_release "$hf_release_python_file"
    hf_push_release "$hf_release_file" holdfast/release
    hf_push_release "$hf_release_python_file" holdfast/release-python
}

# What the releases are made from, and where they are.
hf_release_inputs() {
    local platform
    for platform in "${hf_release_platforms[@]}"; do
        cat "$(hf_images_of "$platform")/index.txt"
    done
    hf_hash CHANGELOG.md CMakeLists.txt appliance/model/settings.h image/release-file image/release.sh
    "$hf_root/image/release-file" --counter
    [ ${#hf_release_packages[@]} -eq 0 ] || sha256sum "${hf_release_packages[@]}"
    hf_release_public_key
    hf_registry
}

# Images in the registry, build/release.json pins them and is signed. The registry must run.
hf_release() {
    local key file
    hf_step "makes a key for releases" release-key "Is there a place to write, and minisign?" hf_release_key
    key=$(hf_release_inputs | sha256sum | cut -c1-64)
    for file in "$hf_release_file"{,.minisig} "$hf_release_python_file"{,.minisig} "$hf_receiver_file"; do
        [ -f "$file" ] || key=
    done
    if [ -z "$key" ] || ! hf_made release "$key" || [ ! -d "$hf_registry_dir/data/docker" ]; then
        hf_step "pushes images and release to $(hf_registry)" push "The registry's log is build/registry/registry.log." hf_publish
        hf_mark release "$(hf_release_inputs | sha256sum | cut -c1-64)"
    fi
    hf_note_images
}

# hf_bundle_file PLATFORM
hf_bundle_file() { printf '%s/holdfast-%s-%s.bundle\n' "$hf_build" "$(hf_version)" "$1"; }

# The release with the images of each platform in a file, for gateways that reach no registry.
hf_bundles() {
    local platform key packages
    for platform in "${hf_release_platforms[@]}"; do
        mapfile -t packages < <(printf '%s\n' "${hf_release_packages[@]}" | grep "_$platform\.deb$" || true)
        key=$(cat "$hf_release_file"{,.minisig} "$hf_root/image/bundle.sh" | sha256sum | cut -c1-64)
        [ -f "$(hf_bundle_file "$platform")" ] && hf_made "bundle-$platform" "$key" && continue
        hf_step "writes the bundle for $platform" "bundle-$platform" "Is there room in build/?" \
            "$hf_root/image/bundle.sh" "$hf_release_file" "$hf_release_file.minisig" \
            "$(hf_images_of "$platform")/oci" "$(hf_bundle_file "$platform")" "${packages[@]}"
        hf_mark "bundle-$platform" "$key"
    done
}
