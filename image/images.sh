# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The images: made by image/images, remade when something they are made from has changed.
: "${hf_root:?}" "${hf_build:?}" "${hf_hint_apt:?}" "${hf_image_inputs:?}"

hf_images_dir=$hf_build/images

hf_images_inputs() {
    {
        hf_hash "${hf_image_inputs[@]}"
        cat "$hf_build/root.key"
        sha256sum <"$hf_build/civetweb-src/.package"
        hf_git log -1 --format=%H -- "${hf_image_inputs[@]}" || true
    } | sha256sum | cut -c1-64
}

# --update takes what Debian has corrected since the root was made.
hf_update_images() {
    hf_step "civetweb's source from Debian 13" civetweb "$hf_hint_apt" \
        "$hf_root/api/civetweb/fetch" --update "$hf_build/civetweb-src"
    hf_step "a Debian 13 to build the images in" root "$hf_hint_apt" "$hf_root/image/root" --update "$hf_build/root"
    rm -f "$hf_build/stamp/images"
}

hf_build_images() {
    local inputs
    hf_build_civetweb
    hf_step "a Debian 13 to build the images in" root "$hf_hint_apt" "$hf_root/image/root" "$hf_build/root"
    inputs=$(hf_images_inputs)
    if ! hf_made images "$inputs" || [ ! -f "$hf_images_dir/index.txt" ]; then
        hf_step "builds the images" images "The compiler's messages are above." \
            "$hf_root/image/images" "$hf_build/root" "$hf_build/civetweb-src" "$hf_images_dir"
        hf_mark images "$inputs"
    fi
}
