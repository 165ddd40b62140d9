/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/subresources/eviction_budget.h"

#include <string.h>

#include "api/object/meta.h"
#include "base/clock.h"

#define CAUSE        "DisruptionBudget"
#define ALLOWED      "DisruptionAllowed"
#define BUSY_AGAIN_S 10
#define CANNOT_EVICT "Cannot evict pod as it would violate the pod's disruption budget."

static json_t *condition_of(const json_t *object, const char *type)
{
	const json_t *list = tree_get(object, "status", "conditions", NULL);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eqz(tree_get_str(json_array_get(list, i), "type", NULL), type))
			return json_array_get(list, i);
	return NULL;
}

static int64_t number(const json_t *budget, const char *field)
{
	return tree_int(tree_get(budget, "status", field, NULL), 0);
}

bool budget_ignores(const json_t *pod)
{
	struct str phase = tree_get_str(pod, "status", "phase", NULL);
	return tree_get_str(pod, "metadata", "deletionTimestamp", NULL).n ||
	       str_eqz(phase, "Succeeded") || str_eqz(phase, "Failed") || str_eqz(phase, "Pending");
}

bool budget_frees(const json_t *budget, const json_t *pod)
{
	const json_t *ready = condition_of(pod, "Ready");
	if (str_eqz(tree_get_str(ready, "status", NULL), "True"))
		return false;
	if (str_eqz(tree_get_str(budget, "spec", "unhealthyPodEvictionPolicy", NULL),
		    "AlwaysAllow"))
		return true;
	int64_t wanted = number(budget, "desiredHealthy");
	return wanted > 0 && number(budget, "currentHealthy") >= wanted;
}

int budget_busy(struct str budget, struct err *err)
{
	err_set(err, ERR_TOO_MANY_REQUESTS, CANNOT_EVICT);
	err_cause(err, CAUSE, NULL,
		  "The disruption budget %.*s is still being processed by the server.",
		  STR_ARG(budget));
	err->retry_after_s = BUSY_AGAIN_S;
	return -(int)ERR_TOO_MANY_REQUESTS;
}

/* Something is wrong with the budget itself. */
static int forbidden(struct str budget, const char *why, const char *detail, struct err *err)
{
	err_set(err, ERR_FORBIDDEN, "poddisruptionbudget.policy \"%.*s\" is forbidden: %s",
		STR_ARG(budget), why);
	err_cause(err, CAUSE, NULL,
		  "The disruption budget %.*s does not allow evicting pods currently: %s",
		  STR_ARG(budget), detail);
	return -(int)ERR_FORBIDDEN;
}

static int used_up(const json_t *budget, struct str name, struct err *err)
{
	const json_t *c = condition_of(budget, ALLOWED);
	int64_t wanted = number(budget, "desiredHealthy"), has = number(budget, "currentHealthy");
	struct str reason = tree_get_str(c, "reason", NULL), why = tree_get_str(c, "message", NULL);
	bool refused = str_eqz(tree_get_str(c, "status", NULL), "False") && why.n;
	err_set(err, ERR_TOO_MANY_REQUESTS, CANNOT_EVICT);
	if (refused && str_eqz(reason, "SyncFailed"))
		err_cause(
			err, CAUSE, NULL,
			"The disruption budget %.*s does not allow evicting pods currently because "
			"it failed sync: %.*s",
			STR_ARG(name), STR_ARG(why));
	else if (has <= wanted)
		err_cause(
			err, CAUSE, NULL,
			"The disruption budget %.*s needs %lld healthy pods and has %lld currently",
			STR_ARG(name), (long long)wanted, (long long)has);
	else if (refused)
		err_cause(
			err, CAUSE, NULL,
			"The disruption budget %.*s does not allow evicting pods currently (%.*s): "
			"%.*s",
			STR_ARG(name), STR_ARG(reason), STR_ARG(why));
	else
		err_cause(err, CAUSE, NULL,
			  "The disruption budget %.*s does not allow evicting pods currently",
			  STR_ARG(name));
	return -(int)ERR_TOO_MANY_REQUESTS;
}

/* That the last one is taken is told at once, not only when the controller comes by. */
static void tell_none_left(json_t *budget, const char *now)
{
	json_t *c = condition_of(budget, ALLOWED), *status = json_object_get(budget, "status");
	json_t *list = json_object_get(status, "conditions");
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(status, "conditions", list);
	}
	if (!c) {
		c = json_pack("{s:s,s:s}", "type", ALLOWED, "status", "");
		json_array_append_new(list, c);
	}
	if (!str_eqz(tree_get_str(c, "status", NULL), "False"))
		json_object_set_new(c, "lastTransitionTime", json_string(now));
	json_object_set_new(c, "status", json_string("False"));
	json_object_set_new(c, "reason", json_string("InsufficientPods"));
	json_object_set_new(c, "message", json_string(""));
	json_object_set_new(c, "observedGeneration",
			    json_integer(number(budget, "observedGeneration")));
}

int budget_take(json_t *budget, struct str pod, int64_t now_s, struct err *err)
{
	struct str name = meta_name(budget);
	json_t *status = json_object_get(budget, "status");
	json_t *pods = json_object_get(status, "disruptedPods");
	int64_t allowed = number(budget, "disruptionsAllowed");
	char now[TIME_TEXT_MAX];
	if (!status || number(budget, "observedGeneration") <
			       tree_int(tree_get(budget, "metadata", "generation", NULL), 0))
		return budget_busy(name, err);
	if (allowed < 0)
		return forbidden(name, "pdb disruptions allowed is negative",
				 "pdb disruptions allowed is negative", err);
	if (json_object_size(pods) > BUDGET_DISRUPTED_MAX)
		return forbidden(name,
				 "DisruptedPods map too big - too many evictions not confirmed by "
				 "PDB controller",
				 "too many pending evictions not confirmed by PDB controller", err);
	if (allowed == 0)
		return used_up(budget, name, err);
	time_format(now_s, now);
	json_object_set_new(status, "disruptionsAllowed", json_integer(allowed - 1));
	if (allowed == 1)
		tell_none_left(budget, now);
	if (!json_is_object(pods)) {
		pods = json_object();
		json_object_set_new(status, "disruptedPods", pods);
	}
	json_object_setn_new(pods, pod.p, pod.n, json_string(now));
	return 0;
}
