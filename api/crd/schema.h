/* SPDX-License-Identifier: Apache-2.0 */
/* Structural schemas to tables: what each value looks like. Private to the compiler of definitions (api/crd/crd.h). */
#ifndef API_CRD_SCHEMA_H
#define API_CRD_SCHEMA_H

#include "api/crd/crd.h"

/* The type of a whole custom resource: apiVersion, kind, metadata and what `schema` (may be NULL) says. */
int crd_schema_compile(struct crd *c, const json_t *schema, const char *name,
		       const char *openapi_name, const struct api_type **out, struct err *err);

#endif
