/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenAPI schema of a custom resource, made from the schema of its definition: what validates is what is published. For v2, which has no
 * words for much of it, it is cut as apiextensions-apiserver does (pkg/controller/openapi/v2), so that old clients cope. */
#ifndef API_OPENAPI_CUSTOM_H
#define API_OPENAPI_CUSTOM_H

#include <jansson.h>

#include "api/type.h"
#include "base/buf.h"

/* `schema`: its openAPIV3Schema, or NULL: it has none. Appended as JSON; refers to ObjectMeta. */
void openapi_custom_schema(const struct api_resource *r, const json_t *schema, bool v3,
			   struct buf *out);

#endif
