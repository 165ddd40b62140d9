/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that names a runtime class gets its overhead and its node selector. */
#include "api/meta.h"
#include "server/apiserver/admission/admission.h"

static int selector_merge(struct write *w, json_t *spec, const json_t *class, struct err *err)
{
	json_t *wanted = tree_get(class, "scheduling", "nodeSelector", NULL),
	       *have = json_object_get(spec, "nodeSelector");
	const char *key;
	json_t *value;
	if (!wanted)
		return 0;
	if (!have) {
		have = json_object();
		json_object_set_new(spec, "nodeSelector", have);
	}
	json_object_foreach (wanted, key, value) {
		json_t *own = json_object_get(have, key);
		if (own && !json_equal(own, value))
			return admission_forbid(
				w, err,
				"conflict: runtimeClass.scheduling.nodeSelector[%s] = %s; "
				"pod.spec.nodeSelector[%s] = %s",
				key, json_string_value(value), key, json_string_value(own));
		json_object_set(have, key, value);
	}
	return 0;
}

int admit_runtime_class(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	struct str name = tree_get_str(spec, "runtimeClassName", NULL);
	const struct api_resource *res =
		api_resource_find(STR("node.k8s.io"), STR("v1"), STR("runtimeclasses"));
	if (!admission_is(w, "pods") || name.n == 0 || !res)
		return 0;
	struct object *o = lookup_object(w->r, res, STR(""), name);
	if (!o)
		return admission_forbid(w, err, "pod rejected: RuntimeClass \"%.*s\" not found",
					STR_ARG(name));
	json_t *class = object_tree(o, err);
	object_unref(o);
	json_t *overhead = tree_get(class, "overhead", "podFixed", NULL);
	if (overhead && !json_object_get(spec, "overhead"))
		json_object_set(spec, "overhead", overhead);
	int e = class ? selector_merge(w, spec, class, err) : -(int)ERR_INTERNAL;
	json_decref(class);
	return e;
}
