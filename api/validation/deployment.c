/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments: how old pods give way to new ones. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/workload_parts.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_rolling_update(struct check *c, const json_t *rolling)
{
	const json_t *unavailable = json_object_get(rolling, "maxUnavailable");
	size_t was = check_in(c, "rollingUpdate");
	check_int_or_percent(c, rolling, "maxUnavailable");
	check_int_or_percent(c, rolling, "maxSurge");
	if (number_or_percent(unavailable) == 0 &&
	    number_or_percent(json_object_get(rolling, "maxSurge")) == 0)
		check_invalid(c, "maxUnavailable", unavailable,
			      "may not be 0 when `maxSurge` is 0");
	if (json_is_string(unavailable) && number_or_percent(unavailable) > 100)
		check_invalid(c, "maxUnavailable", unavailable, "must not be greater than 100%%");
	check_out(c, was);
}

static void check_deployment_strategy(struct check *c, const json_t *spec)
{
	static const char *const types[] = { "Recreate", "RollingUpdate", NULL };
	const json_t *strategy = json_object_get(spec, "strategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	size_t was = check_in(c, "strategy");
	if (str_eqz(field(strategy, "type"), "Recreate")) {
		if (rolling)
			check_forbidden(c, "rollingUpdate",
					"may not be specified when strategy `type` is 'Recreate'");
	} else if (!str_eqz(field(strategy, "type"), "RollingUpdate")) {
		check_unsupported_internal(c, NULL, "apps/v1.DeploymentStrategy", strategy, types);
	} else if (!rolling) {
		check_required(c, "rollingUpdate", "this should be defaulted and never be nil");
	} else {
		check_rolling_update(c, rolling);
	}
	check_out(c, was);
}

void validate_deployment(struct check *c, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec"),
		     *deadline = json_object_get(spec, "progressDeadlineSeconds");
	size_t was = check_in(c, "spec");
	check_non_negative(c, spec, "replicas");
	check_workload_selector(c, spec, "deployment", "invalid label selector");
	check_workload_template(c, spec, "ReplicaSet");
	check_deployment_strategy(c, spec);
	check_non_negative(c, spec, "minReadySeconds");
	check_non_negative(c, spec, "revisionHistoryLimit");
	check_non_negative(c, spec, "progressDeadlineSeconds");
	if (deadline && json_integer_value(deadline) <=
				json_integer_value(json_object_get(spec, "minReadySeconds")))
		check_invalid(c, "progressDeadlineSeconds", deadline,
			      "must be greater than minReadySeconds");
	check_out(c, was);
}

void validate_deployment_update(struct check *c, const json_t *new, const json_t *old)
{
	validate_deployment(c, new);
	check_selector_kept(c, new, old);
}

void validate_deployment_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "updatedReplicas", "readyReplicas",
					      "availableReplicas", NULL };
	check_workload_status(c, new, old, counts, "readyReplicas");
}
