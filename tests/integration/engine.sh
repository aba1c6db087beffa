#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The engine client against the real engine, by engine/test_docker.c, on an image made for it.
# usage: tests/integration/engine.sh PROGRAM
. "$(dirname "$0")/../harness.sh"
program=$1
image=holdfast-test/speaker:1.0.0

forget() {
    docker image rm --force "$image" >/dev/null 2>&1
    rm -rf "$work"
}
trap forget EXIT

makes_image() {
    mkdir -p "$work/root/usr/bin" "$work/root/data"
    gcc -std=c11 -D_GNU_SOURCE -static -o "$work/root/usr/bin/speaker" "$hf_root/tests/integration/engine/speaker.c"
    chown 10001:10001 "$work/root/data"
    tar -C "$work/root" -c . | docker import --change 'ENTRYPOINT ["/usr/bin/speaker"]' \
        --change 'USER 10001:10001' - "$image"
}

check "an image to run" makes_image
DOCKER_SOCKET=$docker_socket HF_TEST_IMAGE=$(docker image inspect --format '{{.Id}}' "$image") \
    CMOCKA_MESSAGE_OUTPUT=TAP "$program" >"$work/tap" 2>&1 || checks_failed=$((checks_failed + 1))
sed -E 's/^(not ok|ok) [0-9]+ - /\1 - /; /^(ok|not ok) - /!s/^/    /' "$work/tap"
[ "$checks_failed" -eq 0 ]
