/* SPDX-License-Identifier: Apache-2.0 */
/* ObjectMeta on create and update (apimachinery's pkg/api/validation/objectmeta.go). That an update needs a resourceVersion is a matter
 * of the request (preconditions), not of these rules. */
#ifndef API_VALIDATION_METADATA_H
#define API_VALIDATION_METADATA_H

#include "api/validation/check.h"

void check_metadata(struct check *c, const json_t *object, bool namespaced, name_check name);
/* Of what is made from a template: labels and annotations, nothing else. Stands at the parent of `metadata`. */
void check_template_metadata(struct check *c, const json_t *metadata);
void check_metadata_update(struct check *c, const json_t *new, const json_t *old);

#endif
