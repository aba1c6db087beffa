#!/usr/bin/python3 -IB
# SPDX-License-Identifier: Apache-2.0
"""A processor in Python: reads field/#, writes uplink/#. See README.md beside it.

Nothing is acknowledged to the broker before the broker has acknowledged what was made of it. A lost connection
is left as it is, with a client of its own for the next one: what was not acknowledged comes again.
"""

import json
import logging
import os
import random
import signal
import sys
import time

import paho.mqtt.client as mqtt

RUN_DIR = os.environ.get("HF_RUN_DIR", "/run/holdfast")
BROKER = os.environ.get("HF_BROKER", "broker:1884")
VERSION = os.environ.get("HF_VERSION", "0.1.0")
STATUS_PERIOD_S = 2.0
LOOP_S = 0.1
KEEPALIVE_S = 15
CONNECT_TIMEOUT_S = 5.0
BACKOFF_FIRST_S = 0.2
BACKOFF_CAP_S = 5.0
INFLIGHT = 2000  # as many as the broker sends ahead of an acknowledgement
NAME = "processor"
STATUS_TOPIC = "status/" + NAME
GONE = json.dumps({"service": NAME, "state": "gone"})

log = logging.getLogger(NAME)


def process(topic, payload):
    """What becomes of one message of a device: any number of (topic, payload). Change this."""
    return [(topic, payload)]


class File:
    """credentials.json or settings.json: replaced as a whole when it changes."""

    def __init__(self, name):
        self.path = os.path.join(RUN_DIR, name)
        self.seen = None
        self.value = {}

    def changed(self):
        """True when there is something new, and it can be read. What cannot be read changes nothing."""
        try:
            st = os.stat(self.path)
            now = (st.st_ino, st.st_mtime_ns, st.st_size)
            if now == self.seen:
                return False
            with open(self.path, encoding="utf-8") as f:
                value = json.load(f)
            if not isinstance(value, dict):
                raise ValueError("expected an object")
        except FileNotFoundError:
            return False
        except (OSError, ValueError) as e:
            log.error('event=conf-wrong file=%s reason="%s"', self.path, e)
            return False
        self.seen, self.value = now, value
        return True


class Account:
    def __init__(self, credentials):
        bus = credentials.get("bus", {})
        self.user, self.password = bus.get("user"), bus.get("password")
        if not self.user or not self.password:
            raise ValueError("credentials.json has no user and password for the bus")


def new_client(client_id, clean):
    return mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean,
        protocol=mqtt.MQTTv311,
        manual_ack=not clean,
    )


def address():
    host, _, port = BROKER.rpartition(":")
    return host, int(port)


def written_bytes():
    """What this process has caused to be written to storage (proc(5))."""
    try:
        with open("/proc/self/io", encoding="utf-8") as f:
            return int(dict(line.split(":") for line in f)["write_bytes"])
    except (OSError, KeyError, ValueError):
        return 0


class Session:
    """One connection of the persistent session, from connect to loss."""

    def __init__(self, account, numbers):
        self.numbers = numbers
        self.waiting = {}  # mid of a publish → what it belongs to
        self.error = None
        self.client = c = new_client(NAME, clean=False)
        c.username_pw_set(account.user, account.password)
        c.connect_timeout = CONNECT_TIMEOUT_S
        c.max_inflight_messages_set(INFLIGHT)
        c.on_connect = self.on_connect
        c.on_subscribe = self.on_subscribe
        c.on_message = self.on_message
        c.on_publish = self.on_publish

    def on_connect(self, client, userdata, flags, reason, properties):
        if reason.is_failure:
            self.error = f"the broker refuses: {reason}"
        else:
            client.subscribe("field/#", qos=1)

    def on_subscribe(self, client, userdata, mid, reasons, properties):
        if any(r.is_failure for r in reasons):
            self.error = "the broker refuses the subscription"
            return
        self.numbers["subscribed"] = 1
        log.info("event=subscribed filter=field/#")

    def on_message(self, client, userdata, message):
        self.numbers["in"] += 1
        if message.retain:  # stored once and given again: not a new one
            self.numbers["skipped_retained"] += 1
            client.ack(message.mid, message.qos)
            return
        made = process(message.topic.removeprefix("field/"), message.payload)
        # Acknowledged with the last of what was made of it; at once where nothing was.
        left = {"count": len(made), "mid": message.mid, "qos": message.qos}
        if not made:
            client.ack(message.mid, message.qos)
        for topic, payload in made:
            sent = client.publish("uplink/" + topic, payload, qos=1)
            if sent.rc != mqtt.MQTT_ERR_SUCCESS:
                self.error = mqtt.error_string(sent.rc)
                return
            self.waiting[sent.mid] = left
        self.numbers["waiting"] = len(self.waiting)

    def on_publish(self, client, userdata, mid, reason, properties):
        left = self.waiting.pop(mid, None)
        self.numbers["waiting"] = len(self.waiting)
        if left is None:
            return
        self.numbers["out"] += 1
        left["count"] -= 1
        if left["count"] == 0 and left["qos"] > 0:
            client.ack(left["mid"], left["qos"])

    def run(self, tick):
        """Until the connection is lost, or tick() says no."""
        try:
            self.client.connect(*address(), keepalive=KEEPALIVE_S)
            while not self.error and tick():
                rc = self.client.loop(timeout=LOOP_S)
                if rc != mqtt.MQTT_ERR_SUCCESS:
                    self.error = self.error or mqtt.error_string(rc)
        except OSError as e:
            self.error = str(e)
        finally:
            self.numbers["subscribed"] = self.numbers["waiting"] = 0
            sock = self.client.socket()
            if sock is not None:
                sock.close()  # without DISCONNECT: nothing else leaves


class Status:
    """status/processor, retained, on a connection of its own whose last will says that we are gone."""

    def __init__(self, account, numbers):
        self.numbers = numbers
        self.begin = time.monotonic()
        self.published = 0.0
        self.said = None
        self.client = c = new_client(NAME + "-status", clean=True)
        c.will_set(STATUS_TOPIC, GONE, qos=1, retain=True)
        c.reconnect_delay_set(1, int(BACKOFF_CAP_S))
        self.use(account)
        c.connect_async(*address(), keepalive=10)
        c.loop_start()

    def use(self, account):
        self.client.username_pw_set(account.user + "-status", account.password)

    def say(self, reason):
        now = time.monotonic()
        state = "degraded" if reason else "ok" if self.numbers["subscribed"] else "starting"
        if not self.client.is_connected():
            self.said = None
            return
        if (state, reason) == self.said and now - self.published < STATUS_PERIOD_S:
            return
        self.said, self.published = (state, reason), now
        view = {
            "service": NAME,
            "version": VERSION,
            "state": state,
            "uptime_s": int(now - self.begin),
            "numbers": self.numbers | {"written_bytes": written_bytes()},
        }
        if reason:
            view["reason"] = reason
        self.client.publish(STATUS_TOPIC, json.dumps(view), qos=1, retain=True)

    def stop(self):
        if self.client.is_connected():
            self.client.publish(STATUS_TOPIC, GONE, qos=1, retain=True).wait_for_publish(1)
        self.client.disconnect()
        self.client.loop_stop()


class Service:
    def __init__(self):
        self.stopping = False
        self.credentials = File("credentials.json")
        self.settings = File("settings.json")
        self.numbers = dict.fromkeys(("subscribed", "in", "out", "skipped_retained", "refused", "waiting"), 0)
        self.account = None
        self.status = None
        self.reason = ""
        self.looked = 0.0
        for s in (signal.SIGTERM, signal.SIGINT):
            signal.signal(s, self.on_signal)

    def on_signal(self, number, frame):
        self.stopping = True

    def look_at_files(self):
        """True when the account is another one."""
        if self.settings.changed() and self.settings.value.get("rules"):
            self.reason = "this processor has no rules: they are not applied"
        elif not self.settings.value.get("rules"):
            self.reason = ""
        if not self.credentials.changed():
            return False
        try:
            self.account = Account(self.credentials.value)
        except ValueError as e:
            log.error('event=conf-wrong reason="%s"', e)
            return False
        return True

    def tick(self):
        now = time.monotonic()
        if now - self.looked >= 1:
            self.looked = now
            if self.look_at_files():
                self.status.use(self.account)
                return False
        self.status.say(self.reason)
        return not self.stopping

    def sleep(self, seconds):
        end = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < end:
            time.sleep(min(LOOP_S, seconds))
            if self.status:
                self.status.say(self.reason)

    def wait_for_account(self):
        said = False
        while not self.stopping and not self.look_at_files():
            if not said:
                log.info("event=waiting-for-conf file=%s", self.credentials.path)
                said = True
            self.sleep(0.25)

    def run(self):
        attempt = 0
        self.wait_for_account()
        if self.stopping:
            return
        self.status = Status(self.account, self.numbers)
        log.info("event=ready version=%s", VERSION)
        while not self.stopping:
            session = Session(self.account, self.numbers)
            begin = time.monotonic()
            session.run(self.tick)
            if self.stopping or not session.error:
                continue
            attempt = 0 if time.monotonic() - begin > BACKOFF_CAP_S else attempt + 1
            log.warning('event=broker-lost reason="%s"', session.error)
            self.sleep(random.uniform(0, min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2 ** min(attempt, 10))))
        self.status.stop()


def main():
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="time=%(asctime)s.%(msecs)03dZ level=%(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.addLevelName(logging.INFO, "info")
    logging.addLevelName(logging.WARNING, "warn")
    logging.addLevelName(logging.ERROR, "error")
    Service().run()
    log.info("event=stopped")


if __name__ == "__main__":
    main()
