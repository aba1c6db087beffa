// SPDX-License-Identifier: Apache-2.0
/* Blobs from a registry, by holdfast-fetch: one run of it for each. */
#include "base/text.h"
#include "import/child.h"
#include "import/import.h"
#include "model/sha256.h"
#include "json/json.h"

#include <string.h>

struct hf_remote {
    char *program;
    const struct hf_registry_settings *registry;
    struct hf_import_watch watch;
    int64_t stall_ms;
    struct hf_child child;
};

int
hf_remote_new(const struct hf_remote_config *config, struct hf_remote **ret_remote,
              struct hf_error *err)
{
    HF_AUTO(hf_remote) struct hf_remote *r = calloc(1, sizeof *r);

    if (!r)
        return hf_error_nomem(err);
    r->child = (struct hf_child){.out = -1, .err = -1};
    r->registry = config->registry;
    r->watch = config->watch;
    r->stall_ms = config->stall_ms;
    r->program = strdup(config->program);
    if (!r->program)
        return hf_error_nomem(err);
    *ret_remote = hf_steal(&r);
    return 0;
}

void
hf_remote_free(struct hf_remote *r)
{
    if (!r)
        return;
    hf_child_end(&r->child);
    free(r->program);
    free(r);
}

/* Where the settings are not for the registry that is asked, its secrets stay here; the way out is
 * the same. */
static void
put_access(const struct hf_registry_settings *s, const char *host, struct hf_json *o)
{
    hf_json_put_int(o, "max_bytes_per_s", s->max_bytes_per_s);
    hf_json_put_string(o, "proxy", s->proxy);
    hf_json_put_string(o, "proxy_user", s->proxy_user);
    hf_json_put_string(o, "proxy_password", s->proxy_password);
    if (strcmp(s->host, host) != 0)
        return;
    hf_json_put_string(o, "ca_pem", s->ca_pem);
    hf_json_put_string(o, "user", s->user);
    hf_json_put_string(o, "password", s->password);
    hf_json_put_string(o, "token_host", s->token_host);
}

static int
start(struct hf_remote *r, const char *host, const char *repository, const char *kind,
      const char *reference, uint64_t size, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    char *text = NULL;
    int rc;

    if (!*host)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "no registry is set to fetch from: registry.host");
    hf_json_put_string(o, "host", host);
    hf_json_put_string(o, "repository", repository);
    hf_json_put_string(o, "kind", kind);
    hf_json_put_string(o, "reference", reference);
    hf_json_put_int(o, "size", (int64_t)size);
    hf_json_put_int(o, "stall_ms", r->stall_ms);
    put_access(r->registry, host, o);
    if (hf_json_print(o, &text, err) < 0)
        return -1;
    hf_child_end(&r->child);
    rc = hf_child_start(&r->child, r->program, text, strlen(text), &r->watch, err);
    explicit_bzero(text, strlen(text));
    free(text);
    return rc;
}

static int
read_all(struct hf_remote *r, struct hf_buf *out, struct hf_error *err)
{
    char data[4096];
    size_t len = 0;

    do {
        if (hf_child_read(&r->child, data, sizeof data, &len, err) < 0 ||
            hf_buf_add(out, data, len, err) < 0)
            return -1;
    } while (len > 0);
    return 0;
}

static int
document(void *context, const struct hf_import_pin *pin, const char *digest, bool is_manifest,
         struct hf_buf *out, struct hf_error *err)
{
    struct hf_remote *r = context;

    if (start(r, pin->host, pin->repository, is_manifest ? "manifest" : "config", digest, 0, err) <
        0)
        return -1;
    return read_all(r, out, err);
}

int
hf_remote_document(struct hf_remote *r, const char *host, const struct hf_registry_document *what,
                   struct hf_buf *out, struct hf_error *err)
{
    static const char *const kinds[] = {[HF_REGISTRY_TAGS] = "tags",
                                        [HF_REGISTRY_MANIFEST] = "manifest",
                                        [HF_REGISTRY_BLOB] = "config"};
    const char *reference = what->reference;
    char found[HF_DIGEST_SIZE];
    size_t from = out->len;

    if (start(r, host, what->repository, kinds[what->kind], reference, 0, err) < 0 ||
        read_all(r, out, err) < 0)
        return -1;
    hf_sha256_of(out->data ? out->data + from : "", out->len - from, found);
    if (!hf_sha256_is_digest(reference) || strcmp(found, reference) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "what came as %s is %s", reference, found);
}

static int
begin(void *context, const struct hf_import_layer *layers, size_t count, size_t *ret_index,
      struct hf_error *err)
{
    const struct hf_import_layer *l;

    *ret_index = hf_import_first_wanted(layers, count);
    l = &layers[*ret_index];
    return start(context, l->pin->host, l->pin->repository, "blob", l->blob.digest, l->blob.size,
                 err);
}

static int
read_blob(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct hf_remote *r = context;

    return hf_child_read(&r->child, out, size, ret_len, err);
}

struct hf_import_source
hf_remote_source(struct hf_remote *r)
{
    static const struct hf_import_source_ops ops = {
        .document = document,
        .begin = begin,
        .read = read_blob,
    };

    return (struct hf_import_source){&ops, r};
}
