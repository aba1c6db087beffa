// SPDX-License-Identifier: Apache-2.0
#include "cli/groups.h"

const struct cli_group *const cli_groups[] = {
    &cli_group_gateway,   &cli_group_services, &cli_group_records,     &cli_group_devices,
    &cli_group_releases,  &cli_group_config,   &cli_group_backup,      &cli_group_network,
    &cli_group_reset,     &cli_group_accounts, &cli_group_certificate, &cli_group_session,
    &cli_group_provision,
};
const size_t cli_group_count = HF_LEN(cli_groups);
