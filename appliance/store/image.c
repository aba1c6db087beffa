// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "sql.h"
#include "store/db.h"

#include <string.h>

int
hf_store_old_images(struct hf_store *st, struct hf_release_image *ret_images, size_t max,
                    size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_image_old, "i", (int64_t)max) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max) {
        struct hf_release_image *image = &ret_images[count++];

        hf_db_text(stmt, 0, image->image_id, sizeof image->image_id);
        hf_db_text(stmt, 1, image->image, sizeof image->image);
        hf_text_put(image->repository, sizeof image->repository, "%.*s",
                    (int)strcspn(image->image, "@"), image->image);
        hf_db_text(stmt, 2, image->tag, sizeof image->tag);
    }
    if (row < 0)
        return hf_error_wrap(err, "read which images are old");
    *ret_count = count;
    return 0;
}

int
hf_store_forget_image(struct hf_store *st, const char *image_id, struct hf_error *err)
{
    return hf_db_exec(st, err, hf_sql_image_forget, "t", image_id);
}
