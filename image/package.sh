# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Debian packages: made by image/package-build, remade when something they are made from has changed.
: "${hf_root:?}" "${hf_build:?}" "${hf_hint_apt:?}" "${hf_package_sources:?}" "${hf_release_key_dir:?}"

# shellcheck disable=SC2034 # for tests.sh
hf_packages_dir=$hf_build/packages
hf_package_update=()

hf_package_usage() {
    cat <<END
usage: ./dev package [--debian 12|13]... [--platform amd64|arm64]... [--update]
  --debian      of which they are the packages (12 and 13)
  --platform    (amd64 and arm64)
  --update      takes Debian's newest packages to build with
END
}

# hf_package_options ARGUMENT...: sets hf_package_debians, hf_package_platforms and hf_package_update.
hf_package_options() {
    hf_package_debians=() hf_package_platforms=() hf_package_update=()
    while [ $# -gt 0 ]; do
        case $1:${2:-} in
        --debian:12 | --debian:13) hf_package_debians+=("$2") && shift ;;
        --platform:amd64 | --platform:arm64) hf_package_platforms+=("$2") && shift ;;
        --update:*) hf_package_update=(--update) ;;
        *) hf_die "./dev package does not know '$*'" "$(hf_package_usage)" ;;
        esac
        shift
    done
    [ ${#hf_package_debians[@]} -gt 0 ] || hf_package_debians=(12 13)
    [ ${#hf_package_platforms[@]} -gt 0 ] || hf_package_platforms=(amd64 arm64)
}

hf_package_root() { printf '%s/package-root-deb%s-%s\n' "$hf_build" "$1" "$2"; }

# hf_package_file NAME DEBIAN PLATFORM
hf_package_file() { printf '%s/%s_%s_%s.deb\n' "$hf_packages_dir" "$1" "$(hf_package_version "$2")" "$3"; }

# hf_package_inputs ROOT BUNDLE
hf_package_inputs() {
    {
        hf_hash "${hf_package_sources[@]}"
        hf_git log -1 --format=%ct -- "${hf_package_sources[@]}" || true
        cat "$1.key" "$hf_release_key_dir/minisign.pub"
        sha256sum <"$hf_build/civetweb-src/.package"
        sha256sum <"$2"
    } | sha256sum | cut -c1-64
}

hf_package_make_root() {
    hf_step "a Debian $1 to build packages in, for $2" "package-root-$1-$2" "$hf_hint_apt" \
        "$hf_root/image/package-root" "${hf_package_update[@]}" "$1" "$2" "$(hf_package_root "$@")"
}

# hf_package_daemon DEBIAN PLATFORM: holdfast alone, for a release to bring.
hf_package_daemon() {
    local debian=$1 platform=$2 root inputs
    root=$(hf_package_root "$@")
    hf_package_make_root "$@"
    inputs=$(hf_package_inputs "$root" /dev/null)
    if hf_made "package-daemon-$debian-$platform" "$inputs" && [ -f "$(hf_package_file holdfast "$@")" ]; then
        return 0
    fi
    hf_step "builds holdfastd's package for Debian $debian, $platform" "package-daemon-$debian-$platform" \
        "The compiler's messages are above." "$hf_root/image/package-build" "$root" "$debian" "$platform" \
        "$hf_build/civetweb-src" - "$hf_release_key_dir/minisign.pub" "$hf_packages_dir"
    hf_mark "package-daemon-$debian-$platform" "$inputs"
}

# Those of all platforms that are released, for both Debians.
hf_package_daemons() {
    local debian platform
    hf_step "makes a key for releases" release-key "Is there a place to write, and minisign?" hf_release_key
    hf_release_packages=()
    for platform in "${hf_release_platforms[@]}"; do
        for debian in 12 13; do
            hf_package_daemon "$debian" "$platform"
            hf_release_packages+=("$(hf_package_file holdfast "$debian" "$platform")")
        done
    done
}

# hf_package DEBIAN PLATFORM: its bundle must be there (hf_bundles).
hf_package() {
    local debian=$1 platform=$2 root bundle inputs
    root=$(hf_package_root "$@")
    bundle=$(hf_bundle_file "$platform")
    hf_package_make_root "$@"
    inputs=$(hf_package_inputs "$root" "$bundle")
    if hf_made "package-$debian-$platform" "$inputs" && [ -f "$(hf_package_file holdfast "$@")" ] &&
        [ -f "$(hf_package_file holdfast-images "$@")" ]; then
        return 0
    fi
    hf_step "builds the packages for Debian $debian, $platform" "package-$debian-$platform" "The compiler's messages are above." \
        "$hf_root/image/package-build" "$root" "$debian" "$platform" "$hf_build/civetweb-src" "$bundle" \
        "$hf_release_key_dir/minisign.pub" "$hf_packages_dir"
    hf_mark "package-$debian-$platform" "$inputs"
}

# All that were asked for. The registry must run.
hf_packages() {
    local debian platform
    # shellcheck disable=SC2034 # of release.sh
    hf_release_platforms=("${hf_package_platforms[@]}")
    hf_release
    hf_bundles
    for debian in "${hf_package_debians[@]}"; do
        for platform in "${hf_package_platforms[@]}"; do
            hf_package "$debian" "$platform"
        done
    done
}

# hf_package_tested DEBIAN PLATFORM: the packages, and a Debian that they can be installed in without a network.
hf_package_tested() {
    local guest=$hf_build/guest-root-deb$1
    hf_bundles
    hf_package "$1" "$2"
    hf_step "a Debian $1 to install packages in" "guest-root-$1" "$hf_hint_apt" \
        "$hf_root/tests/systemd/guest-root" "$1" "$guest" "$(hf_package_file holdfast "$1" "$2")"
}
