# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Whether a program was built as all of ours are: read back from its ELF, so that no flag gets lost on the way.

# The mark of -fcf-protection or -mbranch-protection at the begin of a function, as bytes: endbr64, or paciasp and bti c.
declare -A hf_branch_marks=(
    ["Advanced Micro Devices X86-64"]='\xf3\x0f\x1e\xfa'
    [AArch64]='\x3f\x23\x03\xd5|\x5f\x24\x03\xd5'
)
hf_branch_marks_least=50 # what the compiler's own start code brings is less than ten

hf_branch_property() { readelf -nW "$1" 2>/dev/null | grep -oE '(x86|AArch64) feature: .*' | head -n 1; }

# hf_hardened PROGRAM START: says what is missing. START is the C library's start code (Scrt1.o) that it was linked
# with: the linker gives the property only where that has it too.
hf_hardened() {
    local file=$1 start=$2 head segments dynamic symbols machine missing=()
    head=$(readelf -hW "$file") && segments=$(readelf -lW "$file") && dynamic=$(readelf -dW "$file") || return
    symbols=$(nm -D --undefined-only "$file") || return
    machine=$(sed -nE 's/^ *Machine: *//p' <<<"$head")

    grep -qE '^ *Type: *DYN' <<<"$head" || missing+=("it is not position-independent")
    case $file in
    *.so) ;;
    *) grep -q 'FLAGS_1.*PIE' <<<"$dynamic" || missing+=("it is not marked as PIE") ;;
    esac
    grep -q 'BIND_NOW\|FLAGS_1.*NOW' <<<"$dynamic" || missing+=("symbols are bound late (-z now)")
    grep -q GNU_RELRO <<<"$segments" || missing+=("tables stay writable (-z relro)")
    grep -qE 'GNU_STACK.* RW +0x' <<<"$segments" || missing+=("the stack may be executable")
    ! grep -qE ' LOAD .* RWE ' <<<"$segments" || missing+=("memory is writable and executable")
    ! grep -qE '\((RPATH|RUNPATH)\)' <<<"$dynamic" || missing+=("it looks for libraries in places of its own")
    ! grep -q TEXTREL <<<"$dynamic" || missing+=("its code is changed when it is loaded")
    grep -q ' __stack_chk_fail' <<<"$symbols" || missing+=("no stack protector")
    grep -qE ' __[a-z_]+_chk(@|$)' <<<"$symbols" || missing+=("no _FORTIFY_SOURCE")
    hf_branches_marked "$file" "${hf_branch_marks[$machine]:-}" || missing+=("functions are not marked for indirect calls")
    if [ -n "$(hf_branch_property "$start")" ] && [ -z "$(hf_branch_property "$file")" ]; then
        missing+=("no property for protected branches, while $start has it")
    fi
    [ "${#missing[@]}" -eq 0 ] || { printf '%s\n' "${missing[@]}" && return 1; }
}

# hf_branches_marked FILE MARK: a platform without such a mark has nothing to look for.
hf_branches_marked() {
    [ -n "$2" ] || return 0
    [ "$(LC_ALL=C grep -oaP "$2" "$1" | wc -l)" -ge "$hf_branch_marks_least" ]
}
