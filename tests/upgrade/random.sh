# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Upgrades back and forth, each with a random fault a while after its beginning. Before it come a private gateway,
# variants.sh with good-forwarder, good-processor and ends, and random_releases.
: "${work:?}" "${gw:?}"

random_names=(good-one good-two good-both bad)
random_faults=(none none holdfastd holdfastd-twice processor forwarder give-up)
[ "${HF_ENGINE_OURS:-0}" != 1 ] || random_faults+=(dockerd power)

random_releases() {
    release_of good-one forwarder=good-forwarder
    release_of good-two processor=good-processor
    release_of good-both forwarder=good-forwarder processor=good-processor
    release_of bad processor=ends
}

random_pause() { sleep "$((RANDOM % 4)).$((RANDOM % 10))"; }

kill_holdfastd() {
    gateway_end_daemon KILL
    gateway_start
    gateway_login
}

kill_once() {
    local pid
    pid=$(host_pid "$1")
    [ "${pid:-0}" -le 1 ] || kill -KILL "$pid" 2>/dev/null
}

# Both at once: what holdfastd has written is what it goes on from.
kill_both() {
    kill -KILL "$(gw_pid)"
    kill_dockerd
    gateway_end_daemon KILL
    gateway_start
    gateway_login
}

random_fault() {
    case $1 in
    holdfastd) kill_holdfastd ;;
    holdfastd-twice)
        kill_holdfastd
        random_pause
        kill_holdfastd
        ;;
    processor | forwarder) kill_once "$1" || true ;; # it may be away just now
    give-up) gateway_prove && api POST /releases/rollback ;;          # where it has ended: the way back, or a conflict
    dockerd) kill_dockerd ;;
    power) kill_both ;;
    esac
}

# Another one than what runs, and first those that were not yet: what was never applied keeps the images it has.
random_pick() {
    local name left=() others=()
    for name in "${random_names[@]}"; do
        [ "$name" != "$1" ] || continue
        others+=("$name")
        grep -qx "$name" "$work/applied" || left+=("$name")
    done
    [ "${#left[@]}" -eq 0 ] || others=("${left[@]}")
    picked=${others[RANDOM % ${#others[@]}]}
}

upgrade_rests() { api GET /releases/upgrade | jq -e '.finished != null'; }

# What proves nothing against a good release must not lead back.
random_end_is_right() {
    case $1:$2:$3 in
    bad:*:failed | good-*:*:succeeded) ;;
    good-*:processor:failed | good-*:forwarder:failed | good-*:give-up:failed) ;;
    *)
        echo "the upgrade to $1 with the fault '$2' has $3"
        return 1
        ;;
    esac
}

one_random_upgrade() {
    local from what operation
    from=$(api_get /release .name)
    random_pick "$from"
    what=${random_faults[RANDOM % ${#random_faults[@]}]}
    echo "upgrade $1: $from to $picked, $what"
    echo "$picked" >>"$work/applied"
    begin "$picked"
    operation=$(cat "$work/operation")
    random_pause
    random_fault "$what"
    wait_until 300 upgrade_rests
    random_end_is_right "$picked" "$what" "$(api_get "/operations/$operation" .state)"
    wait_until 120 all_as_released
    api_get "/operations/$operation" .state >>"$work/ends"
}

# random_upgrades COUNT
random_upgrades() {
    local i
    touch "$work/applied"
    for ((i = 1; i <= $1; i++)); do
        one_random_upgrade "$i"
        [ "$i" -ne 2 ] || what_is_there >"$work/before"
    done
    note "$(sort "$work/ends" | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')"
}

what_is_there() {
    docker ps -aq --filter "name=^$gw-" | wc -l
    docker volume ls -q --filter "name=^$gw-" | wc -l
    docker network ls -q --filter "name=^$gw-" | wc -l
}

daemon_descriptors() { find "/proc/$(gw_pid)/fd" -type l | wc -l; }
daemon_kb() { awk '/VmRSS/ { print $2 }' "/proc/$(gw_pid)/status"; }
