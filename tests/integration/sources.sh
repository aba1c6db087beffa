#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where releases come from, on real Docker: a registry with TLS by an authority of our own and accounts, and a bundle
# over the API, in pieces. What must not come in is refused by name and leaves nothing behind.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

docker_root=$(docker info --format '{{.DockerRootDir}}')
host=127.0.0.1:$(free_port)

after_end() {
    [ ! -e "$work/registry.pid" ] || kill "$(cat "$work/registry.pid")" 2>/dev/null || true
    variants_remove
}

starts() {
    gateway_start
    gateway_claim
    wait_until 120 all_healthy
    config '{"upgrade":{"gate_s":2,"switch_s":30}}'
}
check "a gateway" starts
need

# --- a registry

registry_starts() {
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    openssl req -x509 "${key[@]}" -days 2 -subj /CN=authority -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req "${key[@]}" -subj /CN=registry -keyout "$work/tls.key" -out "$work/tls.csr" 2>/dev/null
    openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$work/tls.pem" 2>/dev/null
    # shellcheck disable=SC2016 # perl's
    perl -e 'print "user:", crypt("password", q($2y$05$abcdefghijklmnopqrstuu)), "\n"' >"$work/htpasswd"
    mkdir -p "$work/registry"
    cat >"$work/registry.yml" <<END
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $work/registry } }
auth: { htpasswd: { realm: test, path: $work/htpasswd } }
http: { addr: "$host", tls: { certificate: $work/tls.pem, key: $work/tls.key } }
END
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 </dev/null &
    echo $! >"$work/registry.pid"
    disown
    wait_until 30 to_registry -o /dev/null "https://$host/v2/"
}
to_registry() { curl -fsS --cacert "$work/ca.pem" -u user:password "$@"; }

# push_blob FILE: says its descriptor, of type $type.
push_blob() {
    local digest place
    digest=sha256:$(sha256sum <"$1" | cut -c1-64)
    place=$(to_registry -o /dev/null -D - -X POST "https://$host/v2/ours/releases/blobs/uploads/" | tr -d '\r' |
        sed -n 's/^[Ll]ocation: //p')
    to_registry -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$place&digest=$digest"
    jq -n --arg type "$type" --arg digest "$digest" --argjson size "$(stat -c %s "$1")" \
        '{mediaType: $type, digest: $digest, size: $size}'
}

# push_release TAG FILE...: an artifact as ./dev release makes it.
push_release() {
    local tag=$1 file type
    shift
    for file in "$@"; do
        case $file in
        *.minisig) type=application/vnd.holdfast.release.v1.minisig ;;
        *) type=application/vnd.holdfast.release.v1+json ;;
        esac
        push_blob "$file"
    done | jq -s . >"$work/layers"
    printf '{}' >"$work/empty"
    type=application/vnd.oci.empty.v1+json
    jq -n --argjson config "$(push_blob "$work/empty")" --slurpfile layers "$work/layers" '{
        schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
        artifactType: "application/vnd.holdfast.release.v1+json", config: $config, layers: $layers[0]}' >"$work/manifest"
    to_registry -o /dev/null -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
        --data-binary "@$work/manifest" "https://$host/v2/ours/releases/manifests/$tag"
}

# version_file VERSION [SERVICE=VARIANT...]: a signed release of that version.
version_file() {
    release_text "v${1//./-}" "${@:2}" | jq -cSj --arg v "$1" '.version = $v' >"$work/release-$1.json"
    release_sign "$work/release-$1.json"
}

# looks STATE: asks for a look into the registry, and waits for its end.
looks() {
    local id
    api_is 202 POST /releases/check
    id=$(jq -r .id "$work/body")
    wait_until 90 operation_ended "$id"
    expect "operation: $(cat "$work/body")" "$(jq -r .state "$work/body")" "$1"
    api GET /releases >"$work/releases"
}
found() { jq -r "$1" "$work/releases"; }

access() {
    jq -nc --arg host "$host" --rawfile ca "$work/ca.pem" \
        '{registry: {host: $host, ca_pem: $ca, user: "user", password: "password", release_repository: "ours/releases"}}'
}

releases_in_a_registry_become_known() {
    registry_starts
    version_file 2.0.0
    version_file 2.1.0
    push_release 2.0.0 "$work"/release-2.0.0.json{,.minisig}
    push_release 2.1.0 "$work"/release-2.1.0.json{,.minisig}
    push_release latest "$work"/release-2.1.0.json{,.minisig}
    config "$(access)"
    looks succeeded
    expect "found" "$(found '.registry | "\(.found) \(.added) \(.refused) \(.failed) \(.detail)"')" "2 2 0 false "
    expect "their source" "$(found '[.releases[] | select(.source == "registry" and .signed) | .name] | sort | join(", ")')" \
        "v2-0-0 2.0.0, v2-1-0 2.1.0"
    looks succeeded
    expect "found again" "$(found '.registry | "\(.found) \(.added)"')" "2 0"
    api GET /audit | jq -e '[.entries[].what] | any(. == "looked for releases in the registry") and any(test("added release .v2-1-0 2.1.0. from registry"))'
}
check releases_in_a_registry_become_known
need

what_is_not_as_it_should_be_is_named() {
    version_file 2.2.0
    push_release 2.2.0 "$work/release-2.2.0.json"
    looks succeeded
    expect "refused" "$(found '.registry | "\(.found) \(.refused)"')" "2 1"
    expect_match "why" "$(found .registry.detail)" '^2\.2\.0: /signature: it is not signed'
    push_release 2.3.0 "$work"/release-2.1.0.json{,.minisig}
    looks succeeded
    expect_match "why" "$(found .registry.detail)" '^2\.3\.0: it is version 2\.1\.0 of v2-1-0'
    expect "refused" "$(found .registry.refused)" 2
    expect "known of them" "$(found '[.releases[] | select(.name | test("2\\.[23]\\.0$"))] | length')" 0
}
check what_is_not_as_it_should_be_is_named

a_registry_that_cannot_be_asked_is_said() {
    config '{"registry":{"password":"wrong"}}'
    looks failed
    expect_match "why" "$(found .registry.detail)" 'does not accept the user and password'
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other -keyout /dev/null \
        -out "$work/other.pem" 2>/dev/null
    config "$(jq -nc --rawfile ca "$work/other.pem" '{registry: {password: "password", ca_pem: $ca}}')"
    looks failed
    expect_match "why" "$(found .registry.detail)" 'is not trusted: .*registry.ca_pem'
    config "$(access | jq -c '.registry.release_repository = "ours/none"')"
    looks failed
    expect_match "why" "$(found .registry.detail)" 'has no list of tags'
    kill "$(cat "$work/registry.pid")"
    wait_until 10 is_gone "$(cat "$work/registry.pid")"
    looks failed
    expect_match "why" "$(found .registry.detail)" 'cannot connect to the registry'
    expect "releases that were known" "$(found '[.releases[] | select(.source == "registry")] | length')" 2
    config '{"registry":{"host":""}}'
    api_is 409 POST /releases/check
}
check a_registry_that_cannot_be_asked_is_said

# --- a bundle, where no registry is set any more

makes_a_bundle() {
    head -c 3000000 /dev/urandom >"$work/extra"
    variant_extra=$work/extra variant fresh processor
    layout_of fresh processor
    version_file 3.0.0 processor=fresh
    "$hf_root/image/bundle.sh" "$work"/release-3.0.0.json{,.minisig} "$work/oci" "$work/bundle"
    cat "$work/bundle" >"$work/wrong" # the same but for a byte of the release
    printf X | dd of="$work/wrong" bs=1 seek=600 conv=notrunc status=none
}
check "a bundle" makes_a_bundle
need

bundle_begins() {
    curl -ks --max-time 30 -X POST -b "$gw_dir/jar" -o "$work/body" -w '%{http_code}' -H "Upload-Length: $1" \
        "$gw_url/api/v1/releases/bundle" >"$work/status"
    expect "status ($(cat "$work/body"))" "$(cat "$work/status")" 201
}

# piece FILE FROM [LENGTH]: sends that much of it; the status is in $work/status.
piece() {
    dd if="$1" of="$work/piece" bs=64K iflag=skip_bytes,count_bytes skip="$2" count="${3:-$(stat -c %s "$1")}" status=none
    curl -ks --max-time 120 -X PATCH -b "$gw_dir/jar" -D "$work/head" -o "$work/body" -w '%{http_code}' -H "Upload-Offset: $2" \
        -H 'Content-Type: application/octet-stream' -H Expect: --data-binary "@$work/piece" \
        "$gw_url/api/v1/releases/bundle" >"$work/status" || true
}
wanted() { api_get /releases/bundle .offset; }
bundle_ended() { api GET /releases/bundle | jq -e '.finished != null'; }
image_is_there() { docker image inspect "$(jq -r .platforms[].config "$work/pin.fresh")" >/dev/null 2>&1; }
docker_is_clean() { [ -z "$(find "$docker_root/tmp" -mindepth 1 -maxdepth 1 -name 'docker-import-*' -newer "$work/begin" 2>/dev/null)" ]; }
nothing_came() {
    expect_fail image_is_there
    wait_until 30 docker_is_clean
    expect "known of it" "$(api GET /releases | jq '[.releases[] | select(.source == "bundle")] | length')" 0
}

# sends FILE [PIECE]: as the dashboard does, until nothing more is wanted.
sends() {
    local offset length
    length=$(stat -c %s "$1")
    while offset=$(wanted) && [ "$offset" -lt "$length" ]; do
        piece "$1" "$offset" "${2:-1000000}"
        case $(cat "$work/status") in
        204 | 409) ;;
        *)
            cat "$work/body"
            return 1
            ;;
        esac
    done
    wait_until 60 bundle_ended
}

pain_24_a_bundle_with_a_wrong_signature_is_refused_at_its_beginning() {
    touch "$work/begin"
    bundle_begins "$(stat -c %s "$work/wrong")"
    piece "$work/wrong" 0 200000
    wait_until 10 bundle_ended
    expect_match "why" "$(api_get /releases/bundle .detail)" 'is not of this file: one of the two was changed'
    piece "$work/wrong" "$(wanted)" 1000
    expect "status of a further piece" "$(cat "$work/status")" 422
    expect "pointer" "$(jq -r '.errors[0].pointer' "$work/body")" /signature
    nothing_came
    api GET /audit | jq -e '[.entries[].what] | any(test("^the bundle was not taken: .*is not of this file"))'
}
check pain_24_a_bundle_with_a_wrong_signature_is_refused_at_its_beginning

a_bundle_that_was_changed_leaves_nothing() {
    local at
    cp "$work/bundle" "$work/damaged"
    at=$(($(stat -c %s "$work/bundle") - 30000)) # in its last layer
    printf XXXX | dd of="$work/damaged" bs=1 seek="$at" conv=notrunc status=none
    touch "$work/begin"
    bundle_begins "$(stat -c %s "$work/damaged")"
    sends "$work/damaged" || true
    wait_until 60 bundle_ended
    expect_match "why" "$(api_get /releases/bundle .detail)" 'layer sha256:.*(changed or damaged|gzip stream is damaged)|cut off|no bundle'
    nothing_came
}
check a_bundle_that_was_changed_leaves_nothing

pain_14_an_upload_can_be_given_up() {
    touch "$work/begin"
    bundle_begins "$(stat -c %s "$work/bundle")"
    piece "$work/bundle" 0 60000
    api_is 204 DELETE /releases/bundle
    expect_match "why" "$(api_get /releases/bundle .detail)" 'given up by admin'
    nothing_came
}
check pain_14_an_upload_can_be_given_up

pain_15_a_kill_in_the_middle_leaves_nothing() {
    touch "$work/begin"
    bundle_begins "$(stat -c %s "$work/bundle")"
    piece "$work/bundle" 0 100000
    expect "status" "$(cat "$work/status")" 204
    gateway_end_daemon KILL
    gateway_start
    expect "state" "$(api_get /releases/bundle .state)" none
    piece "$work/bundle" 100000 1000
    expect "status of the next piece" "$(cat "$work/status")" 404
    nothing_came
}
check pain_15_a_kill_in_the_middle_leaves_nothing

# A line that breaks in the middle of a piece, as curl's that is killed: what had come is not sent again.
pain_24_an_upload_goes_on_where_the_line_broke() {
    local offset pid
    bundle_begins "$(stat -c %s "$work/bundle")"
    curl -ks --limit-rate 30000 -X PATCH -b "$gw_dir/jar" -o /dev/null -H 'Upload-Offset: 0' \
        -H 'Content-Type: application/octet-stream' -H Expect: --data-binary "@$work/bundle" "$gw_url/api/v1/releases/bundle" &
    pid=$!
    disown
    wait_until 30 some_has_come
    kill -9 "$pid"
    wait_until 30 line_is_free
    offset=$(wanted)
    [ "$offset" -ge 16384 ] # not from the beginning
    sends "$work/bundle"
    expect "state ($(api_get /releases/bundle .detail))" "$(api_get /releases/bundle .state)" "done"
    image_is_there
    api_get /releases/bundle .id >"$work/id.fresh"
    expect "known by" "$(api GET "/releases/$(cat "$work/id.fresh")" | jq -r '"\(.source) \(.signed)"')" "bundle true"
    api GET /audit | jq -e '[.entries[].what] | any(test("began to upload a bundle of [0-9]+ bytes")) and any(test("took the bundle of release .v3-0-0 3.0.0."))'
}
some_has_come() { [ "$(wanted)" -ge 16384 ]; }
line_is_free() {
    piece "$work/bundle" "$(wanted)" 1
    [ "$(cat "$work/status")" = 204 ]
}
check pain_24_an_upload_goes_on_where_the_line_broke
need

# No registry is set, so nothing could be fetched.
pain_24_its_release_is_applied_without_a_registry() {
    api_is 200 POST "/releases/$(cat "$work/id.fresh")/plan"
    expect "to fetch" "$(jq -r .fetch.images "$work/body")" 0
    begin fresh
    ends committed v3-0-0
    expect_fail grep 'event=fetch ' "$gw_dir/log"
}
check pain_24_its_release_is_applied_without_a_registry

what_is_here_need_not_come_again() {
    bundle_begins "$(stat -c %s "$work/bundle")"
    piece "$work/bundle" 0 65536 # release and signature, and no image whole
    wait_until 30 bundle_ended
    expect "state" "$(api_get /releases/bundle .state)" "done"
    expect "offset" "$(wanted)" "$(stat -c %s "$work/bundle")"
}
check what_is_here_need_not_come_again

finish
