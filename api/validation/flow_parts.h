/* SPDX-License-Identifier: Apache-2.0 */
/* What FlowSchemas and PriorityLevelConfigurations have in common. Private to validation; any thread. */
#ifndef API_VALIDATION_FLOW_PARTS_H
#define API_VALIDATION_FLOW_PARTS_H

#include "api/validation/check.h"

/* Some have to be as upstream has them. fixed: that spec as JSON, or NULL; but: a member that may differ, or NULL. */
void check_fixed_spec(struct check *c, const json_t *object, const char *fixed, const char *but);
void check_flow_conditions(struct check *c, const json_t *object);

#endif
