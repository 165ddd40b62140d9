/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/validation/kinds.h"

void validate_lease(struct check *c, const json_t *lease)
{
	static const char *const strategies[] = { "OldestEmulationVersion", NULL };
	const json_t *spec = json_object_get(lease, "spec");
	const json_t *duration = json_object_get(spec, "leaseDurationSeconds");
	struct str strategy = tree_get_str(spec, "strategy", NULL);
	size_t was = check_in(c, "spec");
	if (duration && json_integer_value(duration) <= 0)
		check_invalid(c, "leaseDurationSeconds", duration, "must be greater than 0");
	check_non_negative(c, spec, "leaseTransitions");
	if (strategy.n && str_find(strategy, '/') < strategy.n)
		check_name(c, "strategy", strategy, name_label_key);
	else
		check_one_of(c, spec, "strategy", strategies, false);
	if (tree_get_str(spec, "preferredHolder", NULL).n && strategy.n == 0)
		check_forbidden(c, "preferredHolder",
				"may only be specified if `strategy` is defined");
	check_out(c, was);
}
