/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults of a structural schema against that schema: they are valid, nothing of them would be pruned, and those in the metadata of a
 * resource make a valid one (apiextensions-apiserver's pkg/apiserver/schema/defaulting). Any thread. */
#ifndef API_VALIDATION_CRD_DEFAULTS_H
#define API_VALIDATION_CRD_DEFAULTS_H

#include "api/validation/check.h"

/* The check stands at the schema. */
void check_crd_defaults(struct check *c, const json_t *schema, bool pruned);
/* Whether something of some default would be pruned. */
bool crd_defaults_unpruned(const json_t *schema);

#endif
