// SPDX-License-Identifier: Apache-2.0
// The documented answers that contract.mjs cannot bring about on a gateway that is well, by reason, and where they are
// tested. What is listed here and is produced after all is an error there, so that the list stays true.

const ENGINE = 'GET /services/\\{name\\}/logs|(GET|PUT|POST|PATCH) /(scan|releases)\\S*';
const PEERS = '(GET|POST) /(buffer|quarantine|sinks|devices|rules)\\S*';

const rules = [
  // Something breaks inside, or the disk is full.
  [/ 500$/, 'tests/unit/api/test_conventions.c'],
  [/ 507$/, 'tests/unit/api/test_conventions.c, tests/integration/badstate.sh'],
  // A part of the record path is away, slow or talks nonsense.
  [new RegExp(`^${PEERS} 50[234]$`), 'tests/unit/api/test_peers.c'],
  // The engine is ill.
  [new RegExp(`^(${ENGINE}) 50[24]$`), 'tests/integration/engine-faults.sh, tests/unit/engine/test_client.c'],
  // There is no place for one more stream, export or command, or the gateway is about to end.
  [/ 503$/, 'tests/unit/api/test_streams.c, tests/unit/api/test_router.c'],
  // Too many wrong passwords or tokens.
  [/^(?!POST \/(claim|login) |GET \/tokens ).* 429$/, 'tests/unit/identity/test_tokens.c, test_users.c'],
  // A buffer that is ill while it is asked for its records; a release that is being applied.
  [/^POST \/backup 50[24]$/, 'tests/unit/api/test_backup.c'],
  [/^POST \/restore 409$/, 'tests/unit/api/test_backup.c, tests/unit/store/test_store_backup.c'],
  // Somebody else adds the same device between the look and the change.
  [/^POST \/devices\/accounts\/import 409$/, 'tests/unit/core/test_devices.c'],
  // A host whose network systemd-networkd has.
  [/^POST \/network 20[02]$/, 'tests/integration/network.sh'],
  [/^POST \/network\/confirm 200$/, 'tests/integration/network.sh'],
  // A gateway without a release.
  [/^GET \/release 404$/, 'tests/unit/api/test_router.c'],
  // An alarm that is over meanwhile; a sink that is being tested already.
  [/^POST \/alarms\/\{id\}\/acknowledge 409$/, 'tests/unit/api/test_router.c'],
  [/^POST \/sinks\/(\{name\}\/)?test 409$/, 'tests/unit/api/test_peers.c'],
  // A kept revision that this version does not take any more.
  [/^(GET|POST) \/config\/revisions\/\{n\}\/(diff|restore) 422$/, 'tests/unit/core/test_core.c'],
];

// Where a documented status is tested that needs a fault; undefined for what has to come about here.
export function elsewhere(method, template, status) {
  const name = `${method} ${template} ${status}`;
  return rules.find(([pattern]) => pattern.test(name))?.[1];
}
