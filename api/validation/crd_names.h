/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a CustomResourceDefinition: what they may look like. Any thread. */
#ifndef API_VALIDATION_CRD_NAMES_H
#define API_VALIDATION_CRD_NAMES_H

#include "api/validation/check.h"

/* Every complaint of a name rule in one, behind `before`. */
void check_crd_name(struct check *c, const char *child, struct str value, struct name_errors why,
		    const char *before);
/* A kind, which may have mixed case; nothing when it is empty. */
void check_crd_kind_name(struct check *c, const char *child, struct str value);
/* `names` or `acceptedNames`: the check stands there. */
void check_crd_names(struct check *c, const json_t *names);
void check_crd_names_required(struct check *c, const json_t *names);

#endif
