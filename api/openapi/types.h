/* SPDX-License-Identifier: Apache-2.0 */
/* The types that a document refers to, each once, in the order of their first mention: the list grows while schemas are written,
 * until it has an end. Private to OpenAPI. */
#ifndef API_OPENAPI_TYPES_H
#define API_OPENAPI_TYPES_H

#include "api/discovery.h"
#include "base/buf.h"
#include "base/map.h"

struct openapi_types {
	const struct api_type **items;
	size_t n, cap;
	struct map seen;
	const struct discovery *of; /* whose schemas of custom resources are asked for */
	uint32_t basics;            /* bits of enum api_kind: Time, Quantity, … */
	struct str group, version;  /* of the document, when it is of one */
};

void openapi_types_add(struct openapi_types *s, const struct api_type *t);
void openapi_types_free(struct openapi_types *s);

/* All schemas: members `"io.k8s…": {…}` of components.schemas or definitions. */
void openapi_schemas(struct openapi_types *s, bool v3, struct buf *out);
void openapi_ref(bool v3, const char *openapi_name, struct buf *out); /* {"$ref":"…"} */

/* The paths of a resource, members of `paths`, each preceded by a comma unless it is the first. */
void openapi_paths(const struct api_resource *r, bool v3, struct openapi_types *refers,
		   struct buf *out);

#endif
