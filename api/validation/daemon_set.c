/* SPDX-License-Identifier: Apache-2.0 */
/* Daemon sets: a pod on each node. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/workload_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_daemon_rolling(struct check *c, const json_t *rolling)
{
	const json_t *surge = json_object_get(rolling, "maxSurge");
	bool unavailable = number_or_percent(json_object_get(rolling, "maxUnavailable")) != 0;
	size_t was = check_in(c, "rollingUpdate");
	check_share_of_pods(c, rolling, "maxUnavailable");
	check_share_of_pods(c, rolling, "maxSurge");
	if (unavailable && number_or_percent(surge) != 0)
		check_invalid(c, "maxSurge", surge,
			      "may not be set when maxUnavailable is non-zero");
	else if (!unavailable && number_or_percent(surge) == 0)
		check_required(c, "maxUnavailable", "cannot be 0 when maxSurge is 0");
	check_out(c, was);
}

static void check_daemon_strategy(struct check *c, const json_t *spec)
{
	static const char *const types[] = { "RollingUpdate", "OnDelete", NULL };
	const json_t *strategy = json_object_get(spec, "updateStrategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	size_t was = check_in(c, "updateStrategy");
	if (!str_in(field(strategy, "type"), types))
		check_unsupported_internal(c, NULL, "apps/v1.DaemonSetUpdateStrategy", strategy,
					   types);
	else if (str_eqz(field(strategy, "type"), "RollingUpdate") && !rolling)
		check_required(c, "rollingUpdate", "%s", "");
	else if (str_eqz(field(strategy, "type"), "RollingUpdate"))
		check_daemon_rolling(c, rolling);
	check_out(c, was);
}

void validate_daemon_set(struct check *c, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec"),
		     *selector = json_object_get(spec, "selector");
	size_t was = check_in(c, "spec");
	check_label_selector(c, "selector", selector);
	check_selector_finds_template(c, spec, NULL);
	if (selector && selector_is_empty(selector))
		check_invalid(c, "selector", selector, "empty selector is invalid for daemonset");
	check_workload_template(c, spec, "DaemonSet");
	check_non_negative(c, spec, "minReadySeconds");
	check_daemon_strategy(c, spec);
	check_non_negative(c, spec, "revisionHistoryLimit");
	check_out(c, was);
}

void validate_daemon_set_update(struct check *c, const json_t *new, const json_t *old)
{
	check_selector_kept(c, new, old);
	validate_daemon_set(c, new);
}

void validate_daemon_set_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "currentNumberScheduled", "numberMisscheduled",
					      "desiredNumberScheduled", "numberReady",
					      "observedGeneration",     "updatedNumberScheduled",
					      "numberAvailable",        "numberUnavailable",
					      "collisionCount" };
	size_t was = check_in(c, "status");
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		check_non_negative(c, json_object_get(new, "status"), counts[i]);
	check_out(c, was);
	check_collisions(c, new, old);
}
