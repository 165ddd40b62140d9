/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a schema is structural: each value has one type, and what is said in anyOf and its kin is about values alone. Follows
 * apiextensions-apiserver's pkg/apiserver/schema (convert.go, validation.go, complete.go). Any thread. */
#ifndef API_VALIDATION_CRD_STRUCTURAL_H
#define API_VALIDATION_CRD_STRUCTURAL_H

#include "api/validation/check.h"

/* What upstream says of a schema that it can't even look at, or NULL. Static text. */
const char *crd_schema_unreadable(const json_t *schema);
/* Complaints, in alphabetical order, as upstream sorts them. The check stands at the schema. */
void check_crd_structural(struct check *c, const json_t *schema);

#endif
