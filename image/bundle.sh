#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Writes a bundle (appliance/import/bundle.h): a release, its signature and its images in one file. Same inputs, same
# bytes.
# usage: image/bundle.sh RELEASE.json SIGNATURE LAYOUT OUT     (LAYOUT: a folder, the OCI layout with the images)
set -euo pipefail
export LC_ALL=C

release=$1
signature=$2
layout=$3
out=$4

work=$(mktemp -d "${TMPDIR:-/tmp}/bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT

blob() { printf 'blobs/sha256/%s\n' "${1#sha256:}"; }

# The manifests that the release pins, in its order: it says "image": "REPOSITORY@DIGEST", or by platform "digest".
manifests() {
    jq -r '.services[] | .. | objects | (.image? // empty | select(type == "string") | capture("@(?<d>sha256:[0-9a-f]{64})$").d),
        (select(has("image_id")) | .digest? // empty)' "$release" | awk '!seen[$0]++'
}

manifests >"$work/manifests"
[ -s "$work/manifests" ] || {
    echo "image/bundle.sh: $release pins no images" >&2
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
    -C "$(realpath "$layout")" --verbatim-files-from -T "$work/documents" -T "$work/layer-blobs"
mv "$out.new" "$out"
