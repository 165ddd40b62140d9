/* SPDX-License-Identifier: Apache-2.0 */
/* Is a schema one that a resource can be served by: JSON Schema as far as it is supported, and structural (every field has a type, value
 * rules add none). After apiextensions-apiserver's pkg/apis/apiextensions/validation and pkg/apiserver/schema/validation.go. */
#ifndef API_VALIDATION_CRD_SCHEMA_RULES_H
#define API_VALIDATION_CRD_SCHEMA_RULES_H

#include "api/validation/check.h"

/* The check stands at the schema. */
void check_crd_schema(struct check *c, const json_t *schema, bool has_status);

#endif
