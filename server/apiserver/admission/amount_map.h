/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of resources as they stand in objects, {"cpu": "100m", …}: sums, maxima, and what a pod asks for as a whole. Values that are no
 * quantities count as absent. Functions that end in _new give a tree to its caller. */
#ifndef SERVER_APISERVER_ADMISSION_AMOUNT_MAP_H
#define SERVER_APISERVER_ADMISSION_AMOUNT_MAP_H

#include <jansson.h>

#include "api/values/quantity.h"

bool amount_get(const json_t *map, const char *name, struct quantity *out); /* false: absent */
void amount_put(json_t *map, const char *name, struct quantity q);
void amount_map_add(json_t *to, const json_t *from);
void amount_map_max(json_t *to, const json_t *from);
/* "cpu=1,pods=3": by name, those that `only` has, too (NULL: all). */
void amount_map_text(const json_t *map, const json_t *only, struct buf *out);
void amount_map_names(const json_t *map, struct buf *out); /* "cpu,pods" */
/* `v` as upstream prints a quantity. */
const char *amount_text(const json_t *v, char out[QUANTITY_TEXT_MAX]);

enum { AMOUNT_OVERHEAD = 1 << 0, AMOUNT_STATUS = 1 << 1 };
/* The sum over the containers, or what init containers need if that is more; amounts of the pod itself come first. `what` is "requests" or
 * "limits". AMOUNT_OVERHEAD: the runtime class' overhead, too. AMOUNT_STATUS: what was allocated counts when it is more. */
json_t *pod_amounts_new(const json_t *pod, const char *what, unsigned flags);

#endif
