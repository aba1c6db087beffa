#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages in a Debian of their own, with its service manager and its Docker and without any network: installed,
# upgraded, downgraded, removed, purged. And the packages themselves.
# Those for another platform are looked at, and the unit tests of what is in them run with qemu-user-static.
# HF_PACKAGE_AGAIN=1 makes them a second time, too, which is to give the same bytes.
# usage: tests/integration/package.sh [DEBIAN [PLATFORM]]      (13, this one) after ./dev package has made them
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../harness.sh
. "$(dirname "$0")/../harness.sh"
# shellcheck source=../../image/hardened.sh
. "$hf_root/image/hardened.sh"
# shellcheck source=../systemd/installed.sh
. "$hf_root/tests/systemd/installed.sh" "$@"
triplet=$(dpkg-architecture --host-arch "$arch" --query DEB_HOST_MULTIARCH)
build_root=$hf_build/package-root-deb$debian-$arch

# --- the packages themselves

clean_for_lintian() {
    lintian --fail-on error,warning --tag-display-limit 0 "$package" "$images"
}

files_lie_where_they_belong() {
    expect "files" "$(cd "$work/holdfast" && find . -type f ! -path './DEBIAN/*' | sed -E 's,^\./(usr/)?lib/systemd,./lib/systemd,' |
        grep -vE '^\./usr/share/(doc|lintian)/' | LC_ALL=C sort | xargs)" \
        "./etc/avahi/services/holdfast.service ./etc/holdfast/holdfastd.conf ./lib/systemd/system/holdfast-banner.path \
./lib/systemd/system/holdfast-banner.service ./lib/systemd/system/holdfast-docker.service ./lib/systemd/system/holdfast-docker.socket \
./lib/systemd/system/holdfast-network-boot.service ./lib/systemd/system/holdfast-network.path \
./lib/systemd/system/holdfast-network.service ./lib/systemd/system/holdfast-stick@.service ./lib/systemd/system/holdfast-update.path \
./lib/systemd/system/holdfast-update.service ./lib/systemd/system/holdfastd.service ./lib/systemd/system/run-holdfast.mount \
./usr/bin/holdfast ./usr/bin/holdfast-docker ./usr/bin/holdfast-fetch ./usr/bin/holdfast-network ./usr/bin/holdfast-stick \
./usr/bin/holdfast-update ./usr/bin/holdfastd ./usr/lib/sysusers.d/holdfast.conf ./usr/lib/udev/rules.d/80-holdfast-stick.rules \
./usr/libexec/holdfast/repack ./usr/share/holdfast/release.pub \
./usr/share/man/man1/holdfast.1.gz ./usr/share/man/man8/holdfast-docker.8.gz \
./usr/share/man/man8/holdfast-network.8.gz ./usr/share/man/man8/holdfast-stick.8.gz ./usr/share/man/man8/holdfast-update.8.gz \
./usr/share/man/man8/holdfastd.8.gz"
    expect "images" "$(cd "$work/holdfast-images" && find . -type f ! -path './DEBIAN/*' ! -path './usr/share/doc/*' ! -path './usr/share/lintian/*')" \
        ./usr/share/holdfast/holdfast.bundle
    expect "conffiles" "$(LC_ALL=C sort "$work/holdfast/DEBIAN/conffiles" | xargs)" "/etc/avahi/services/holdfast.service /etc/holdfast/holdfastd.conf"
    expect "others' files" "$(dpkg-deb --fsys-tarfile "$package" | tar -tv | awk '$2 != "root/root" || $1 ~ /[st]/ || substr($1, 9, 1) == "w" && $1 !~ /^l/')" ""
    expect "paths of the build" "$(grep -rlaF -e /build/holdfast -e "$hf_root" "$work/holdfast/usr/bin" || true)" ""
}

programs_are_hardened() {
    local name
    for name in "$work"/holdfast/usr/bin/*; do
        hf_hardened "$name" "$build_root/usr/lib/$triplet/Scrt1.o"
        expect "debug sections" "$(readelf -SW "$name" | grep -c '\.debug' || true)" 0
    done
}

# Every option that a program has.
man_pages_are_whole() {
    local name option
    for name in holdfastd holdfast-docker holdfast-network holdfast-stick holdfast-update; do
        for option in $(guest "$name" --help | grep -oE '^ +--[a-z-]+' | tr -d ' '); do
            zcat "$work/holdfast/usr/share/man/man8/$name.8.gz" | sed 's/\\-/-/g' | grep -e "$option" >/dev/null ||
                { echo "$name.8 has no $option" && return 1; }
        done
    done
}

made_again_it_is_the_same() {
    "$hf_root/image/package-build" "$build_root" "$debian" "$arch" "$hf_build/civetweb-src" \
        "$work/holdfast-images/usr/share/holdfast/holdfast.bundle" "$hf_build/release-key/minisign.pub" "$work/again" >"$work/again.log" 2>&1 ||
        { tail -n 30 "$work/again.log" && return 1; }
    cmp "$package" "$work/again/${package##*/}"
    cmp "$images" "$work/again/${images##*/}"
}

# The unit tests of the daemon's parts, as the compiler of the root makes them, in the root.
emulated_tests() {
    local out=$hf_build/package-tests-deb$debian-$arch rc=0
    mkdir -p "$out" "$build_root"/holdfast/{source,civetweb,out}
    touch "$build_root/holdfast/emulator"
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --propagation private bash -euc '
        root=$1
        mount --bind "$2" "$root/holdfast/source"
        mount -o remount,bind,ro "$root/holdfast/source"
        mount --bind "$3" "$root/holdfast/civetweb"
        mount --bind "$4" "$root/holdfast/out"
        mount --bind "$5" "$root/holdfast/emulator"
        mount -t proc proc "$root/proc"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent LC_ALL=C.UTF-8 CMOCKA_MESSAGE_OUTPUT=TAP \
            chroot "$root" sh -euc "$6"
    ' tests "$build_root" "$hf_root" "$hf_build/civetweb-src" "$out" "$(command -v "qemu-${triplet%%-*}-static")" "
        cmake -S /holdfast/source -B /holdfast/out -G Ninja -DCMAKE_BUILD_TYPE=Debug -DHF_PARTS=daemon \
            -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=${triplet%%-*} -DCMAKE_C_COMPILER=$triplet-gcc \
            -DPKG_CONFIG_EXECUTABLE=/usr/bin/$triplet-pkg-config -DHF_CIVETWEB_DIR=/holdfast/civetweb \
            -DCMAKE_CROSSCOMPILING_EMULATOR=/holdfast/emulator
        cmake --build /holdfast/out
        ctest --test-dir /holdfast/out -j$(nproc) -V --exclude-regex '^($not_emulated)\$' >/holdfast/out/ctest.out 2>&1 || true
    " >"$out.log" 2>&1 || { tail -n 30 "$out.log" && return 1; }
    awk -f "$hf_root/tests/ctest.awk" "$out/ctest.out" >"$out.tap" || rc=1
    grep -A 20 '^not ok' "$out.tap"
    note "$(grep -c '^ok' "$out.tap") unit tests for $arch"
    return "$rc"
}
# What an emulator of programs cannot do.
not_emulated='test_confine'

# --- the gateway in the guest

pain_24_installs_and_works_without_a_network() {
    install "$package" "$images"
    expect "network" "$(guest_net ip -o link | grep -vE '^[0-9]+: (lo|docker0|br-[^ ]*|veth[^ ]*):' || true)" ""
    claim
    works
    expect "keys of the configuration" "$(api_get /config '.release_keys | join(" ")')" "$(sed -n 2p "$hf_build/release-key/minisign.pub")"
    expect "source" "$(api_get /releases '.releases[0] | "\(.source) \(.signed)"')" "bundle true"
}
runs_as_it_should() {
    local name
    expect "units" "$(guest systemctl is-enabled holdfastd.service holdfast-docker.socket holdfast-update.path | xargs)" "enabled enabled enabled"
    for name in holdfastd.service holdfast-docker.service holdfast-docker.socket holdfast-update.path run-holdfast.mount; do
        expect "$name" "$(property ActiveState "$name")" active
    done
    expect "user" "$(guest stat -c %U "/proc/$(property MainPID holdfastd.service)")" holdfast
    expect "state" "$(guest stat -c '%U %a' /var/lib/holdfast)" "holdfast 700"
    expect "verified" "$(guest dpkg --verify holdfast holdfast-images)" ""
    expect_match "redirect" "$(guest_net curl -sSi --max-time 10 http://127.0.0.1:8080/)" '^[Ll]ocation: https://'
}


# $1 does something with packages: another process of holdfastd has the same containers, and no record is gone.
containers_never_stop() {
    local before pid count
    before=$(containers) pid=$(property MainPID holdfastd.service) count=$(held)
    "$@"
    works
    expect "containers" "$(containers)" "$before"
    expect_fail [ "$(property MainPID holdfastd.service)" = "$pid" ]
    publish "after/$*" 1
    wait_until 60 holds_more_than "$count"
}

conffile_is_changed() {
    guest sed -i 's/^http-redirect .*/http-redirect 0.0.0.0:8081/' /etc/holdfast/holdfastd.conf
}

upgrades() {
    another_version holdfast 99-1
    install "$work/holdfast_99-1.deb"
    installed_is 99-1
}

conffile_is_kept() {
    expect "conffile" "$(guest grep ^http-redirect /etc/holdfast/holdfastd.conf)" "http-redirect 0.0.0.0:8081"
    expect_match "redirect" "$(guest_net curl -sSi --max-time 10 http://127.0.0.1:8081/)" '^[Ll]ocation: https://'
}

downgrades() {
    install "$package"
    installed_is "$version"
}

# A bundle of another release: known then, and what runs is what ran.
newer_bundle() {
    local tree=$PWD/usr/share/holdfast
    tar -xOf "$tree/holdfast.bundle" release.json | jq -cSj '.version = "99.0.0" | .counter += 1000' >"$work/release-99.json"
    minisign -S -s "$release_keys/minisign.key" -m "$work/release-99.json" -x "$work/release-99.json.minisig" >/dev/null
    "$hf_root/image/bundle.sh" "$work/release-99.json" "$work/release-99.json.minisig" "$hf_build/images/oci" "$tree/holdfast.bundle"
}
installs_newer_images() {
    another_version holdfast-images 99-1 newer_bundle
    install "$work/holdfast-images_99-1.deb"
}
running() { api_get /releases '.releases[] | select(.state == "running") | .name'; }
newer_release_waits() {
    api GET /releases | jq -e '[.releases[] | select(.source == "bundle") | .name] | sort == ["holdfast '"$(hf_version)"'", "holdfast 99.0.0"]' ||
        { api GET /releases && return 1; }
    expect "what runs" "$(running)" "holdfast $(hf_version)"
}

mistakes_in_the_conffile_are_said() {
    guest sh -c 'echo lisen 1 >>/etc/holdfast/holdfastd.conf'
    guest systemctl restart holdfastd.service || true
    wait_until 30 journal_has "holdfastd: '/etc/holdfast/holdfastd.conf', line [0-9]+: 'lisen' is no setting here"
    guest sed -i '/^lisen/d' /etc/holdfast/holdfastd.conf
    wait_until 60 login # by itself: the unit tries again
}
journal_has() { guest journalctl -u holdfastd -o cat --no-pager | grep -E -- "$1"; }

removal_keeps_what_it_holds() {
    held >"$work/held"
    api_get /gateway .id >"$work/id"
    guest dpkg --remove holdfast-images holdfast
    expect "running containers" "$(guest docker ps -q --filter "$label")" ""
    expect_fail guest systemctl is-active holdfastd.service holdfast-docker.socket holdfast-update.path run-holdfast.mount
    expect "listeners" "$(guest_net ss -Hltn | grep -E ':(8443|8080|8081|1883) ' || true)" ""
    [ "$(guest docker volume ls -q --filter "$label" | wc -l)" -ge 2 ]
    guest test -e /etc/holdfast/holdfastd.conf
    guest test -e /var/lib/holdfast/holdfast.db
}

comes_back_with_what_it_held() {
    install "$package" "$images"
    works
    expect "gateway" "$(api_get /gateway .id)" "$(cat "$work/id")"
    [ "$(held)" -ge "$(cat "$work/held")" ]
    conffile_is_kept
}

purge_leaves_nothing() {
    guest dpkg --purge holdfast holdfast-images
    expect "containers" "$(guest docker ps -aq --filter "$label")" ""
    expect "volumes" "$(guest docker volume ls -q --filter "$label")" ""
    expect "networks" "$(guest docker network ls -q --filter "$label")" ""
    expect "images" "$(guest docker image ls -aq)" ""
    expect "files" "$(guest find / -xdev -iname '*holdfast*')" ""
    expect "units" "$(guest systemctl list-units --all --no-legend '*holdfast*')" ""
}

# Twice each: maintainer scripts are to be called again where something was interrupted.
scripts_can_be_called_again() {
    install "$package"
    guest /var/lib/dpkg/info/holdfast.postinst configure ""
    guest dpkg --configure -a
    wait_until 60 answers
    guest dpkg --purge holdfast
    guest dpkg --purge holdfast
}
answers() { [ "$(guest_net curl -ks -o /dev/null --max-time 5 -w '%{http_code}' https://127.0.0.1:8443/api/v1/health)" != 000 ]; }

check unpack
need
if [ "$arch" = "$(platform)" ]; then
    check "a Debian $debian with its own Docker" guest_start "$hf_build/guest-root-deb$debian"
    need
    check pain_24_installs_and_works_without_a_network
    need
    check runs_as_it_should
    check man_pages_are_whole
    check holds_records
    check conffile_is_changed
    check "an upgrade: containers never stop" containers_never_stop upgrades
    check conffile_is_kept
    check "a downgrade: containers never stop" containers_never_stop downgrades
    check "newer images: containers never stop" containers_never_stop installs_newer_images
    check newer_release_waits
    check mistakes_in_the_conffile_are_said
    check removal_keeps_what_it_holds
    check comes_back_with_what_it_held
    check purge_leaves_nothing
    check scripts_can_be_called_again
else
    check emulated_tests
fi
check files_lie_where_they_belong
check programs_are_hardened
check clean_for_lintian
# It takes as long as all that comes before.
if [ -n "${HF_PACKAGE_AGAIN:-}" ]; then
    check made_again_it_is_the_same
fi
finish
