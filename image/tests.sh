# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What stands before tests, soaks and benches: everything built, in the registry, an engine that answers.
: "${hf_root:?}" "${hf_build:?}" "${hf_holdfastd:?}" "${hf_release_file:?}" "${hf_receiver_file:?}"
: "${hf_socket:?}" "${hf_engine_pid_file:?}"

# The services too: tests/path.sh runs them without containers.
hf_test_targets=(holdfastd holdfast holdfast-checker holdfast-receiver holdfast-proxy
    holdfast-sink holdfast-feed holdfast-rowstore holdfast-rowserver holdfast-history holdfast-scan importer
    holdfast-crowd holdfast-mqtt-fuzz holdfast-broker holdfast-gate holdfast-processor holdfast-buffer holdfast-forwarder)

# hf_tests test|soak|bench ARGUMENTS...
hf_tests() {
    local verb=$1 program platforms disk='' packages=()
    platforms=("$(hf_platform_here)")
    shift
    case $verb in
    test) program=$hf_root/tests/run ;;
    soak) program=$hf_root/tests/fault/soak ;;
    *) program=$hf_root/tests/$verb/run ;;
    esac
    [ -x "$program" ] || hf_die "$program is not there"

    case "$verb $*" in
    "soak " | "soak "*arm64* | "soak "*package*)
        platforms+=(arm64)
        packages+=(qemu-user-static)
        ;;
    "bench " | "bench "*api*) packages+=(wrk nginx) ;;
    esac
    case "$verb $*" in
    "soak " | "soak "*boot* | "soak "*powercut* | "bench " | "bench "*boot*)
        disk=x86-64
        packages+=(qemu-system-x86 ovmf dosfstools mtools nbdkit e2fsprogs openssh-client)
        mapfile -t -O "${#packages[@]}" packages < <(hf_disk_packages "$disk")
        ;;
    esac
    hf_setup test "${packages[@]}"
    hf_build_daemon "${hf_test_targets[@]}"
    hf_build_images "${platforms[@]}"
    trap 'hf_step_abort; hf_run_end_shared >&2' EXIT
    hf_registry_start
    hf_release
    case "$verb $*" in
    "test " | "test "*package* | "test "*network* | "test "*update* | "test "*integration*) hf_package_tested 13 "$(hf_platform_here)" ;;
    "soak " | "soak "*package*)
        hf_package_options
        hf_packages
        hf_package_tested 12 "$(hf_platform_here)"
        hf_package_tested 13 "$(hf_platform_here)"
        ;;
    esac
    if [ -n "$disk" ]; then
        hf_disk_of_packages "$disk" ''
        [ "$verb" != bench ] || hf_disk_for_bench "$disk"
        HF_DISK=$(hf_disk_file "$disk")
        export HF_DISK
    fi
    # Machines of their own have an engine of their own.
    [[ "$verb $*" =~ ^(soak|bench)( (boot|powercut))+$ ]] || hf_engine_start

    export HF_ROOT=$hf_root HF_BUILD=$hf_build HF_RELEASE=$hf_release_file HF_RECEIVER=$hf_receiver_file
    HF_REGISTRY=$(hf_registry)
    HF_NODE=$(command -v node)
    HF_NPM=$(command -v npm)
    export HF_REGISTRY HF_NODE HF_NPM
    export HF_HOLDFASTD=$hf_holdfastd HF_DOCKER_SOCKET=$hf_socket
    export HF_ENGINE=$hf_root/image/engine HF_ENGINE_PID_FILE=$hf_engine_pid_file HF_ENGINE_OURS=0
    ! hf_engine_ours || HF_ENGINE_OURS=1
    "$program" "$@" 9>&-
}
