/* SPDX-License-Identifier: Apache-2.0 */
/* Objects at rest as C structs (generated/api_structs.h), straight from their bytes, and structs as JSON. Everything a
 * decoded struct points to lives in the arena. Fields that the schema doesn't know are passed over. Any thread.
 *
 *	struct core_v1_pod pod;
 *	r = object_decode(o, &arena, api_struct_core_v1_pod, &pod, err); */
#ifndef API_DECODE_H
#define API_DECODE_H

#include "api/object/object.h"
#include "base/arena.h"
#include "generated/api_structs.h"

int object_decode(const struct object *o, struct arena *a, const struct api_struct *desc, void *out,
		  struct err *err);
int struct_read_json(struct str json, struct arena *a, const struct api_struct *desc, void *out,
		     struct err *err); /* BadRequest */
/* As upstream's encoder writes it. A kind with no `kind` set gets its own kind and apiVersion. Appends. */
int struct_write_json(const struct api_struct *desc, const void *s, struct buf *out);

#endif
