// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  arduino,
  type Connection,
  codePath,
  cText,
  espIdf,
  filesOf,
  microPython,
  publishLine,
  uri,
} from '../src/derive/snippets';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----\n';

const PLAIN: Connection = {
  name: 'd7',
  host: '192.0.2.7',
  port: 1883,
  topic: 'sensors/d7/test',
  password: 'abc',
  certificate: null,
  ca: null,
  tls: false,
};
const TLS: Connection = { ...PLAIN, port: 8883, tls: true, ca: PEM };
const BY_CERTIFICATE: Connection = {
  ...TLS,
  port: 8884,
  password: null,
  certificate: { certificate: PEM, key: PEM },
};
const ALL = [PLAIN, TLS, BY_CERTIFICATE];

describe('how a device connects', () => {
  it('has a line for a shell', () => {
    expect(publishLine(PLAIN)).toBe(
      'mosquitto_pub -h 192.0.2.7 -p 1883 -i d7 -u d7 -P abc -q 1 -t sensors/d7/test -m 21.5',
    );
    expect(publishLine(TLS)).toContain('-p 8883 -i d7 --cafile holdfast-ca.crt -u d7 -P abc');
    expect(publishLine(BY_CERTIFICATE)).toContain('--cert d7.crt --key d7.key -q 1');
    expect(publishLine(BY_CERTIFICATE)).not.toContain('-P');
  });

  it('names the files that are needed', () => {
    expect(ALL.map(filesOf)).toEqual([
      [],
      ['holdfast-ca.crt'],
      ['holdfast-ca.crt', 'd7.crt', 'd7.key'],
    ]);
  });

  it('has texts as C has them', () => {
    expect(cText('a"b\\c\n')).toBe('"a\\"b\\\\c\\012"');
    expect(cText('😀')).toBe('"😀"');
  });

  it('begins programs with all that is known', () => {
    for (const program of [arduino, espIdf]) {
      expect(program(PLAIN)).toContain('"abc"');
      expect(program(PLAIN)).not.toContain('CA');
      expect(program(TLS)).toContain('    "MIIB\\n"\n');
      expect(program(BY_CERTIFICATE)).toContain('KEY[] =\n    "-----BEGIN CERTIFICATE-----\\n"');
      expect(program(BY_CERTIFICATE)).not.toContain('"PASSWORD"');
    }
    expect(arduino(PLAIN)).toContain('mqtt.connect("d7", "d7", "abc")');
    expect(espIdf(PLAIN)).toContain('MQTT_TRANSPORT_OVER_TCP');
    expect(espIdf(TLS)).toContain('.broker.verification.certificate = CA,');
    expect(microPython(BY_CERTIFICATE)).toContain('context.load_cert_chain(CERTIFICATE, KEY)');
    expect(microPython(PLAIN)).not.toContain('ssl');
  });

  it('says where something must be put in that is not known here', () => {
    expect(publishLine({ ...PLAIN, password: null })).toContain('-P PASSWORD');
    expect(arduino({ ...BY_CERTIFICATE, certificate: { certificate: PEM, key: null } })).toContain(
      'paste d7.key here',
    );
  });

  it('has an address for a code', () => {
    expect(uri(PLAIN)).toBe('mqtt://d7:abc@192.0.2.7:1883');
    expect(uri({ ...TLS, password: 'a:b@c/ü' })).toBe(
      'mqtts://d7:a%3Ab%40c%2F%C3%BC@192.0.2.7:8883',
    );
    expect(uri({ ...PLAIN, password: null })).toBe('mqtt://d7@192.0.2.7:1883');
    expect(uri(BY_CERTIFICATE)).toBe('mqtts://192.0.2.7:8884');
    expect(new URL(uri({ ...PLAIN, host: 'fe80::1' })).port).toBe('1883');
  });

  it('draws each dark module once', () => {
    expect(
      codePath([
        [true, true, false],
        [false, false, false],
        [true, false, true],
      ]),
    ).toBe('M0 0h2v1h-2zM0 2h1v1h-1zM2 2h1v1h-1z');
  });
});
