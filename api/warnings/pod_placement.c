/* SPDX-License-Identifier: Apache-2.0 */
/* Where a pod may run: labels of nodes that gave way to others, terms that match nothing. */
#include "api/object/meta.h"
#include "api/warnings/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

void warn_pod_node_labels(struct warnings *w, const json_t *spec)
{
	const char *key;
	json_t *unused;
	size_t was = check_in(&w->at, "spec.nodeSelector");
	json_object_foreach (json_object_get(spec, "nodeSelector"), key, unused) {
		const char *why = node_label_deprecated(str_from(key));
		size_t at = check_in_key(&w->at, str_from(key));
		if (why)
			warn_at(w, NULL, "%s", why);
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_bad_values(struct warnings *w, const json_t *expression)
{
	size_t was = check_in(&w->at, "values"), i;
	json_t *value;
	json_array_foreach (json_object_get(expression, "values"), i, value) {
		struct name_errors e = name_label_value(tree_str(value));
		size_t at = check_in_index(&w->at, i);
		for (size_t k = 0; k < e.n; k++)
			warn_at(w, NULL, "%.*s is invalid, %s", STR_ARG(tree_str(value)),
				e.text[k]);
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_preferred(struct warnings *w, const json_t *preferred)
{
	size_t was = check_in(&w->at, "preferredDuringSchedulingIgnoredDuringExecution"), i, k;
	json_t *term, *expression;
	json_array_foreach (preferred, i, term) {
		size_t at = check_in_index(&w->at, i);
		check_in(&w->at, "preference.matchExpressions");
		json_array_foreach (tree_get(term, "preference", "matchExpressions", NULL), k,
				    expression) {
			size_t one = check_in_index(&w->at, k);
			struct str key = field(expression, "key");
			const char *why = node_label_deprecated(key);
			if (why)
				warn_at(w, "key", "%.*s is %s", STR_ARG(key), why);
			warn_bad_values(w, expression);
			check_out(&w->at, one);
		}
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

void warn_pod_node_affinity(struct warnings *w, const json_t *spec)
{
	static const char required[] = "requiredDuringSchedulingIgnoredDuringExecution",
			  preferred[] = "preferredDuringSchedulingIgnoredDuringExecution";
	const json_t *affinity = tree_get(spec, "affinity", "nodeAffinity", NULL);
	size_t was = check_in(&w->at, "spec.affinity.nodeAffinity"), at;
	at = check_in(&w->at, required);
	check_in(&w->at, "nodeSelectorTerms");
	warn_node_selector_terms(w, tree_get(affinity, required, "nodeSelectorTerms", NULL));
	check_out(&w->at, at);
	warn_preferred(w, json_object_get(affinity, preferred));
	check_out(&w->at, was);
}

void warn_pod_spread(struct warnings *w, const json_t *spec)
{
	size_t was = check_in(&w->at, "spec.topologySpreadConstraints"), i;
	json_t *item;
	json_array_foreach (json_object_get(spec, "topologySpreadConstraints"), i, item) {
		struct str key = field(item, "topologyKey");
		const char *why = node_label_deprecated(key);
		size_t at = check_in_index(&w->at, i);
		if (why)
			warn_at(w, "topologyKey", "%.*s is %s", STR_ARG(key), why);
		if (!json_object_get(item, "labelSelector"))
			warn_at(w, "labelSelector",
				"a null labelSelector results in matching no pod");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_terms(struct warnings *w, const json_t *affinity, const char *list,
		       const char *inside)
{
	size_t was = check_in(&w->at, list), i;
	json_t *item;
	json_array_foreach (json_object_get(affinity, list), i, item) {
		const json_t *term = inside ? json_object_get(item, inside) : item;
		size_t at = check_in_index(&w->at, i);
		check_in(&w->at, inside);
		if (!json_object_get(term, "labelSelector"))
			warn_at(w, "labelSelector",
				"a null labelSelector results in matching no pod");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

void warn_pod_affinity(struct warnings *w, const json_t *spec)
{
	static const char *const kinds[] = { "podAffinity", "podAntiAffinity" };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const json_t *affinity = tree_get(spec, "affinity", kinds[i], NULL);
		size_t was = check_in(&w->at, "spec.affinity");
		check_in(&w->at, kinds[i]);
		warn_terms(w, affinity, "requiredDuringSchedulingIgnoredDuringExecution", NULL);
		warn_terms(w, affinity, "preferredDuringSchedulingIgnoredDuringExecution",
			   "podAffinityTerm");
		check_out(&w->at, was);
	}
}
