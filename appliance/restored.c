// SPDX-License-Identifier: Apache-2.0
#include "restored.h"

#include "base/log.h"
#include "base/text.h"
#include "identity/certificates.h"
#include "store/backup.h"
#include "json/json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

void
hf_restored_ask(void)
{
    kill(getpid(), HF_RESTORED_SIGNAL);
}

void
hf_restored_begin(char **argv)
{
    static const char self[] = "/proc/self/exe";
    char path[PATH_MAX];
    ssize_t len = readlink(self, path, sizeof path - 1);

    hf_log_info("event=begin-anew");
    path[len > 0 ? len : 0] = '\0';
    execv(path, argv); /* by its name, which ps and others then show */
    execv(self, argv); /* a newer one lies there meanwhile */
    hf_log_error("event=begin-anew-failed error=\"%s\"",
                 strerror(errno)); // NOLINT(concurrency-mt-unsafe)
}

int
hf_restored_certificates(struct hf_store *store, const char *state_dir, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char dir[PATH_MAX];
    int64_t at_ms;

    if (hf_store_kept(store, hf_store_kept_certificates, &at_ms, &text, NULL) < 0)
        return 0;
    if (!hf_text_put(dir, sizeof dir, "%s/tls", state_dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--state: the path is too long");
    if (hf_json_parse(text, strlen(text), &doc, NULL) == 0 && hf_json_string(doc, "own") &&
        hf_certificates_put_back(dir, hf_json_string(doc, "own"), hf_json_string(doc, "site"),
                                 hf_json_string(doc, "ca"), err) < 0)
        return hf_error_wrap(err, "put back the certificates of the backup");
    return hf_store_unkeep(store, hf_store_kept_certificates, err);
}
