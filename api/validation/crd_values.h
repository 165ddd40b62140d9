/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of a structural schema that are about values alone: anyOf, allOf, oneOf and not add no types and no fields to what stands around them.
 * Private to crd_structural.c. */
#ifndef API_VALIDATION_CRD_VALUES_H
#define API_VALIDATION_CRD_VALUES_H

#include "api/validation/check.h"

/* Of one node, without what is below its properties and items. */
void check_crd_values(struct check *c, const json_t *schema);
/* Of a whole schema at its root: fields that are spoken of have to be there. */
void check_crd_values_complete(struct check *c, const json_t *schema);

#endif
