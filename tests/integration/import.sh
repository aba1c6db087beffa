#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images into the real engine by the one import path: from a folder, a real registry with TLS and accounts, a lying
# one, and a bundle. What must not come in is refused by name and leaves nothing behind.
# usage: tests/integration/import.sh BUILD      (with importer, holdfast-fetch and holdfast-liar)
. "$(dirname "$0")/../harness.sh"
bin=$1
export HF_FETCH=$bin/holdfast-fetch DOCKER_SOCKET=$docker_socket
oci=$work/oci
blobs=$oci/blobs/sha256
repository=hft$$
host=127.0.0.1:$(free_port)
registry_data=$work/registry
mkdir -p "$blobs" "$registry_data"
docker_root=$(docker info --format '{{.DockerRootDir}}')
platform=$(docker info --format '{{.Architecture}}' | sed 's/x86_64/amd64/; s/aarch64/arm64/; s/armv.*/arm/')

forget() {
    local pid
    for pid in $(cat "$work"/*.pid 2>/dev/null); do
        kill "$pid" 2>/dev/null
    done
    docker image ls --format '{{.Repository}}:{{.Tag}}' | grep "/$repository/" | xargs -r docker image rm --force >/dev/null
    rm -rf "$work"
}
trap forget EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- images

# put_blob FILE: into the layout; says its digest.
put_blob() {
    local digest
    digest=$(sha256sum <"$1" | cut -d' ' -f1)
    cp "$1" "$blobs/$digest"
    echo "sha256:$digest"
}

descriptor() { jq -n --arg type "$1" --arg digest "$(put_blob "$2")" --argjson size "$(stat -c %s "$2")" \
    '{mediaType: $type, digest: $digest, size: $size}'; }

oci_type=application/vnd.oci.image
diff_id() { echo "sha256:$({ gzip -dcq "$1" 2>/dev/null || true; } | sha256sum | cut -d' ' -f1)"; }

# make_image NAME LAYER.tar.gz...: NAME.ref and NAME.id say what it is. config_filter and manifest_filter change it.
make_image() {
    local name=$1 layer
    shift
    for layer in "$@"; do
        diff_id "$layer"
    done | jq -R . | jq -s --arg os linux --arg platform "$platform" \
        '{os: $os, architecture: $platform, config: {}, rootfs: {type: "layers", diff_ids: .}}' |
        jq -c "${config_filter:-.}" >"$work/config"
    for layer in "$@"; do
        descriptor "$oci_type.layer.v1.tar+gzip" "$layer"
    done | jq -s --argjson config "$(descriptor "$oci_type.config.v1+json" "$work/config")" --arg type "$oci_type.manifest.v1+json" \
        '{schemaVersion: 2, mediaType: $type, config: $config, layers: .}' |
        jq -c "${manifest_filter:-.}" >"$work/manifest"
    put_blob "$work/config" >"$work/$name.id"
    put_blob "$work/manifest" >"$work/$name.digest"
    echo "$repository/$name@$(cat "$work/$name.digest")" >"$work/$name.ref"
}

# import NAME SOURCE WHERE [HOST]
import() {
    "$bin/tests/integration/import/importer" "$2" "$3" "${4:-$host}/$(cat "$work/$1.ref")" 1.0.0 "$(cat "$work/$1.id")"
}

is_there() { docker image inspect "$(cat "$work/$1.id")" >/dev/null 2>&1; }
drop() { docker image rm --force "$(cat "$work/$1.id")" >/dev/null; }

# Docker unpacks archives in folders of its own.
docker_is_clean() { [ -z "$(find "$docker_root/tmp" -mindepth 1 -maxdepth 1 -name 'docker-import-*' -newer "$work/begin" 2>/dev/null)" ]; }

# refuses NAME REGEX [SOURCE WHERE [HOST]]
refuses() {
    local name=$1 reason=$2 said
    shift 2
    [ $# -gt 0 ] || set -- layout "$oci"
    touch "$work/begin"
    said=$(expect_fail import "$name" "$@")
    expect_match "reason" "$said" "$reason"
    expect_fail is_there "$name"
    wait_until 30 docker_is_clean
}

pack() { tar -C "$work/root" --sort=name --owner=0 --group=0 --numeric-owner "$@"; }

makes_images() {
    mkdir -p "$work/root/etc"
    echo base >"$work/root/etc/base"
    pack -cz . >"$work/base.tar.gz"
    rm -rf "$work/root"
    mkdir -p "$work/root/opt"
    head -c 1500000 /dev/urandom >"$work/root/opt/noise"
    pack -cz . >"$work/noise.tar.gz"
    make_image plain "$work/base.tar.gz" "$work/noise.tar.gz"
    echo other >"$work/root/opt/noise"
    pack -cz . >"$work/small.tar.gz"
    make_image sibling "$work/base.tar.gz" "$work/small.tar.gz"
    make_image thrice "$work/small.tar.gz" "$work/base.tar.gz" "$work/small.tar.gz"
    pack -c . >"$work/plain.tar"
    manifest_filter='.layers[0].mediaType |= rtrimstr("+gzip")' make_image unpacked "$work/base.tar.gz"
    head -c 900000 /dev/urandom >"$work/root/opt/noise"
    pack -cz . >"$work/wide.tar.gz"
    make_image wide "$work/wide.tar.gz"
}
check "images to bring in" makes_images
need

# --- from a folder

an_image_comes_whole() {
    local said
    said=$(import plain layout "$oci")
    expect "layers that came" "$(grep -c ^progress <<<"$said")" 2
    expect "last line" "$(tail -n 1 <<<"$said")" done
    expect "its name" "$(docker image inspect --format '{{join .RepoTags " "}}' "$(cat "$work/plain.id")")" "$host/$repository/plain:1.0.0"
    docker create --name "$repository" "$(cat "$work/plain.id")" /none >/dev/null
    docker export "$repository" | tar -t >"$work/list"
    docker rm "$repository" >/dev/null
    grep -qx opt/noise "$work/list"
    grep -qx etc/base "$work/list"
}
check an_image_comes_whole

only_what_is_missing_comes() {
    local said
    said=$(import sibling layout "$oci")
    expect "layers that came" "$(grep -c ^progress <<<"$said")" 1
    said=$(import thrice layout "$oci")
    expect "layers that came, one of them used twice" "$(grep -c ^progress <<<"$said")" 2
    drop plain
    drop thrice
    said=$(import plain layout "$oci")
    expect "layers that came again" "$(grep -c ^progress <<<"$said")" 1
    drop plain
    drop sibling
}
check only_what_is_missing_comes

pain_16_what_comes_is_verified_by_digest() {
    local file
    file=$blobs/$(sha256sum <"$work/noise.tar.gz" | cut -d' ' -f1)
    printf X | dd of="$file" bs=1 seek=700000 conv=notrunc status=none
    refuses plain 'layer sha256:.*(changed or damaged|gzip stream is damaged)'
    truncate -s 700000 "$file"
    refuses plain 'what came ends after 700000 of'
    cp "$work/noise.tar.gz" "$file"
    echo >>"$file"
    refuses plain 'what came is longer than its'
    cp "$work/noise.tar.gz" "$file"
    file=$blobs/$(cut -d: -f2 "$work/plain.digest")
    cp "$file" "$work/kept"
    echo >>"$file"
    refuses plain 'the manifest of .* that came is sha256:.*, but the release pins'
    cp "$work/kept" "$file"
    file=$blobs/$(cut -d: -f2 "$work/plain.id")
    echo >>"$file"
    refuses plain 'the configuration of .* that came is sha256:.*, but the release pins'
}
check pain_16_what_comes_is_verified_by_digest

# --- layers that no image of ours has

hostile() {
    make_image hostile "$work/hostile.tar.gz"
    refuses hostile "$1"
}
pack_hostile() { pack -cz "$@" >"$work/hostile.tar.gz"; }

paths_that_climb() {
    pack_hostile --transform 's,opt/noise,opt/../../noise,' opt
    hostile "'opt/../../noise' has '..' in its path"
}
links_that_lead_out() {
    ln -sfn ../../../etc "$work/root/opt/out"
    pack_hostile opt/out
    hostile "'opt/out' is a symbolic link that leads out of the image"
    rm "$work/root/opt/out"
    ln "$work/root/opt/noise" "$work/root/opt/twin"
    pack_hostile --transform 's,^opt/noise,../noise,h;s,^opt/noise,opt/noise,r' opt
    hostile "'opt/twin' is a hard link that leads out of the image|has '..' in its path"
    rm "$work/root/opt/twin"
}
a_file_behind_a_link() {
    ln -sfn /etc "$work/root/out"
    mkdir -p "$work/root/real"
    touch "$work/root/real/passwd"
    pack_hostile --transform 's,^real,out,' out real/passwd
    hostile "'out/passwd' lies behind a symbolic link of the same layer"
    rm -r "$work/root/out" "$work/root/real"
}
devices() {
    mknod "$work/root/opt/disk" b 8 0
    pack_hostile opt
    rm "$work/root/opt/disk"
    hostile "'opt/disk' is a device"
}
a_path_twice() {
    pack_hostile opt/noise opt/noise --hard-dereference
    hostile "'opt/noise' is there twice"
}
a_gzip_stream_that_is_cut_off() {
    pack_hostile opt
    truncate -s 500000 "$work/hostile.tar.gz"
    hostile 'its gzip stream is cut off'
}
a_gzip_stream_with_something_behind_it() {
    pack_hostile opt
    echo more >>"$work/hostile.tar.gz"
    hostile 'its gzip stream is damaged'
}
a_decompression_bomb() {
    truncate -s 200M "$work/root/zeros"
    pack_hostile zeros
    rm "$work/root/zeros"
    hostile 'more than 100 times its size, as a decompression bomb'
}
something_else_than_its_configuration_says() {
    pack_hostile opt
    config_filter='.rootfs.diff_ids[0] |= sub("[0-9a-f]{8}$"; "00000000")' make_image hostile "$work/hostile.tar.gz"
    refuses hostile "it unpacks to sha256:.*, but the image's configuration says"
}
a_layer_of_10_GB() {
    manifest_filter='.layers[0].size = 10000000000' make_image hostile "$work/base.tar.gz"
    refuses hostile '^413: .*layer sha256:.* has 10000000000 bytes: more than'
}
more_than_the_disk_has_room_for() {
    local free layers
    free=$(df --output=avail -B1 "$docker_root" | tail -n 1)
    layers=$((free / 4000000000 + 1))
    config_filter=".rootfs.diff_ids = [range($layers) | tostring | \"sha256:\" + (\"0\" * (64 - length)) + .]" \
        manifest_filter=".layers = [range($layers) as \$i | .layers[0] | .size = 4000000000 | .digest = \"sha256:\" + (\"0\" * (64 - (\$i | tostring | length))) + (\$i | tostring)]" \
        make_image hostile "$work/base.tar.gz"
    refuses hostile '^507: .* MB of layers are to come and take up to .* but .* free'
}
another_platform() {
    config_filter='.architecture = "s390x"' make_image hostile "$work/base.tar.gz"
    refuses hostile 'the image is for linux on s390x, but this machine is linux on'
}
a_manifest_list() {
    manifest_filter='{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: []}' make_image hostile "$work/base.tar.gz"
    refuses hostile 'a list of images for several platforms: pin the manifest of one'
}
a_layer_in_zstd() {
    manifest_filter='.layers[0].mediaType |= sub("gzip"; "zstd")' make_image hostile "$work/base.tar.gz"
    refuses hostile 'only tar and tar with gzip can be loaded'
}
another_image_id() {
    make_image hostile "$work/base.tar.gz"
    cp "$work/sibling.id" "$work/hostile.id"
    refuses hostile '^409: .* has the id sha256:.*, but the release pins'
}
for bad in paths_that_climb links_that_lead_out a_file_behind_a_link devices a_path_twice a_gzip_stream_that_is_cut_off \
    a_gzip_stream_with_something_behind_it a_decompression_bomb something_else_than_its_configuration_says a_layer_of_10_GB \
    more_than_the_disk_has_room_for another_platform a_manifest_list a_layer_in_zstd another_image_id; do
    check "refuses ${bad//_/ }" "$bad"
done

finish
