#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Faults of the record path while numbered messages flow: each in turn, then a seeded mix. After each: nothing lost,
# the books balance, no gap. Plain processes, no containers: tests/path.sh.
# usage: tests/fault/path-faults.sh   HF_SEED: another mix. HF_FAULT_MIX_S: how long (20). HF_FAULT_MESSAGES: per fault
#                                     (2000). HF_FAULT_STOP_S: how long the buffer is stopped by SIGSTOP (30).
# shellcheck source=../path.sh
. "$(dirname "$0")/../path.sh"
here=$(cd "$(dirname "$0")/path" && pwd)

seed=${HF_SEED:-20}
messages=${HF_FAULT_MESSAGES:-2000}
mix_seconds=${HF_FAULT_MIX_S:-20}
stop_seconds=${HF_FAULT_STOP_S:-30}
rate=1000
tmpfs_mib=192
RANDOM=$((seed % 32768))
path_new

# shellcheck source=path/flow.sh
. "$here/flow.sh"
# shellcheck source=path/services.sh
. "$here/services.sh"
# shellcheck source=path/uplink.sh
. "$here/uplink.sh"
# shellcheck source=path/disk.sh
. "$here/disk.sh"
# shellcheck source=path/policies.sh
. "$here/policies.sh"
# shellcheck source=path/mix.sh
. "$here/mix.sh"

check starts
need
fault a_service_has_one_supervisor
fault pain_04_buffer_killed_keeps_what_it_acknowledged
fault direct_and_by_the_broker_at_once_lose_nothing
fault pain_08_forwarder_killed_loses_nothing
fault processor_killed_loses_nothing
fault pain_08_answers_cut_off_lose_nothing
fault connections_reset_lose_nothing
fault slow_uplink_loses_nothing
fault late_answers_lose_nothing
fault pain_09_uplink_away_and_back_keeps_all_in_order
fault silent_uplink_loses_nothing
fault answers_of_500_and_429_at_random_lose_nothing
fault answers_of_400_at_random_put_no_batch_aside
fault alarms_pass_a_backlog
fault receiver_away_loses_nothing
fault pain_10_the_same_settings_again_change_nothing
fault rules_changed_while_they_flow_lose_nothing
fault stopped_buffer_loses_nothing
fault clock_jumps_by_an_hour_lose_nothing
fault broker_killed_loss_is_measured
fault pain_23_bytes_written_are_bounded_and_shown
# Numbers may be missing from here on, until all begins anew on a small disk.
fault pain_05_damaged_buffer_file_is_survived
fault pain_06_damage_is_reported_to_the_record
if check small_disk; then
    fault full_disk_and_freed_again_loses_nothing
    fault buffer_started_on_a_full_disk_loses_nothing
    fault pain_12_cap_in_bytes_is_kept
    fault pain_12_drop_oldest_names_every_hole
    fault pain_12_drop_lower_first_spares_the_higher_lanes
    fault random_mix_loses_nothing
fi
finish
