// SPDX-License-Identifier: Apache-2.0
import type { Alarm, Incident, PathName, Service, State } from '../src/api/types';

const NAMES: PathName[] = ['broker', 'processor', 'buffer', 'forwarder'];
const AT = '2026-11-24T03:01:34.000Z';

export function service(name: string, change: Partial<Service> = {}): Service {
  return {
    name,
    title: name,
    desired: 'running',
    state: 'running',
    health: 'healthy',
    reason: '',
    advice: '',
    since: AT,
    uptime_s: 60,
    restarts: 0,
    exit_code: null,
    oom_killed: false,
    container: { id: '4f0c', name },
    image: null,
    limits: {
      memory_bytes: 64 * 1024 ** 2,
      memory_reservation_bytes: 32 * 1024 ** 2,
      cpus: 1,
      pids: 32,
      io_weight: null,
      log_bytes: 8 * 1024 ** 2,
      oom_score_adj: 0,
      relaxations: [],
    },
    usage: {
      memory_bytes: 512,
      memory_peak_bytes: 1024,
      cpu_percent: 1,
      pids: 2,
      throttled_percent: 0,
      net_rx_bytes: 1000,
      net_tx_bytes: 2000,
      io_read_bytes: 0,
      io_write_bytes: null,
      psi: null,
    },
    user: '10001:10001',
    read_only: true,
    ports: [],
    volumes: [],
    networks: [],
    numbers: {},
    rates: { in: 10, out: 10 },
    own: false,
    depends_on: [],
    mounts: [],
    hardening: {
      user: '10001:10001',
      read_only: true,
      cap_drop: ['ALL'],
      no_new_privileges: true,
    },
    ...change,
  };
}

/** A gateway that delivers ten records a second. */
export function stateWith(change: Partial<State> = {}): State {
  return {
    at: AT,
    gateway: {
      id: 'hf-1a2b3c4d',
      name: 'holdfast',
      version: '0.1.0',
      started: AT,
      time: AT,
      clock_synced: true,
      claimed: true,
      fingerprint: 'SHA256:AA',
      engine: { state: 'ok', version: '20.10', api_version: '1.41', detail: '', warnings: [] },
      host: {
        hostname: 'box',
        cpu_percent: 5,
        load1: 0.1,
        memory_used_bytes: 100,
        memory_total_bytes: 1000,
        disk_used_bytes: 100,
        disk_total_bytes: 1000,
        temperature_c: null,
        uptime_s: 60,
        cgroup: 'v2',
        cores: 4,
        disks: [],
        flash: null,
        psi: null,
        clock: { synchronised: true, floor: null },
      },
      daemon: { rss_bytes: 1, cpu_percent: 0 },
      field: { address: '192.0.2.1', port: 1883 },
    },
    services: NAMES.map((name) => service(name)),
    buffer: {
      state: 'ok',
      reason: '',
      held: 3,
      oldest: AT,
      in_per_s: 10,
      out_per_s: 10,
      disk_bytes: 4096,
      disk_limit_bytes: 65536,
      accepted: 103,
      delivered: 100,
      dropped: 0,
      quarantined: 0,
      epoch: '9f2c11ab',
      window_ms: 50,
      drain_s: null,
      full_s: null,
      updated: AT,
    },
    uplink: {
      state: 'delivering',
      url: 'https://ingest.example.com/v1',
      last_success: AT,
      last_error: '',
      last_status: 200,
      next_try: null,
      attempt: 0,
      away_since: null,
    },
    release: null,
    alarms: { active: 0, unacknowledged: 0, worst: null },
    sentence: { level: 'ok', eyebrow: 'All is well', title: 'All data delivered.', detail: '' },
    ...change,
  };
}

export function alarm(change: Partial<Alarm> = {}): Alarm {
  return {
    id: '7',
    kind: 'out_of_memory',
    subject: 'buffer',
    severity: 'bad',
    cause: 'peak 64 MB of 64 MB',
    advice: 'Give it more memory.',
    raised: '2026-11-24T03:00:00.000Z',
    last: AT,
    count: 1,
    acknowledged: null,
    cleared: null,
    ...change,
  };
}

export function incident(change: Partial<Incident> = {}): Incident {
  return {
    id: '123',
    service: 'buffer',
    kind: 'exit',
    at: AT,
    found: 'exited with code 139 after 42 s (SIGSEGV)',
    done: 'Docker starts it again, wait 0.8 s',
    exit_code: 139,
    oom_killed: false,
    uptime_s: 42,
    restarts: 1,
    image: null,
    log_lines: 20,
    ...change,
  };
}
