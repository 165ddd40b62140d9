/* SPDX-License-Identifier: Apache-2.0 */
/* One version of a CustomResourceDefinition. What all versions have in common stands once for all of them in upstream's internal form, and is
 * complained about there: a single version has everything in common. Any thread. */
#ifndef API_VALIDATION_CRD_VERSION_H
#define API_VALIDATION_CRD_VERSION_H

#include "api/validation/check.h"
#include "api/validation/crd_printed.h"
#include "api/validation/crd_schema_rules.h"

void crd_common_of(const json_t *versions, struct crd_common *out);

/* What an update is measured by; creations have no old object. */
struct crd_before {
	struct crd_leniency schema;
	const json_t *versions; /* of the old object, or NULL */
};

/* The check stands at the version. */
void check_crd_version(struct check *c, const json_t *version, const struct crd_common *common,
		       const struct crd_before *before);
/* What is common, but for names and conversion: schema, subresources, columns, selectable fields. The check stands at the spec. */
void check_crd_common(struct check *c, const json_t *versions, const struct crd_common *common,
		      const struct crd_before *before);

#endif
