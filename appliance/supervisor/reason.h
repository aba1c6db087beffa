// SPDX-License-Identifier: Apache-2.0
/*
 * Why a service is not simply at work, by name, each with one line on what a person is to do about
 * it. The text of a reason carries its numbers and is made where they are known (lifecycle_text.c,
 * health.c); the advice belongs to the reason.
 */
#pragma once

enum hf_reason {
    HF_REASON_NONE,

    /* of the lifecycle */
    HF_REASON_NOT_LOOKED_YET,
    HF_REASON_NO_RELEASE,
    HF_REASON_FETCHING,
    HF_REASON_FETCHING_NEW,
    HF_REASON_WAITS_FOR_OTHER,
    HF_REASON_BEING_STOPPED,
    HF_REASON_BEING_RESTARTED,
    HF_REASON_REPLACED_FOR_RELEASE,
    HF_REASON_REPLACED_FOR_CHANGE,
    HF_REASON_REPLACED_FOR_PAUSE,
    HF_REASON_REPLACED_FOR_STUCK_RESTART,
    HF_REASON_MADE_ANEW,
    HF_REASON_STOPPED_BY_PERSON,
    HF_REASON_EXITED,
    HF_REASON_OUT_OF_MEMORY,
    HF_REASON_REMOVED_BY_HAND,
    HF_REASON_CRASH_LOOP,
    HF_REASON_IMAGE_MISSING,
    HF_REASON_CREATE_FAILED,
    HF_REASON_START_FAILED,
    HF_REASON_STOP_FAILED,
    HF_REASON_REMOVE_FAILED,
    HF_REASON_UPDATE_FAILED,
    HF_REASON_NO_EFFECT,

    /* of the health of one that runs */
    HF_REASON_NOT_ANSWERED_YET,
    HF_REASON_NOT_ANSWERING,
    HF_REASON_DROPPED_MESSAGES,
    HF_REASON_OWN_WORDS,
    HF_REASON_STARTING,
    HF_REASON_STILL_STARTING,
    HF_REASON_NOT_REPORTED_YET,
    HF_REASON_CONNECTION_ENDED,
    HF_REASON_SILENT,
    HF_REASON_NEVER_REPORTED,
    HF_REASON_NO_SUBSCRIBER,
    HF_REASON_BUFFER_STUCK,
    HF_REASON_PROCESSOR_STUCK,
    HF_REASON_FORWARDER_STUCK,
    HF_REASON_WAITING_FOR_BROKER,

    HF_REASON_COUNT
};

/* One line, "" for HF_REASON_NONE. Never NULL. */
const char *hf_reason_advice(enum hf_reason reason);
