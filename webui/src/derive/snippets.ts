// SPDX-License-Identifier: Apache-2.0
// What a device is told to do with its account: a line for a shell, and beginnings of programs.
import { devices } from '../text';

const { code } = devices;

export interface Connection {
  name: string;
  host: string;
  port: number;
  topic: string;
  /** By which it proves itself; null where it is not known here. */
  password: string | null;
  /** As PEM, where it comes by one; each null where it is not known here. */
  certificate: { certificate: string | null; key: string | null } | null;
  /** As PEM; null for plain MQTT. */
  ca: string | null;
  tls: boolean;
}

export const CA_FILE = 'holdfast-ca.crt';
const VALUE = '21.5';

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A text as C has it. Bytes that are no ASCII stay: sources are UTF-8. */
export function cText(text: string): string {
  const inside = [...text].map((c) => {
    if (c === '"' || c === '\\') return `\\${c}`;
    return c < ' ' || c === '\u007f' ? `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}` : c;
  });
  return `"${inside.join('')}"`;
}

/** A PEM as C has it, a line a line. */
function cPem(pem: string | null, otherwise: string): string {
  if (pem === null) return `    ${cText('')} /* ${otherwise} */`;
  return pem
    .trim()
    .split('\n')
    .map((line) => `    "${line.trim()}\\n"`)
    .join('\n');
}

/** The first part of a PEM without its frame. */
function pemBody(pem: string): string {
  const [, body = ''] = /-----BEGIN [^-]+-----([\s\S]*?)-----END/.exec(pem) ?? [];
  return body.trim();
}

const password = (c: Connection) => c.password ?? code.passwordHere;

/** Names of the files that its line needs beside it. */
export function filesOf({ name, tls, certificate }: Connection): string[] {
  return [...(tls ? [CA_FILE] : []), ...(certificate ? [`${name}.crt`, `${name}.key`] : [])];
}

/** A line for a shell that publishes one value. */
export function publishLine(c: Connection): string {
  return [
    `mosquitto_pub -h ${quoted(c.host)} -p ${c.port} -i ${c.name}`,
    ...(c.tls ? [`--cafile ${CA_FILE}`] : []),
    c.certificate
      ? `--cert ${c.name}.crt --key ${c.name}.key`
      : `-u ${c.name} -P ${quoted(password(c))}`,
    `-q 1 -t ${quoted(c.topic)} -m ${VALUE}`,
  ].join(' ');
}

/** The texts that a program in C has to have in it. */
function cTexts(c: Connection): string[] {
  if (!c.tls) return [];
  const ca = ['', 'static const char CA[] =', `${cPem(c.ca, code.caHere)};`];
  if (!c.certificate) return ca;
  const { certificate, key } = c.certificate;
  return [
    ...ca,
    '',
    'static const char CERTIFICATE[] =',
    `${cPem(certificate, code.certificateHere(c.name))};`,
    '',
    'static const char KEY[] =',
    `${cPem(key, code.keyHere(c.name))};`,
  ];
}

/** With which library a device is sure that the gateway has a message: PubSubClient knows QoS 0 only. */
export function arduino(c: Connection): string {
  const login = c.certificate
    ? cText(c.name)
    : `${cText(c.name)}, ${cText(c.name)}, ${cText(password(c))}`;
  return [
    `// ${code.arduinoLibrary}`,
    '#include <WiFi.h>',
    ...(c.tls ? ['#include <WiFiClientSecure.h>'] : []),
    '#include <MQTT.h>',
    ...cTexts(c),
    '',
    c.tls ? 'WiFiClientSecure net;' : 'WiFiClient net;',
    'MQTTClient mqtt(512);',
    '',
    'void setup() {',
    `  WiFi.begin(${cText(code.network)}, ${cText(code.networkPassword)});`,
    '  while (WiFi.status() != WL_CONNECTED) delay(200);',
    ...(c.tls ? ['  net.setCACert(CA);'] : []),
    ...(c.certificate ? ['  net.setCertificate(CERTIFICATE);', '  net.setPrivateKey(KEY);'] : []),
    `  mqtt.begin(${cText(c.host)}, ${c.port}, net);`,
    '}',
    '',
    'void loop() {',
    `  if (!mqtt.connected() && !mqtt.connect(${login})) {`,
    '    delay(1000);',
    '    return;',
    '  }',
    '  mqtt.loop();',
    `  // ${code.acknowledged}`,
    `  mqtt.publish(${cText(c.topic)}, ${cText(VALUE)}, false, 1);`,
    '  delay(5000);',
    '}',
    '',
  ].join('\n');
}

export function espIdf(c: Connection): string {
  const secure = c.tls ? 'MQTT_TRANSPORT_OVER_SSL' : 'MQTT_TRANSPORT_OVER_TCP';
  return [
    `// ${code.espStart}`,
    '#include "mqtt_client.h"',
    ...cTexts(c),
    '',
    'static void on_event(void *arg, esp_event_base_t base, int32_t id, void *data)',
    '{',
    '    esp_mqtt_event_handle_t event = data;',
    '',
    '    if (id == MQTT_EVENT_CONNECTED)',
    `        esp_mqtt_client_publish(event->client, ${cText(c.topic)}, ${cText(VALUE)}, 0, 1, 0);`,
    '}',
    '',
    'void gateway_start(void)',
    '{',
    '    const esp_mqtt_client_config_t config = {',
    `        .broker.address.hostname = ${cText(c.host)},`,
    `        .broker.address.port = ${c.port},`,
    `        .broker.address.transport = ${secure},`,
    ...(c.tls ? ['        .broker.verification.certificate = CA,'] : []),
    `        .credentials.client_id = ${cText(c.name)},`,
    ...(c.certificate
      ? [
          '        .credentials.authentication.certificate = CERTIFICATE,',
          '        .credentials.authentication.key = KEY,',
        ]
      : [
          `        .credentials.username = ${cText(c.name)},`,
          `        .credentials.authentication.password = ${cText(password(c))},`,
        ]),
    '    };',
    '    esp_mqtt_client_handle_t client = esp_mqtt_client_init(&config);',
    '',
    '    esp_mqtt_client_register_event(client, ESP_EVENT_ANY_ID, on_event, NULL);',
    '    esp_mqtt_client_start(client);',
    '}',
    '',
  ].join('\n');
}

/** Older versions take DER only: it is made of what stands in the PEM. */
function pyDer(name: string, pem: string | null, otherwise: string): string[] {
  if (pem === null) return [`${name} = b"" # ${otherwise}`];
  return [`${name} = binascii.a2b_base64("""`, pemBody(pem), '""")'];
}

function pyContext(c: Connection): string[] {
  if (!c.tls) return [];
  return [
    `ntptime.settime() # ${code.clock}`,
    'context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)',
    'context.verify_mode = ssl.CERT_REQUIRED',
    'context.load_verify_locations(cadata=CA)',
    ...(c.certificate ? ['context.load_cert_chain(CERTIFICATE, KEY)'] : []),
  ];
}

export function microPython(c: Connection): string {
  const name = JSON.stringify(c.name);
  const more = [
    ...(c.certificate ? [] : [`user=${name}, password=${JSON.stringify(password(c))}`]),
    'keepalive=60',
    ...(c.tls ? ['ssl=context'] : []),
  ];
  return [
    ...(c.tls ? ['import binascii, ntptime, ssl'] : []),
    `from umqtt.simple import MQTTClient # ${code.mip}`,
    '',
    ...(c.tls ? pyDer('CA', c.ca, code.caHere) : []),
    ...(c.certificate
      ? [
          ...pyDer('CERTIFICATE', c.certificate.certificate, code.certificateHere(c.name)),
          ...pyDer('KEY', c.certificate.key, code.keyHere(c.name)),
        ]
      : []),
    ...pyContext(c),
    `client = MQTTClient(${name}, ${JSON.stringify(c.host)}, port=${c.port},`,
    `                    ${more.join(', ')})`,
    'client.connect()',
    `client.publish(${JSON.stringify(c.topic)}.encode(), ${JSON.stringify(VALUE)}.encode(), qos=1)`,
    'client.disconnect()',
    '',
  ].join('\n');
}

/** For a phone's camera: where to go, and as whom where that is short enough. */
export function uri(c: Connection): string {
  const who = c.certificate
    ? ''
    : [c.name, ...(c.password === null ? [] : [c.password])].map(encodeURIComponent).join(':');
  const host = c.host.includes(':') ? `[${c.host}]` : c.host;
  return `${c.tls ? 'mqtts' : 'mqtt'}://${who && `${who}@`}${host}:${c.port}`;
}

/** Modules of a code as one path of an SVG; a row's neighbours are one piece. */
export function codePath(rows: readonly (readonly boolean[])[]): string {
  const pieces: string[] = [];
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      let end = x;
      while (row[end]) end++;
      pieces.push(`M${x} ${y}h${end - x}v1h-${end - x}z`);
      x = end;
    }
  });
  return pieces.join('');
}
