/* SPDX-License-Identifier: Apache-2.0 */
/* spec.conversion of a CustomResourceDefinition. Any thread. */
#ifndef API_VALIDATION_CRD_CONVERSION_H
#define API_VALIDATION_CRD_CONVERSION_H

#include "api/validation/check.h"

struct crd_conversion_rules {
	bool any_version; /* none of conversionReviewVersions need be one that the server speaks */
	bool any_bundle;  /* caBundle need be no certificates */
};
/* `old`: the definition that is updated, established or not. */
void crd_conversion_rules_of(const json_t *old, bool established, struct crd_conversion_rules *out);
/* The check stands at the spec; conversion may be NULL. */
void check_crd_conversion(struct check *c, const json_t *conversion,
			  const struct crd_conversion_rules *rules);

#endif
