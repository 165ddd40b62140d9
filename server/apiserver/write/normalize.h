/* SPDX-License-Identifier: Apache-2.0 */
/* What upstream's conversions between the served and the internal form do to fields that come in two spellings: Secret.stringData
 * becomes data, a pod's serviceAccount and serviceAccountName are one. After every decode and patch. Pure. */
#ifndef SERVER_APISERVER_WRITE_NORMALIZE_H
#define SERVER_APISERVER_WRITE_NORMALIZE_H

#include <jansson.h>

#include "api/type.h"

void normalize_tree(const struct api_resource *res, json_t *tree);

/* Only what an empty metadata.managedFields means: an applied configuration keeps its spellings, for they are owned as written. */
void normalize_managed(json_t *tree);

/* Of a whole object, not of an applied configuration: with what upstream's conversion puts into every one (apps/v1 keeps a
 * DaemonSet's templateGeneration in an annotation). */
void normalize_whole(const struct api_resource *res, json_t *tree);

#endif
