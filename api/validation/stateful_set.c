/* SPDX-License-Identifier: Apache-2.0 */
/* Stateful sets: pods with names and claims of their own. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/volume_parts.h"
#include "api/validation/workload_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static const json_t *spec_of(const json_t *object)
{
	return json_object_get(object, "spec");
}

static void check_stateful_strategy(struct check *c, const json_t *spec)
{
	const json_t *strategy = json_object_get(spec, "updateStrategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	const json_t *unavailable = json_object_get(rolling, "maxUnavailable");
	struct str type = field(strategy, "type");
	if (type.n == 0) {
		check_required(c, "updateStrategy", "%s", "");
	} else if (str_eqz(type, "OnDelete")) {
		if (rolling)
			check_invalid_internal(c, "updateStrategy.rollingUpdate",
					       "apps/v1.RollingUpdateStatefulSetStrategy", rolling,
					       "only allowed for updateStrategy 'RollingUpdate'");
	} else if (!str_eqz(type, "RollingUpdate")) {
		check_invalid_internal(c, "updateStrategy", "apps/v1.StatefulSetUpdateStrategy",
				       strategy, "must be 'RollingUpdate' or 'OnDelete'");
	} else {
		size_t was = check_in(c, "updateStrategy.rollingUpdate");
		check_non_negative(c, rolling, "partition");
		check_share_of_pods(c, rolling, "maxUnavailable");
		if (unavailable && number_or_percent(unavailable) == 0)
			check_invalid(c, "maxUnavailable", unavailable, "cannot be 0");
		check_out(c, was);
	}
}

static void check_retention(struct check *c, const json_t *spec)
{
	static const char *const policies[] = { "Retain", "Delete", NULL };
	const json_t *retention = json_object_get(spec, "persistentVolumeClaimRetentionPolicy");
	size_t was = check_in(c, "persistentVolumeClaimRetentionPolicy");
	if (retention) {
		check_one_of(c, retention, "whenDeleted", policies, true);
		check_one_of(c, retention, "whenScaled", policies, true);
	}
	check_out(c, was);
}

static void check_claim_templates(struct check *c, const json_t *spec)
{
	size_t was = check_in(c, "volumeClaimTemplates"), i;
	json_t *claim;
	json_array_foreach (json_object_get(spec, "volumeClaimTemplates"), i, claim) {
		size_t at = check_in_index(c, i);
		check_in(c, "spec");
		check_volume_claim_spec(c, json_object_get(claim, "spec"));
		check_out(c, at);
	}
	check_out(c, was);
}

/* The template as its pods will have it: with a volume per claim template, without names of its own. */
static json_t *template_with_claims(const json_t *spec)
{
	json_t *copy = tree_copy(json_object_get(spec, "template")), *claim;
	json_t *pod = json_object_get(copy, "spec"), *volumes = json_array(), *volume;
	struct map names = { 0 };
	size_t i;
	json_array_foreach (json_object_get(spec, "volumeClaimTemplates"), i, claim) {
		json_t *name = tree_get(claim, "metadata", "name", NULL);
		if (seen_before(&names, tree_str(name)))
			continue;
		json_array_append_new(volumes,
				      json_pack("{s:O, s:{s:O}}", "name", name ? name : json_null(),
						"persistentVolumeClaim", "claimName",
						name ? name : json_null()));
	}
	json_array_foreach (json_object_get(pod, "volumes"), i, volume)
		if (!map_get(&names, field(volume, "name")))
			json_array_append(volumes, volume);
	json_object_set_new(pod, "volumes", volumes);
	json_object_del(pod, "hostname");
	json_object_del(pod, "subdomain");
	map_free(&names, NULL);
	return copy;
}

static void check_stateful_set(struct check *c, const json_t *object, bool creation)
{
	static const char *const management[] = { "OrderedReady", "Parallel", NULL };
	const json_t *spec = spec_of(object),
		     *policy = json_object_get(spec, "podManagementPolicy");
	size_t was = check_in(c, "spec"), ordinals;
	if (tree_str(policy).n == 0)
		check_required(c, "podManagementPolicy", "%s", "");
	else if (!str_in(tree_str(policy), management))
		check_invalid(c, "podManagementPolicy", policy,
			      "must be 'OrderedReady' or 'Parallel'");
	check_stateful_strategy(c, spec);
	check_retention(c, spec);
	if (creation)
		check_claim_templates(c, spec);
	check_non_negative(c, spec, "replicas");
	check_non_negative(c, spec, "minReadySeconds");
	ordinals = check_in(c, "ordinals");
	check_non_negative(c, json_object_get(spec, "ordinals"), "start");
	check_out(c, ordinals);
	if (creation && field(spec, "serviceName").n)
		check_name(c, "serviceName", field(spec, "serviceName"), name_dns_label);
	check_workload_selector(c, spec, "statefulset", "");
	json_t *shown = json_pack("{s:o}", "template", template_with_claims(spec));
	check_workload_template(c, shown, "StatefulSet");
	json_decref(shown);
	check_out(c, was);
}

void validate_stateful_set(struct check *c, const json_t *object)
{
	check_stateful_set(c, object, true);
}

/* What can't change isn't looked into. */
void validate_stateful_set_update(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const fixed[] = { "serviceName", "podManagementPolicy" };
	const json_t *claims = json_object_get(spec_of(new), "volumeClaimTemplates");
	check_stateful_set(c, new, false);
	size_t was = check_in(c, "spec");
	check_immutable_internal(c, "selector", "meta/v1.LabelSelector", spec_of(new),
				 spec_of(old));
	if (!shape_equal(claims, json_object_get(spec_of(old), "volumeClaimTemplates")))
		check_invalid_internal_items(c, "volumeClaimTemplates",
					     "core/v1.PersistentVolumeClaim", claims,
					     "field is immutable");
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		check_immutable_text(c, fixed[i], json_object_get(spec_of(new), fixed[i]),
				     json_object_get(spec_of(old), fixed[i]));
	check_out(c, was);
}

void validate_stateful_set_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "readyReplicas", "currentReplicas", "updatedReplicas",
					      "availableReplicas", NULL };
	check_workload_status(c, new, old, counts, "status.readyReplicas");
}
