/* SPDX-License-Identifier: Apache-2.0 */
/* What webhooks and admission policies share: rules, conditions. Paths are relative to where the check stands. */
#ifndef API_VALIDATION_ADMISSION_PARTS_H
#define API_VALIDATION_ADMISSION_PARTS_H

#include "api/validation/check.h"

/* Operations and what they are done to. */
void check_operations_rule(struct check *c, const json_t *rule);
/* `matchConditions`; whether their expressions compile is for CEL to say. */
void check_match_conditions(struct check *c, const json_t *of);
bool is_blank(struct str text);
extern const char *const admission_failure_policies[],
	*const admission_match_policies[], *const admission_reinvocation_policies[];

#endif
