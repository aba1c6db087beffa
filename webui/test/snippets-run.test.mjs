// SPDX-License-Identifier: Apache-2.0
// What a device is told, run by what reads it: a shell, Python, a C compiler.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { arduino, espIdf, microPython, publishLine } from '../src/derive/snippets';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-snippets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----\n';
const HOSTILE = { topic: 'a/"\\ $x`\'😀/ש', password: '"\\\'; rm -rf / #\n%s' };
const PLAIN = {
  name: 'd7',
  host: '192.0.2.7',
  port: 1883,
  password: null,
  certificate: null,
  ca: null,
  tls: false,
  ...HOSTILE,
};
const TLS = { ...PLAIN, tls: true, ca: PEM };
const BADGE = { ...TLS, certificate: { certificate: PEM, key: PEM } };
const UNKNOWN = { ...BADGE, password: null, certificate: { certificate: null, key: null } };

/** As much of what they include as their beginnings use. */
const ESP = `
#include <stddef.h>
#include <stdint.h>
typedef const char *esp_event_base_t;
typedef struct esp_mqtt_client *esp_mqtt_client_handle_t;
typedef struct { esp_mqtt_client_handle_t client; } *esp_mqtt_event_handle_t;
enum { MQTT_EVENT_CONNECTED = 1, ESP_EVENT_ANY_ID = -1 };
enum transport { MQTT_TRANSPORT_OVER_TCP, MQTT_TRANSPORT_OVER_SSL };
typedef struct {
    struct {
        struct { const char *hostname; uint32_t port; enum transport transport; } address;
        struct { const char *certificate; } verification;
    } broker;
    struct {
        const char *client_id, *username;
        struct { const char *password, *certificate, *key; } authentication;
    } credentials;
} esp_mqtt_client_config_t;
esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t *);
int esp_mqtt_client_register_event(esp_mqtt_client_handle_t, int,
                                   void (*)(void *, esp_event_base_t, int32_t, void *), void *);
int esp_mqtt_client_start(esp_mqtt_client_handle_t);
int esp_mqtt_client_publish(esp_mqtt_client_handle_t, const char *, const char *, int, int, int);
`;
const ARDUINO = `
#include <stddef.h>
enum { WL_CONNECTED = 3 };
struct Wifi { void begin(const char *, const char *); int status(); };
extern Wifi WiFi;
void delay(unsigned);
struct WiFiClient {};
struct WiFiClientSecure : WiFiClient {
    void setCACert(const char *); void setCertificate(const char *); void setPrivateKey(const char *);
};
struct MQTTClient {
    MQTTClient(int);
    void begin(const char *, int, WiFiClient &);
    bool connect(const char *, const char * = 0, const char * = 0);
    bool connected(); bool loop();
    bool publish(const char *, const char *, bool, int);
};
`;

function compiles(file, program) {
  writeFileSync(join(folder, file), program);
  execFileSync('clang-19', ['-fsyntax-only', '-Wall', '-Werror', '-I', folder, file], {
    cwd: folder,
  });
}

/** Programs have to be started for them. */
describe('how a device connects, run', { timeout: 120_000 }, () => {
  it('can have any password and topic in a shell', () => {
    const line = publishLine(PLAIN).replace('mosquitto_pub', "printf '%s\\0'");
    const said = execFileSync('sh', ['-c', line]).toString().split('\0');
    expect(said).toContain(HOSTILE.password);
    expect(said).toContain(HOSTILE.topic);
  });

  it('can have any password and topic in Python', () => {
    const program = microPython(TLS);
    const fake = [
      'import sys, types, json, binascii',
      'for n in ("umqtt", "umqtt.simple", "ntptime"): sys.modules[n] = types.ModuleType(n)',
      'class MQTTClient:',
      '    def __init__(self, name, host, **more): self.more = more',
      '    def connect(self): pass',
      '    def publish(self, topic, value, qos): print(json.dumps([topic.decode(), value.decode(), qos, self.more["password"]]))',
      '    def disconnect(self): pass',
      'class Context:',
      '    def __init__(self, kind): pass',
      '    def load_verify_locations(self, cadata): assert cadata == binascii.a2b_base64("MIIBAAAA"), cadata',
      'sys.modules["umqtt.simple"].MQTTClient = MQTTClient',
      'sys.modules["ntptime"].settime = lambda: None',
      'import ssl',
      'ssl.SSLContext = Context',
    ].join('\n');
    const said = execFileSync('python3', ['-c', `${fake}\n${program}`]).toString();
    expect(JSON.parse(said)).toEqual([HOSTILE.topic, '21.5', 1, HOSTILE.password]);
  });

  it.each([PLAIN, TLS, BADGE, UNKNOWN])('is C for ESP-IDF (%#)', (connection) => {
    writeFileSync(join(folder, 'mqtt_client.h'), ESP);
    compiles('main.c', espIdf(connection));
  });

  it.each([PLAIN, TLS, BADGE, UNKNOWN])('is C++ for Arduino (%#)', (connection) => {
    for (const name of ['WiFi.h', 'WiFiClientSecure.h']) writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'MQTT.h'), ARDUINO);
    compiles('main.cpp', arduino(connection));
  });
});
