/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "server/controllers/pairs.h"
#include "server/controllers/workloads/revisions.h"
#include "server/controllers/workloads/stateful_set_plan.h"

int32_t stateful_ordinal(struct str set_name, struct str pod_name)
{
	int64_t n;

	if (!str_cut_prefix(&pod_name, set_name) || !str_cut_prefix(&pod_name, STR("-")) ||
	    !str_to_i64(pod_name, &n) || n < 0 || n > INT32_MAX ||
	    (pod_name.n > 1 && pod_name.p[0] == '0'))
		return -1;
	return (int32_t)n;
}

struct str stateful_claim_name(const struct object *owner, struct str template, int32_t ordinal,
			       struct arena *a)
{
	return str_from(
		arena_printf(a, "%.*s-%.*s-%d", STR_ARG(template), STR_ARG(owner->name), ordinal));
}

static bool is_claim_template(const struct apps_v1_stateful_set *set, struct str volume)
{
	for (size_t i = 0; i < set->spec.volume_claim_templates.n; i++)
		if (str_eq(set->spec.volume_claim_templates.items[i].metadata.name, volume))
			return true;
	return false;
}

static void set_volumes(const struct object *owner, const struct apps_v1_stateful_set *set,
			int32_t ordinal, struct arena *a, struct core_v1_pod_spec *spec)
{
	size_t had = spec->volumes.n, n = 0;
	struct core_v1_volume *items =
		ARENA_ARRAY(a, struct core_v1_volume, had + set->spec.volume_claim_templates.n + 1);

	for (size_t i = 0; i < set->spec.volume_claim_templates.n; i++) {
		struct core_v1_persistent_volume_claim_volume_source *source =
			ARENA_NEW(a, struct core_v1_persistent_volume_claim_volume_source);
		struct str name = set->spec.volume_claim_templates.items[i].metadata.name;

		source->claim_name = stateful_claim_name(owner, name, ordinal, a);
		items[n].name = name;
		items[n++].persistent_volume_claim = source;
	}
	for (size_t i = 0; i < had; i++)
		if (!is_claim_template(set, spec->volumes.items[i].name))
			items[n++] = spec->volumes.items[i];
	spec->volumes.items = (void *)items;
	spec->volumes.n = n;
}

void stateful_pod(const struct object *owner, const struct apps_v1_stateful_set *set,
		  const struct core_v1_pod_template_spec *t, int32_t ordinal, struct str revision,
		  struct arena *a, struct core_v1_pod *out)
{
	pod_from_template(owner, t, a, out);
	out->metadata.name = str_from(arena_printf(a, "%.*s-%d", STR_ARG(owner->name), ordinal));
	pairs_set(&out->metadata.labels, a, "statefulset.kubernetes.io/pod-name",
		  out->metadata.name);
	pairs_set(&out->metadata.labels, a, "apps.kubernetes.io/pod-index",
		  str_from(arena_printf(a, "%d", ordinal)));
	pairs_set(&out->metadata.labels, a, REVISION_HASH_LABEL, revision);
	out->spec.hostname = out->metadata.name;
	out->spec.subdomain = set->spec.service_name;
	set_volumes(owner, set, ordinal, a, &out->spec);
}
