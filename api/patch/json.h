/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6902 (JSON Patch) with RFC 6901 pointers, in the dialect that kube-apiserver speaks: at most 10,000 operations,
 * bounded growth by "copy". Works in place; after a failure the document is of no use. Any thread. */
#ifndef API_PATCH_JSON_H
#define API_PATCH_JSON_H

#include <jansson.h>

#include "base/err.h"

#define PATCH_JSON_OPERATIONS_MAX 10000
#define PATCH_JSON_COPY_MAX_BYTES (3u << 20)

/* `patch` is the parsed body and stays as it is: nothing of it is shared with the document. Errors: BadRequest when the patch is no
 * list of operations, RequestEntityTooLarge beyond the limits, Invalid (422) when an operation can't be applied. */
int patch_json_apply(json_t **doc, const json_t *patch, struct err *err);

#endif
