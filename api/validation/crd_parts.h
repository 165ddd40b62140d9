/* SPDX-License-Identifier: Apache-2.0 */
/* Small parts of a CustomResourceDefinition's version: columns, the scale's paths, selectable fields. Any thread. */
#ifndef API_VALIDATION_CRD_PARTS_H
#define API_VALIDATION_CRD_PARTS_H

#include "api/validation/check.h"

void check_crd_column(struct check *c, const json_t *column); /* stands at the column */
void check_crd_scale(struct check *c, const json_t *scale);   /* stands at the subresources */
/* Stands at the version. `kept`: it may be more than there can be, because nothing has changed. */
void check_crd_selectable(struct check *c, const json_t *list, const json_t *schema, bool kept);

#endif
