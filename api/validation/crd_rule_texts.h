/* SPDX-License-Identifier: Apache-2.0 */
/* x-kubernetes-validations of one node of a schema: what their texts may look like. Expressions themselves are not looked at. The check
 * stands at the node. Any thread. */
#ifndef API_VALIDATION_CRD_RULE_TEXTS_H
#define API_VALIDATION_CRD_RULE_TEXTS_H

#include "api/validation/check.h"

void check_crd_rule_texts(struct check *c, const json_t *schema);

#endif
