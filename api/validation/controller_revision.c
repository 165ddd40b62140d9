/* SPDX-License-Identifier: Apache-2.0 */
/* Controller revisions: what a stateful or daemon set was. */
#include "api/object/meta.h"
#include "api/validation/kinds.h"

void validate_controller_revision(struct check *c, const json_t *object)
{
	const json_t *data = json_object_get(object, "data");
	check_non_negative(c, object, "revision");
	if (!data || json_is_null(data))
		check_required(c, "data", "data is mandatory");
	else if (!json_is_object(data))
		check_required(c, "data", "data must be a valid JSON object");
}

void validate_controller_revision_update(struct check *c, const json_t *new, const json_t *old)
{
	check_non_negative(c, new, "revision");
	check_immutable(c, "data", json_object_get(new, "data"), json_object_get(old, "data"));
}
