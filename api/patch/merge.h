/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7386 (JSON Merge Patch). In place. Any thread. */
#ifndef API_PATCH_MERGE_H
#define API_PATCH_MERGE_H

#include <jansson.h>

#include "base/err.h"

/* `patch` stays as it is: nothing of it is shared with the document. BadRequest when the patch is no object. */
int patch_merge_apply(json_t **doc, const json_t *patch, struct err *err);

#endif
