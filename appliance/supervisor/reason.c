// SPDX-License-Identifier: Apache-2.0
#include "supervisor/reason.h"

static const char docker[] = "Check the Docker service: systemctl status docker.";
static const char wait[] = "Wait: this comes right by itself; if it does not, restart it.";
static const char nothing[] = "Nothing: this is being put right.";
static const char read_log[] = "Read its log; restart it if nothing is said there.";

static const char *const advice[HF_REASON_COUNT] = {
    [HF_REASON_NONE] = "",
    [HF_REASON_NOT_LOOKED_YET] = "Nothing, if the Docker service answers soon.",
    [HF_REASON_NO_RELEASE] = "Set a release that says what to run.",
    [HF_REASON_FETCHING] = "Wait: how long it takes depends on the line to the registry.",
    [HF_REASON_FETCHING_NEW] = "Nothing: the old one works on until the new image is there.",
    [HF_REASON_WAITS_FOR_OTHER] = "See the service that it waits for.",
    [HF_REASON_BEING_STOPPED] = "Wait: it has some seconds to end what it is at.",
    [HF_REASON_BEING_RESTARTED] = "Wait: it has some seconds to end what it is at.",
    [HF_REASON_REPLACED_FOR_RELEASE] = nothing,
    [HF_REASON_REPLACED_FOR_CHANGE] =
        "Change limits in the dashboard, not by hand: they are put back.",
    [HF_REASON_REPLACED_FOR_PAUSE] = "To stop a service for a while, stop it in the dashboard.",
    [HF_REASON_REPLACED_FOR_STUCK_RESTART] =
        "Nothing: Docker lost track of it, and it is made anew.",
    [HF_REASON_MADE_ANEW] = nothing,
    [HF_REASON_STOPPED_BY_PERSON] = "Start it when it is to work again.",
    [HF_REASON_EXITED] = "Read the last lines of its log; nothing to do if it stays up now.",
    [HF_REASON_OUT_OF_MEMORY] = "See what it had to do then; its memory limit may be too low.",
    [HF_REASON_REMOVED_BY_HAND] = "To stop a service for good, stop it in the dashboard.",
    [HF_REASON_CRASH_LOOP] =
        "Read the last lines of its log, then restart it; it is tried again after 5 min.",
    [HF_REASON_IMAGE_MISSING] = "Check that the registry of the release answers and has the image.",
    [HF_REASON_CREATE_FAILED] = "Read the message: something of that name may be in the way.",
    [HF_REASON_START_FAILED] = "Read the service's log; a port may be taken by another program.",
    [HF_REASON_STOP_FAILED] = docker,
    [HF_REASON_REMOVE_FAILED] = docker,
    [HF_REASON_UPDATE_FAILED] =
        "It may use more memory than its new limit: it is made anew with it.",
    [HF_REASON_NO_EFFECT] = "Another program may be changing this container; see docker inspect.",
    [HF_REASON_NOT_ANSWERED_YET] = wait,
    [HF_REASON_NOT_ANSWERING] = read_log,
    [HF_REASON_DROPPED_MESSAGES] =
        "Its queue was full: see why processor or buffer are slow, or send less.",
    [HF_REASON_OWN_WORDS] = read_log,
    [HF_REASON_STARTING] = wait,
    [HF_REASON_STILL_STARTING] = read_log,
    [HF_REASON_NOT_REPORTED_YET] = wait,
    [HF_REASON_CONNECTION_ENDED] = read_log,
    [HF_REASON_SILENT] = read_log,
    [HF_REASON_NEVER_REPORTED] = read_log,
    [HF_REASON_NO_SUBSCRIBER] =
        "Read its log and the broker's: its account or the subscription may be refused.",
    [HF_REASON_BUFFER_STUCK] = "Look at the disk: full, read-only or worn out? The log says.",
    [HF_REASON_PROCESSOR_STUCK] = "See the buffer: it may be away, or refuse what comes.",
    [HF_REASON_FORWARDER_STUCK] = "Read its log and see the uplink; restart it if nothing is said.",
    [HF_REASON_WAITING_FOR_BROKER] = "See the broker: the others go on as soon as it answers.",
};

const char *
hf_reason_advice(enum hf_reason reason)
{
    return reason < HF_REASON_COUNT ? advice[reason] : "";
}
