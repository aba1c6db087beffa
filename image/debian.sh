# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Where Debian 13 comes from, whatever release this machine runs: its own mirrors, with signatures.

hf_suite=trixie
# shellcheck disable=SC2034 # for scan.sh
hf_debian_release=13
hf_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# URI of the mirror this machine uses for the archive labelled $1 ("Debian", "Debian-Security"); $2 when it
# has none that another suite can be fetched from (cdrom:, file:, a mirror list).
hf_debian_mirror() {
    local uri
    # shellcheck disable=SC2016 # apt replaces these names, not the shell
    uri=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2>/dev/null |
        awk -v label="$1" '$1 == label && $2 ~ /^https?:/ { print $2; exit }')
    printf '%s\n' "${uri:-$2}"
}

# Lines for sources.list; $1 is deb or deb-src.
hf_debian_sources() {
    local main security
    main=$(hf_debian_mirror Debian http://deb.debian.org/debian)
    security=$(hf_debian_mirror Debian-Security http://deb.debian.org/debian-security)
    printf '%s [signed-by=%s] %s %s main\n' \
        "$1" "$hf_keyring" "${main%/}" "$hf_suite" \
        "$1" "$hf_keyring" "${main%/}" "$hf_suite-updates" \
        "$1" "$hf_keyring" "${security%/}" "$hf_suite-security"
}

# Writes DIR/apt.conf for an apt that knows these sources only and keeps its state in DIR.
# The machine's own settings (a proxy, say) stay in force.
hf_debian_apt() {
    local dir=$1 kind=$2
    mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
    hf_debian_sources "$kind" >"$dir/sources.list"
    cat >"$dir/apt.conf" <<EOF
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$dir/state";
Dir::State::status "/dev/null";
Dir::Cache "$dir/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
EOF
}
