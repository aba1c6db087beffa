# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The private registry on loopback, the images in it, and the release that pins them.
: "${hf_root:?}" "${hf_build:?}" "${hf_images_dir:?}"

hf_registry_dir=$hf_build/registry
hf_registry_pid_file=$hf_registry_dir/registry.pid
hf_registry_port_file=$hf_registry_dir/port
hf_release_file=$hf_build/release.json
hf_release_python_file=$hf_build/release-python.json
hf_receiver_file=$hf_build/receiver.json
hf_registry_port_first=5000

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

hf_blob_file() { printf '%s/oci/blobs/sha256/%s\n' "$hf_images_dir" "${1#sha256:}"; }

# hf_push_blob REPOSITORY-URL DIGEST
hf_push_blob() {
    local place sep='?'
    curl -fsS -o /dev/null --head "$1/blobs/$2" 2>/dev/null && return 0
    place=$(curl -fsS -o /dev/null -D - -X POST "$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    case $place in
    *\?*) sep='&' ;;
    esac
    curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' \
        --data-binary "@$(hf_blob_file "$2")" "$place${sep}digest=$2"
}

hf_push_image() {
    local name=$1 digest=$2 manifest url blob
    url=http://$(hf_registry)/v2/holdfast/$name
    manifest=$(hf_blob_file "$digest")
    for blob in $(jq -r '.config.digest, .layers[].digest' "$manifest"); do
        hf_push_blob "$url" "$blob"
    done
    curl -fsS -o /dev/null -X PUT -H "Content-Type: $(jq -r .mediaType "$manifest")" \
        --data-binary "@$manifest" "$url/manifests/$(hf_version)"
}

hf_push() {
    local name digest id
    while read -r name digest id; do
        hf_push_image "$name" "$digest"
    done <"$hf_images_dir/index.txt"
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

hf_write_release() {
    local config
    config=$(hf_blob_file "$(awk '$1 == "broker" { print $3 }' "$hf_images_dir/index.txt")")
    jq -Rn --arg registry "$(hf_registry)" --arg version "$(hf_version)" --arg created "$(jq -r .created "$config")" '
        [inputs | split(" ") | { key: .[0], value: {
            image: "\($registry)/holdfast/\(.[0])@\(.[1])", tag: $version, image_id: .[2] } }]
        | from_entries as $all
        | ({ format: 1, name: $version, created: $created,
             services: ($all | del(.receiver, .["processor-python"])) }, $all.receiver,
           { format: 1, name: "\($version)-python", created: $created,
             services: ($all | .processor = .["processor-python"] | del(.receiver, .["processor-python"])) })' \
        "$hf_images_dir/index.txt" >"$hf_build/release.new"
    jq -s '.[0]' "$hf_build/release.new" >"$hf_release_file.new"
    jq -s '.[1]' "$hf_build/release.new" >"$hf_receiver_file"
    jq -s '.[2]' "$hf_build/release.new" >"$hf_release_python_file"
    mv "$hf_release_file.new" "$hf_release_file"
    rm "$hf_build/release.new"
}

# Images in the registry, build/release.json pins them. The registry must run.
hf_release() {
    local key
    key=$(sha256sum <"$hf_images_dir/index.txt")-$(hf_registry)
    if ! hf_made release "$key" || [ ! -f "$hf_release_file" ] || [ ! -f "$hf_release_python_file" ] || [ ! -d "$hf_registry_dir/data/docker" ]; then
        hf_step "pushes the images to $(hf_registry)" push "The registry's log is build/registry/registry.log." hf_push
        hf_write_release
        hf_mark release "$key"
    fi
    hf_note_images
}
