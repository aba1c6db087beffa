// SPDX-License-Identifier: Apache-2.0
/* What the plugin in mosquitto (gate.c) says to PID 1: retained numbers, when they change. And what
 * PID 1 tells it, since a plugin hears no $SYS topics: a number in the status message. */
#pragma once

#define HF_GATE_TOPIC_SESSIONS "$SYS/broker/holdfast/device sessions"        /* left by devices */
#define HF_GATE_TOPIC_REFUSED "$SYS/broker/holdfast/device sessions refused" /* since the start */
/* Connections past what one address may have, since the start, and whose the last one was. */
#define HF_GATE_TOPIC_CALLERS "$SYS/broker/holdfast/connections refused"
#define HF_GATE_TOPIC_CALLER "$SYS/broker/holdfast/connections refused of"

#define HF_GATE_STATUS_TOPIC "status/broker"
#define HF_GATE_STATUS_USER "broker-status"
/* Sessions without a connection, whosever they are. */
#define HF_GATE_SESSIONS_AWAY "sessions_away"
