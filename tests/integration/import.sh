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
    cat "$work"/*.pid 2>/dev/null | while read -r pid; do
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
    expect "last line" "$(tail -n 1 <<<"$said")" "done"
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
    cp "$file" "$work/kept"
    echo >>"$file"
    refuses plain 'the configuration of .* that came is sha256:.*, but the release pins'
    cp "$work/kept" "$file"
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
    truncate -s 70M "$work/root/zeros"
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

# --- a real registry: TLS by an authority of our own, and an account

tls_files() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
        -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=registry \
        -keyout "$work/tls.key" -out "$work/tls.csr" 2>/dev/null
    openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$work/tls.pem" 2>/dev/null
}

registry_starts() {
    tls_files
    # shellcheck disable=SC2016 # perl's
    perl -e 'print "user:", crypt("password", q($2y$05$abcdefghijklmnopqrstuu)), "\n"' >"$work/htpasswd"
    cat >"$work/registry.yml" <<EOF
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $registry_data } }
auth: { htpasswd: { realm: test, path: $work/htpasswd } }
http: { addr: "$host", tls: { certificate: $work/tls.pem, key: $work/tls.key } }
EOF
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 </dev/null &
    echo $! >"$work/registry.pid"
    disown
    wait_until 30 curl -fsS --cacert "$work/ca.pem" -u user:password -o /dev/null "https://$host/v2/"
}

push() {
    local name=$1 url="https://$host/v2/$repository/$1" blob place manifest
    local curl=(curl -fsS --cacert "$work/ca.pem" -u user:password -o /dev/null)
    manifest=$blobs/$(cut -d: -f2 "$work/$name.digest")
    for blob in $(jq -r '.config.digest, .layers[].digest' "$manifest"); do
        place=$("${curl[@]}" -D - -X POST "$url/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
        "${curl[@]}" -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$blobs/${blob#sha256:}" "$place&digest=$blob"
    done
    "${curl[@]}" -X PUT -H "Content-Type: $(jq -r .mediaType "$manifest")" --data-binary "@$manifest" "$url/manifests/1.0.0"
}

# access FILTER: settings for the registry, changed by a jq filter.
access() {
    jq -n --arg host "$host" --rawfile ca "$work/ca.pem" \
        '{host: $host, ca_pem: $ca, user: "user", password: "password"}' | jq "${1:-.}" >"$work/access.json"
}

registry_with_plain() {
    registry_starts
    push plain
}
check "a registry with TLS and accounts" registry_with_plain
need

an_image_comes_from_the_registry() {
    access
    expect "last line" "$(import plain registry "$work/access.json" | tail -n 1)" "done"
    is_there plain
    expect "layers when it is there already" "$(import plain registry "$work/access.json")" "done"
    drop plain
    access '.max_bytes_per_s = 100000000'
    import plain registry "$work/access.json"
    drop plain
}
check an_image_comes_from_the_registry

no_account_or_a_wrong_one() {
    access 'del(.user, .password)'
    refuses plain '^401: .*wants a user and a password: set registry.user' registry "$work/access.json"
    access '.password = "wrong"'
    refuses plain '^401: .*does not accept the user and password' registry "$work/access.json"
}
check no_account_or_a_wrong_one

# proxy_starts HOST=PORT: one that wants an account and knows no other place.
proxy_starts() {
    local port
    port=$(free_port)
    "$node" "$(dirname "$0")/forwarder/front.mjs" proxy "$port" "$1" gw:proxy-password-92 >"$work/proxy.log" 2>&1 </dev/null &
    echo $! >"$work/proxy.pid"
    wait_until 20 grep -q listening "$work/proxy.log"
    echo ".proxy = \"http://127.0.0.1:$port\" | .proxy_user = \"gw\" | .proxy_password = \"proxy-password-92\"" >"$work/by-proxy"
}
proxy_ends() {
    kill "$(cat "$work/proxy.pid")"
    wait_until 10 is_gone "$(cat "$work/proxy.pid")"
}

through_a_proxy() {
    proxy_starts "127.0.0.1=${host#*:}"
    access "$(cat "$work/by-proxy")"
    import plain registry "$work/access.json"
    is_there plain
    drop plain
    grep -qF "connect $host ok" "$work/proxy.log"
    access "$(cat "$work/by-proxy") | .proxy_password = \"wrong\""
    refuses plain '^502: .*the proxy http://127.0.0.1:[0-9]+ does not accept registry.proxy_user and registry.proxy_password' \
        registry "$work/access.json"
    proxy_ends
    access "$(cat "$work/by-proxy")"
    refuses plain '^503: .*cannot connect to the registry 127.0.0.1:[0-9]+ through http://127.0.0.1:[0-9]+' registry "$work/access.json"
    proxy_starts elsewhere.test=1
    access "$(cat "$work/by-proxy")"
    refuses plain '^503: .*the proxy http://127.0.0.1:[0-9]+ gives no way to the registry 127.0.0.1:[0-9]+: HTTP 502' registry "$work/access.json"
    proxy_ends
}
check through_a_proxy

a_registry_that_nobody_vouches_for() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other -keyout /dev/null -out "$work/other.pem" 2>/dev/null
    access
    jq --rawfile ca "$work/other.pem" '.ca_pem = $ca' "$work/access.json" >"$work/other.json"
    refuses plain '^502: .*is not trusted: .*registry.ca_pem' registry "$work/other.json"
}
check a_registry_that_nobody_vouches_for

blob_data() { echo "$registry_data/docker/registry/v2/blobs/sha256/${1:0:2}/$1/data"; }

pain_16_a_registry_that_lies_about_a_digest() {
    local digest file
    access
    digest=$(sha256sum <"$work/noise.tar.gz" | cut -d' ' -f1)
    file=$(blob_data "$digest")
    head -c 1400000 "$work/noise.tar.gz" >"$file"
    refuses plain '^50[23]: .*(ends the blob after 1400000 of|line to the registry .* broke)' registry "$work/access.json"
    cp "$work/noise.tar.gz" "$file"
    printf X | dd of="$file" bs=1 seek=700000 conv=notrunc status=none
    refuses plain '^422: .*(changed or damaged|gzip stream is damaged)' registry "$work/access.json"
    cp "$work/noise.tar.gz" "$file"
    file=$(blob_data "$(cut -d: -f2 "$work/plain.id")")
    cp "$file" "$work/kept"
    echo ' ' >>"$file"
    refuses plain '^422: the configuration of .* that came is' registry "$work/access.json"
    cp "$work/kept" "$file"
}
check pain_16_a_registry_that_lies_about_a_digest

what_the_registry_has_not_got() {
    access
    refuses wide '^404: .*has no manifest sha256:' registry "$work/access.json"
    kill "$(cat "$work/registry.pid")"
    wait_until 10 is_gone "$(cat "$work/registry.pid")"
    refuses plain '^503: .*cannot connect to the registry' registry "$work/access.json"
}
check what_the_registry_has_not_got

# --- a registry that misbehaves

# lies MODE [BYTES]
lies() {
    local port
    port=$(free_port)
    liar=127.0.0.1:$port
    "$bin/tests/liar/holdfast-liar" "$oci" "$port" "$@" >"$work/liar.log" 2>&1 </dev/null &
    echo $! >"$work/liar.pid"
    wait_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    echo "{\"host\": \"$liar\", \"user\": \"user\", \"password\": \"password\"}" >"$work/access.json"
}
lies_no_more() { kill "$(cat "$work/liar.pid")"; }

a_line_that_breaks_is_taken_up_again() {
    local asked
    lies cut 600000
    import wide registry "$work/access.json" "$liar"
    lies_no_more
    drop wide
    asked=$(grep "$(sha256sum <"$work/wide.tar.gz" | cut -d' ' -f1)" "$work/liar.log")
    expect "the layer was asked for as a whole" "$(grep -vc 'ranged$' <<<"$asked")" 1
    grep -q 'ranged$' <<<"$asked"
    lies norange 600000
    refuses wide '^503: .*the line to the registry .* broke' registry "$work/access.json" "$liar"
    lies_no_more
}
check a_line_that_breaks_is_taken_up_again

a_token_for_each_answer() {
    lies token 600000
    import wide registry "$work/access.json" "$liar"
    lies_no_more
    drop wide
    lies token 600000
    jq '.password = "wrong"' "$work/access.json" >"$work/wrong.json"
    refuses wide '^401: .*token server does not accept' registry "$work/wrong.json" "$liar"
    lies_no_more
    lies foreign
    refuses wide '^403: .*sends for a token to http://192.0.2.7:[0-9]+/token.*registry.token_host' registry "$work/access.json" "$liar"
    lies_no_more
}
check a_token_for_each_answer

# misbehaves REGEX MODE [BYTES]
misbehaves() {
    local reason=$1
    shift
    lies "$@"
    refuses wide "$reason" registry "$work/access.json" "$liar"
    lies_no_more
}
check "refuses a registry that stalls" misbehaves '^504: .*said nothing for 1000 ms' stall 0
check "refuses a registry that answers 401 half-way" misbehaves '^401: .*does not accept' deny 600000
check "refuses a registry that sends elsewhere" misbehaves '^502: .*sends elsewhere, to http://192.0.2.7/storage: ' elsewhere
check "refuses a registry that changes a byte" misbehaves '^422: .*(changed or damaged|gzip stream is damaged)' wrong
check "refuses a registry that says more than it should" misbehaves '^422: .*sends more than the blob' long

pain_14_an_import_can_be_cancelled() {
    local pid rc=0
    lies stall 1000
    touch "$work/begin"
    "$bin/tests/integration/import/importer" registry "$work/access.json" "$liar/$(cat "$work/wide.ref")" 1.0.0 "$(cat "$work/wide.id")" >"$work/out" &
    pid=$!
    wait_until 20 grep -q "$(sha256sum <"$work/wide.tar.gz" | cut -d' ' -f1)" "$work/liar.log"
    kill -USR1 "$pid"
    wait "$pid" || rc=$?
    expect "status" "$rc" 3
    expect_match "reason" "$(cat "$work/out")" '^503: .*cancelled'
    lies_no_more
    expect_fail is_there wide
    wait_until 30 docker_is_clean
    expect_fail pgrep -P "$pid"
}
check pain_14_an_import_can_be_cancelled

# --- bundles

bundle_of() {
    jq -n --arg ref "$host/$(cat "$work/plain.ref")" --arg other "$host/$(cat "$work/sibling.ref")" \
        '{services: {a: {image: $ref}, b: {image: $other}}}' >"$work/release.json"
    echo signature >"$work/release.minisig"
    "$hf_root/image/bundle.sh" "$work/release.json" "$work/release.minisig" "$oci" "$work/$1"
}

a_bundle_is_written_the_same_twice() {
    bundle_of bundle.tar
    touch "$blobs"/*
    bundle_of again.tar
    cmp "$work/bundle.tar" "$work/again.tar"
    expect "its beginning" "$(tar -tf "$work/bundle.tar" | sed -n 1,4p | xargs)" "release.json release.json.minisig oci-layout index.json"
    expect "entries, what is shared once" "$(tar -tf "$work/bundle.tar" | wc -l)" 11
}
check a_bundle_is_written_the_same_twice

# Read from a pipe, so in one pass, where there is no network at all.
pain_24_a_bundle_needs_no_network() {
    # shellcheck disable=SC2002 # a pipe, not a file
    cat "$work/bundle.tar" | unshare --net "$bin/tests/integration/import/importer" bundle - \
        "$(cat "$work/plain.ref")" 1.0.0 "$(cat "$work/plain.id")"
    is_there plain
    import sibling bundle "$work/bundle.tar"
    is_there sibling
    drop plain
    drop sibling
}
check pain_24_a_bundle_needs_no_network

pain_03_a_bundle_replaces_an_image_that_is_gone() {
    import plain bundle "$work/bundle.tar"
    drop plain
    import plain bundle "$work/bundle.tar"
    is_there plain
    drop plain
}
check pain_03_a_bundle_replaces_an_image_that_is_gone

# with_entries REGEX ENTRY...: a bundle of other entries.
with_entries() {
    local reason=$1
    shift
    tar --format=ustar -C "$work/unpacked" --hard-dereference -cf "$work/bad.tar" "$@"
    refuses plain "$reason" bundle "$work/bad.tar"
}

bundles_that_are_none() {
    local manifest config rest
    mkdir "$work/unpacked"
    tar -C "$work/unpacked" -xf "$work/bundle.tar"
    manifest=blobs/sha256/$(cut -d: -f2 "$work/plain.digest")
    config=blobs/sha256/$(cut -d: -f2 "$work/plain.id")
    rest=blobs/sha256/$(sha256sum <"$work/noise.tar.gz" | cut -d' ' -f1)
    head -c 400000 "$work/bundle.tar" >"$work/bad.tar"
    refuses plain '^422: .*the bundle is cut off' bundle "$work/bad.tar"
    with_entries "'release.json' should come here" release.json.minisig release.json
    with_entries "'release.json.minisig' should come here, not 'its end'" release.json
    with_entries 'has no manifest sha256:.* where it should come' release.json release.json.minisig "$rest" "$manifest" "$config"
    with_entries 'has no layer sha256:.* where it should come' release.json release.json.minisig "$manifest" "$config" "$rest"
    with_entries "has '$manifest' twice" release.json release.json.minisig "$manifest" "$manifest"
    touch "$work/unpacked/more"
    with_entries "has 'more', which is no part of a release" release.json release.json.minisig more "$manifest"
    ln -s /etc/passwd "$work/unpacked/link"
    with_entries "an entry that is no plain file: 'link'" release.json release.json.minisig link "$manifest"
    head -c 100000 /dev/urandom >"$work/bad.tar"
    refuses plain '^422: .*this is no bundle' bundle "$work/bad.tar"
}
check bundles_that_are_none

finish
