# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The images: made by image/images, remade when something they are made from has changed.
: "${hf_root:?}" "${hf_build:?}" "${hf_hint_apt:?}" "${hf_image_inputs:?}"

hf_images_dir=$hf_build/images

hf_platform_here() { dpkg --print-architecture; }

# What the images of platform $1 are made from, and where they are: this machine's have no name of their own.
hf_root_of() { [ "$1" = "$(hf_platform_here)" ] && echo "$hf_build/root" || echo "$hf_build/root-$1"; }
hf_images_of() { [ "$1" = "$(hf_platform_here)" ] && echo "$hf_images_dir" || echo "$hf_images_dir-$1"; }

# hf_images_inputs ROOT
hf_images_inputs() {
    {
        hf_hash "${hf_image_inputs[@]}"
        cat "$1.key"
        sha256sum <"$hf_build/civetweb-src/.package"
        hf_git log -1 --format=%H -- "${hf_image_inputs[@]}" || true
    } | sha256sum | cut -c1-64
}

# hf_make_root [--update] PLATFORM
hf_make_root() {
    local update=()
    if [ "$1" = --update ]; then
        update=(--update)
        shift
    fi
    hf_step "a Debian 13 to build the images in, for $1" "root-$1" "$hf_hint_apt" \
        "$hf_root/image/root" "${update[@]}" --platform "$1" "$(hf_root_of "$1")"
}

# --update takes what Debian has corrected since the roots were made.
hf_update_images() {
    local platform
    hf_step "civetweb's source from Debian 13" civetweb "$hf_hint_apt" \
        "$hf_root/api/civetweb/fetch" --update "$hf_build/civetweb-src"
    for platform in "$@"; do
        hf_make_root --update "$platform"
        rm -f "$hf_build/stamp/images-$platform"
    done
}

# hf_build_images [PLATFORM...]: of this machine's where none is named.
hf_build_images() {
    local platform inputs root images
    hf_build_civetweb
    for platform in "${@:-$(hf_platform_here)}"; do
        root=$(hf_root_of "$platform") images=$(hf_images_of "$platform")
        hf_make_root "$platform"
        inputs=$(hf_images_inputs "$root")
        if ! hf_made "images-$platform" "$inputs" || [ ! -f "$images/index.txt" ]; then
            hf_step "builds the images for $platform" "images-$platform" "The compiler's messages are above." \
                "$hf_root/image/images" "$root" "$hf_build/civetweb-src" "$images"
            hf_mark "images-$platform" "$inputs"
        fi
    done
}
