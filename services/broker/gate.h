// SPDX-License-Identifier: Apache-2.0
/* What the plugin in mosquitto (gate.c) says to PID 1: retained numbers, when they change. */
#pragma once

#define HF_GATE_TOPIC_SESSIONS "$SYS/broker/holdfast/device sessions"        /* left by devices */
#define HF_GATE_TOPIC_REFUSED "$SYS/broker/holdfast/device sessions refused" /* since the start */
