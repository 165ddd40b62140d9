/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/pod_labels.h"

#include "api/object/meta.h"
#include "base/mem.h"

static void apply(json_t *term, const char *list, const char *operator, const json_t * labels)
{
	json_t *selector = json_object_get(term, "labelSelector"), *key;
	size_t i;
	if (!selector)
		return;
	json_array_foreach (json_object_get(term, list), i, key) {
		json_t *value = json_object_get(labels, tree_str(key).p);
		json_t *expressions = json_object_get(selector, "matchExpressions");
		if (!value)
			continue;
		if (!expressions) {
			expressions = json_array();
			json_object_set_new(selector, "matchExpressions", expressions);
		}
		json_array_append_new(expressions,
				      json_pack("{s:O, s:s, s:[O]}", "key", key,
						"operator", operator, "values", value));
	}
}

static void apply_term(json_t *term, const json_t *labels)
{
	apply(term, "matchLabelKeys", "In", labels);
	apply(term, "mismatchLabelKeys", "NotIn", labels);
}

void pod_labels_merge(json_t *spec, const json_t *labels)
{
	static const char *const kinds[] = { "podAffinity", "podAntiAffinity" };
	size_t i;
	json_t *item;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const json_t *affinity = tree_get(spec, "affinity", kinds[k], NULL);
		json_array_foreach (
			json_object_get(affinity,
					"preferredDuringSchedulingIgnoredDuringExecution"),
			i, item)
			apply_term(json_object_get(item, "podAffinityTerm"), labels);
		json_array_foreach (
			json_object_get(affinity, "requiredDuringSchedulingIgnoredDuringExecution"),
			i, item)
			apply_term(item, labels);
	}
	json_array_foreach (json_object_get(spec, "topologySpreadConstraints"), i, item)
		apply(item, "matchLabelKeys", "In", labels);
}
