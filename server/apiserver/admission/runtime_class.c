/* SPDX-License-Identifier: Apache-2.0 */
/* RuntimeClass: a pod that names one gets its overhead, its node selector and its tolerations. Follows upstream's
 * plugin/pkg/admission/runtimeclass and pkg/util/tolerations. */
#include "api/object/meta.h"
#include "api/shape.h"
#include "api/values/names.h"
#include "api/values/quantity.h"
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

static bool tolerates_more(const json_t *more, const json_t *t)
{
	struct str key = tree_get_str(more, "key", NULL),
		   effect = tree_get_str(more, "effect", NULL);
	const json_t *seconds = json_object_get(more, "tolerationSeconds"),
		     *own = json_object_get(t, "tolerationSeconds");
	if (shape_equal(more, t))
		return true;
	if (!str_eq(key, tree_get_str(t, "key", NULL)) &&
	    (key.n || !str_eqz(tree_get_str(more, "operator", NULL), "Exists")))
		return false;
	if (effect.n && !str_eq(effect, tree_get_str(t, "effect", NULL)))
		return false;
	if (str_eqz(effect, "NoExecute") && seconds &&
	    (!own || json_integer_value(own) > json_integer_value(seconds)))
		return false;
	struct str op = tree_get_str(more, "operator", NULL);
	if (op.n == 0 || str_eqz(op, "Equal"))
		return str_eqz(tree_get_str(t, "operator", NULL), "Equal") &&
		       str_eq(tree_get_str(more, "value", NULL), tree_get_str(t, "value", NULL));
	return str_eqz(op, "Exists");
}

/* All of both, without those that others make needless. */
static json_t *tolerations_merged(const json_t *first, const json_t *second)
{
	json_t *all = json_array(), *merged = json_array(), *t, *other;
	size_t i, k;
	json_array_extend(all, (json_t *)first);
	json_array_extend(all, (json_t *)second);
	json_array_foreach (all, i, t) {
		bool needless = false;
		json_array_foreach (merged, k, other)
			needless = needless || tolerates_more(other, t);
		for (k = i + 1; k < json_array_size(all); k++) {
			other = json_array_get(all, k);
			needless = needless || (!shape_equal(t, other) && tolerates_more(other, t));
		}
		if (!needless)
			json_array_append(merged, t);
	}
	json_decref(all);
	return merged;
}

static void tolerations_merge(json_t *spec, const json_t *class)
{
	const json_t *wanted = tree_get(class, "scheduling", "tolerations", NULL);
	if (!json_object_get(class, "scheduling") ||
	    (!wanted && !json_object_get(spec, "tolerations")))
		return;
	json_object_set_new(spec, "tolerations",
			    tolerations_merged(json_object_get(spec, "tolerations"), wanted));
}

static bool same_amounts(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;
	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach ((json_t *)a, key, value) {
		struct quantity x, y;
		if (quantity_parse(tree_str(value), &x, NULL) < 0 ||
		    quantity_parse(tree_str(json_object_get(b, key)), &y, NULL) < 0 ||
		    quantity_cmp(x, y) != 0)
			return false;
	}
	return true;
}

static int overhead_set(struct write *w, json_t *spec, const json_t *class, struct err *err)
{
	json_t *overhead = tree_get(class, "overhead", "podFixed", NULL),
	       *own = json_object_get(spec, "overhead");
	if (!json_object_get(class, "overhead"))
		return 0;
	if (json_object_size(own) && !same_amounts(overhead, own))
		return admission_forbid(w, err,
					"pod rejected: Pod's Overhead doesn't match RuntimeClass's "
					"defined Overhead");
	if (overhead)
		json_object_set(spec, "overhead", overhead);
	return 0;
}

static int class_of(struct write *w, json_t **out, struct err *err)
{
	struct str name = tree_get_str(w->tree, "spec", "runtimeClassName", NULL);
	const struct api_resource *res =
		api_resource_find(STR("node.k8s.io"), STR("v1"), STR("runtimeclasses"));
	*out = NULL;
	if (name.n == 0 && !tree_get(w->tree, "spec", "runtimeClassName", NULL))
		return 0;
	if (name.n == 0)
		return err_set(err, ERR_UNKNOWN, "resource name may not be empty");
	struct name_errors bad = name_path_segment(name);
	if (bad.n)
		return err_set(err, ERR_UNKNOWN, "invalid resource name \"%.*s\": [%s]",
			       STR_ARG(name), bad.text[0]);
	struct object *o = lookup_object(w->r, res, STR(""), name);
	if (!o)
		return admission_forbid(w, err, "pod rejected: RuntimeClass \"%.*s\" not found",
					STR_ARG(name));
	*out = object_tree(o, err);
	object_unref(o);
	return *out ? 0 : -(int)ERR_INTERNAL;
}

int admit_runtime_class(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec"), *class;
	if (!admission_is(w, "pods") || !json_is_object(spec))
		return 0;
	int e = class_of(w, &class, err);
	if (e == 0)
		e = overhead_set(w, spec, class, err);
	if (e == 0)
		e = selector_merge(w, spec, class, err);
	if (e == 0)
		tolerations_merge(spec, class);
	json_decref(class);
	return e;
}

int admit_overhead(struct write *w, struct err *err)
{
	const json_t *own = tree_get(w->tree, "spec", "overhead", NULL);
	json_t *class;
	if (!admission_is(w, "pods"))
		return 0;
	int e = class_of(w, &class, err);
	if (e == 0 && json_object_get(class, "overhead") &&
	    !same_amounts(tree_get(class, "overhead", "podFixed", NULL), own))
		e = admission_forbid(w, err,
				     "pod rejected: Pod's Overhead doesn't match RuntimeClass's "
				     "defined Overhead");
	else if (e == 0 && !json_object_get(class, "overhead") && own)
		e = admission_forbid(w, err,
				     "pod rejected: Pod Overhead set without corresponding "
				     "RuntimeClass defined Overhead");
	json_decref(class);
	return e;
}
