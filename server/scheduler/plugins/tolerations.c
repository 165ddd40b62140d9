/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/plugins/tolerations.h"

static bool numbers_compare(struct str taint, struct str bound, bool greater)
{
	int64_t have, want;

	if (!str_to_i64(taint, &have) || !str_to_i64(bound, &want))
		return false;
	return greater ? have > want : have < want;
}

bool toleration_covers(const struct core_v1_toleration *t, struct str key, struct str value,
		       struct str effect)
{
	if (t->effect.n && !str_eq(t->effect, effect))
		return false;
	if (t->key.n && !str_eq(t->key, key))
		return false;
	if (!t->operator.n || str_eqz(t->operator, "Equal"))
		return str_eq(t->value, value);
	if (str_eqz(t->operator, "Lt"))
		return numbers_compare(value, t->value, false);
	if (str_eqz(t->operator, "Gt"))
		return numbers_compare(value, t->value, true);
	return str_eqz(t->operator, "Exists");
}

bool pod_tolerates(const struct core_v1_pod_spec *spec, struct str key, struct str value,
		   struct str effect)
{
	for (size_t i = 0; i < spec->tolerations.n; i++)
		if (toleration_covers(&spec->tolerations.items[i], key, value, effect))
			return true;
	return false;
}
