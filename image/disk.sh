# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The appliance's disk: made by image/disk, remade when something it is made from has changed.
: "${hf_root:?}" "${hf_build:?}" "${hf_hint_apt:?}"

hf_disk_dir=$hf_build/appliance

# hf_disk_file PLATFORM [KIND]
hf_disk_file() { printf '%s/holdfast-%s-%s%s.img\n' "$hf_disk_dir" "$(hf_version)" "$1" "${2:+-$2}"; }

# The word that packages and containers have for it.
hf_disk_arch() {
    case $1 in
    x86-64) echo amd64 ;;
    arm64) echo arm64 ;;
    esac
}

# hf_disk_options [--debug] x86-64|arm64
hf_disk_options() {
    local usage="usage: ./dev image [--update] | ./dev image [--debug] x86-64|arm64"
    hf_disk_kind=
    if [ "${1:-}" = --debug ]; then
        hf_disk_kind=debug
        shift
    fi
    hf_disk_platform=${1:-}
    if [ $# -ne 1 ] || [ -z "$(hf_disk_arch "$1")" ]; then
        hf_die "./dev image does not know '$*'" "$usage"
    fi
}

# What image/disk needs here, and what it needs to run another platform's programs.
hf_disk_packages() {
    printf '%s\n' mmdebstrap uuid-runtime zstd
    [ "$(hf_disk_arch "$1")" = "$(hf_platform_here)" ] || echo qemu-user-static
}

# hf_make_disk PLATFORM [KIND] PACKAGE.deb...
hf_make_disk() {
    local platform=$1 kind=$2 file key
    shift 2
    file=$(hf_disk_file "$platform" "$kind")
    key=$({
        hf_hash image/disk image/debian.sh image/system image/system-debug
        [ $# -eq 0 ] || sha256sum "$@"
    } | sha256sum | cut -c1-64)
    ! hf_made "disk-$platform$kind" "$key" || [ ! -f "$file" ] || return 0
    mkdir -p "$hf_disk_dir"
    hf_step "writes the disk for $platform${kind:+ ($kind)}" "disk-$platform$kind" "$hf_hint_apt" \
        "$hf_root/image/disk" ${kind:+--"$kind"} "$platform" "$hf_build" "$file" "$@"
    hf_mark "disk-$platform$kind" "$key"
}

hf_disk_compress() { zstd -T0 -12 --long=27 --force --quiet "$1" -o "$1.zst.new" && mv "$1.zst.new" "$1.zst"; }

# As people write it to a disk.
hf_compress_disk() {
    local file=$1
    [ ! "$file.zst" -nt "$file" ] || return 0
    hf_step "compresses it" disk-zstd "Is there room in build/?" hf_disk_compress "$file"
}

# Until there are packages: what they would bring, of this machine's platform.
hf_disk_interim() {
    local tree=$hf_build/interim program
    rm -rf "$tree"
    mkdir -p "$tree"/{DEBIAN,usr/bin,usr/share/holdfast,usr/lib/{systemd/system,sysusers.d}}
    for program in holdfastd holdfast-docker appliance/fetch/holdfast-fetch appliance/cli/holdfast; do
        program=$(find "$hf_build/release" -name "${program##*/}" -type f -perm -100 | head -n 1)
        strip --strip-unneeded -o "$tree/usr/bin/${program##*/}" "$program"
    done
    cp "$hf_root"/image/{holdfastd.service,holdfast-docker.service,holdfast-docker.socket,run-holdfast.mount} "$tree/usr/lib/systemd/system/"
    cp "$hf_root/image/holdfast.sysusers.conf" "$tree/usr/lib/sysusers.d/holdfast.conf"
    cp "$hf_root/build/release.json"{,.minisig} "$tree/usr/share/holdfast/"
    sed -i 's,^ExecStart=\(.*\),ExecStart=/bin/sh -c "[ ! -e /run/stick/holdfast ] || p=\x27--provision /run/stick\x27; exec \1 --release /usr/share/holdfast/release.json $p",; s,^Requires=,Wants=run-stick.mount\nAfter=run-stick.mount\n&,' "$tree/usr/lib/systemd/system/holdfastd.service"
    sed -i 's,\$p,$$p,' "$tree/usr/lib/systemd/system/holdfastd.service"
    printf '[Mount]\nWhat=/dev/disk/by-label/HOLDFAST\nWhere=/run/stick\nOptions=ro\n' >"$tree/usr/lib/systemd/system/run-stick.mount"
    printf '%s\n' 'Package: holdfast' "Version: $(hf_version)" "Architecture: $(hf_platform_here)" 'Maintainer: nobody' 'Description: interim' \
        'Depends: libmosquitto1, libcjson1, libsqlite3-0, libsodium23, libssl3t64, libzstd1, libcurl4t64, zlib1g' >"$tree/DEBIAN/control"
    printf '#!/bin/sh\nset -e\nsystemd-sysusers holdfast.conf\nsystemctl enable holdfastd.service holdfast-docker.socket\n' >"$tree/DEBIAN/postinst"
    chmod 755 "$tree/DEBIAN/postinst"
    dpkg-deb --root-owner-group --build "$tree" "$hf_build/holdfast-interim.deb"
}

# The disk of this machine's platform with all that it is made of, for tests.
hf_disk_of_packages() {
    hf_build_daemon holdfastd holdfast
    hf_step "interim package" interim "" hf_disk_interim
    hf_make_disk "$1" "$2" "$hf_build/holdfast-interim.deb"
}

# What it is measured beside.
hf_disk_for_bench() {
    hf_make_disk "$1" plain
    hf_compress_disk "$(hf_disk_file "$1")"
}

hf_disk() {
    local file packages
    mapfile -t packages < <(hf_disk_packages "$hf_disk_platform")
    hf_setup "" "${packages[@]}"
    hf_build_images
    trap 'hf_step_abort; hf_run_end_shared' EXIT
    hf_registry_start
    hf_release
    hf_disk_of_packages "$hf_disk_platform" "$hf_disk_kind"
    file=$(hf_disk_file "$hf_disk_platform" "$hf_disk_kind")
    hf_compress_disk "$file"
    hf_say "${file#"$hf_root"/}.zst: $(stat -c %s "$file.zst" | awk '{ printf "%.0f MB", $1 / 1e6 }'), $(stat -c %s "$file" | awk '{ printf "%.1f GB", $1 / 1e9 }') on the disk, at least"
}
