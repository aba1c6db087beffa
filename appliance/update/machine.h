// SPDX-License-Identifier: Apache-2.0
/*
 * The way of a new holdfastd, as a pure step: (state, event) → state, and the effect of each state.
 * It ends in exactly one of two: the new one is installed and has proved itself, or the old one is
 * (it was put back, or never touched).
 *
 *     IDLE → CHECKING → INSTALLING → TRIAL → INSTALLED
 *                │            └────────┴→ RETURNING → PUT_BACK
 *                └→ REFUSED
 *
 * Each state is written before its effect is carried out, and effects are idempotent: whoever
 * starts carries out the effect of what is written. Nothing is touched before INSTALLING, and from
 * there on both packages lie in the folder, so that neither way needs anything else.
 *
 * state       effect    ASKED     DONE        FAILED
 * IDLE        -         CHECKING  -           -
 * CHECKING    CHECK     -         INSTALLING  REFUSED
 * INSTALLING  INSTALL   -         TRIAL       RETURNING
 * TRIAL       AWAIT     -         INSTALLED   RETURNING
 * RETURNING   RETURN    -         PUT_BACK    RETURNING (1)
 * INSTALLED   CONCLUDE  CHECKING  -           -
 * PUT_BACK    CONCLUDE  CHECKING  -           -
 * REFUSED     CONCLUDE  CHECKING  -           -
 *
 * (1) after a wait, for as long as it takes.
 */
#pragma once

#include "model/daemon.h"

enum update_event { UPDATE_ASKED, UPDATE_DONE, UPDATE_FAILED, UPDATE_EVENT_COUNT };

enum update_effect {
    UPDATE_NOTHING,
    UPDATE_CHECK,   /* request and package, and make the way back: a package of what is installed */
    UPDATE_INSTALL, /* the new package, and start its holdfastd */
    UPDATE_AWAIT,   /* its word that all is well */
    UPDATE_RETURN,  /* install the old package */
    UPDATE_CONCLUDE /* what is no longer needed goes; the old holdfastd starts */
};

/* The same state where nothing follows. */
enum hf_daemon_state update_next(enum hf_daemon_state s, enum update_event e);
enum update_effect update_effect_of(enum hf_daemon_state s);
