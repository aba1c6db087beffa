#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Writes a bundle (appliance/import/bundle.h): a release, its signature and its images in one file. Same inputs, same
# bytes.
# usage: image/bundle.sh RELEASE.json SIGNATURE LAYOUT OUT [PACKAGE.deb]...     (LAYOUT: a folder, the OCI layout with the
# images; packages of holdfastd that the release names, others are left out)
set -euo pipefail
export LC_ALL=C

release=$1
signature=$2
layout=$3
out=$4
shift 4

work=$(mktemp -d "${TMPDIR:-/tmp}/bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT

blob() { printf 'blobs/sha256/%s\n' "${1#sha256:}"; }

# The manifests that the release pins, in its order, as far as the layout has them: those of the platforms that it
# was built for.
manifests() {
    local manifest
    jq -r '.services[] | (.platforms // {} | .[].manifest), (.image // empty | split("@")[1])' "$release" |
        awk '!seen[$0]++' | while read -r manifest; do
        [ ! -f "$layout/$(blob "$manifest")" ] || echo "$manifest"
    done
}

manifests >"$work/manifests"
[ -s "$work/manifests" ] || {
    echo "image/bundle.sh: $layout has no image of $release" >&2
    exit 1
}

while read -r manifest; do
    blob "$manifest"
    blob "$(jq -r .config.digest "$layout/$(blob "$manifest")")"
    jq -r '.layers[].digest' "$layout/$(blob "$manifest")" >>"$work/layers"
done <"$work/manifests" >"$work/documents"
while read -r layer; do
    blob "$layer"
done <"$work/layers" | awk '!seen[$0]++' >"$work/layer-blobs"

mkdir -p "$work/blobs/sha256"
for package in "$@"; do
    digest=sha256:$(sha256sum <"$package" | cut -c1-64)
    jq -e --arg digest "$digest" '.daemon.platforms // {} | any(.[][]; .digest == $digest)' "$release" >/dev/null || continue
    cp "$package" "$work/$(blob "$digest")"
    blob "$digest"
done >"$work/packages"

cp "$release" "$work/release.json"
cp "$signature" "$work/release.json.minisig"
printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci-layout"
while read -r manifest; do
    file=$layout/$(blob "$manifest")
    jq -n --arg digest "$manifest" --argjson size "$(stat -c %s "$file")" \
        --arg type "$(jq -r .mediaType "$file")" '{mediaType: $type, digest: $digest, size: $size}'
done <"$work/manifests" |
    jq -sc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' >"$work/index.json"

tar --format=ustar --no-recursion --owner=0 --group=0 --numeric-owner --mode=0444 --mtime=@0 -cf "$out.new" \
    -C "$work" release.json release.json.minisig oci-layout index.json \
    -C "$(realpath "$layout")" --verbatim-files-from -T "$work/documents" -T "$work/layer-blobs" \
    -C "$work" -T "$work/packages"
mv "$out.new" "$out"
