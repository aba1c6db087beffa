#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a C file that holds all files of the dashboard and the API's contract, with a compressed
# copy of each where that is smaller.
# usage: embed.sh DIST OPENAPI OUT.c
set -eu

dist=$1
openapi=$2
out=$3
work=$out.d

rm -rf "$work"
mkdir -p "$work"

type_of() {
    case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *.svg) echo 'image/svg+xml' ;;
    *.png) echo 'image/png' ;;
    *.ico) echo 'image/x-icon' ;;
    *.woff2) echo 'font/woff2' ;;
    *.json) echo 'application/json' ;;
    *.webmanifest) echo 'application/manifest+json' ;;
    *.yaml) echo 'application/yaml' ;;
    *.txt) echo 'text/plain; charset=utf-8' ;;
    *) echo 'application/octet-stream' ;;
    esac
}

# Vite names a file NAME-HASH.EXT, eight characters of hash, and puts it into assets/.
is_immutable() {
    case $1 in
    /assets/*-????????.*) echo true ;;
    *) echo false ;;
    esac
}

size_of() {
    wc -c <"$1" | tr -d ' '
}

n=0
# In a section of their own: between the program's constants they would be brought into memory with these.
blob() { # symbol, file
    printf '__asm__(".section .hf_assets,\\"a\\"\\n.balign 16\\n.global %s\\n%s:\\n.incbin \\"%s\\"\\n"\n' "$1" "$1" "$2"
    printf '        ".byte 0\\n.previous\\n");\nextern const unsigned char %s[];\n' "$1"
}

add() { # path, file
    size=$(size_of "$2")
    etag=$(sha256sum "$2" | cut -c1-16)
    gzip -9nc "$2" >"$work/$n.gz"
    gzip_size=$(size_of "$work/$n.gz")
    blob "hf_asset_$n" "$2" >>"$work/blobs"
    if [ "$gzip_size" -lt "$size" ]; then
        blob "hf_asset_${n}_gz" "$work/$n.gz" >>"$work/blobs"
        gzip="hf_asset_${n}_gz, $gzip_size"
    else
        gzip="NULL, 0"
    fi
    printf '    {"%s", "%s", "%s", %s,\n     hf_asset_%s, %s, %s},\n' "$1" "$(type_of "$1")" "$etag" \
        "$(is_immutable "$1")" "$n" "$size" "$gzip" >>"$work/table"
    n=$((n + 1))
}

add /openapi.yaml "$openapi"
find "$dist" -type f | LC_ALL=C sort >"$work/files"
while read -r file; do
    add "${file#"$dist"}" "$file"
done <"$work/files"

{
    echo '#include "api/assets.h"'
    cat "$work/blobs"
    echo 'const struct hf_asset hf_assets[] = {'
    cat "$work/table"
    echo '};'
    echo 'const size_t hf_asset_count = sizeof hf_assets / sizeof hf_assets[0];'
} >"$out"
