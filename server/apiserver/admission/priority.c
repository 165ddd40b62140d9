/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's priority is its class' value; without a class the global default's, or 0. Follows upstream's plugin/priority. */
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"

struct default_class {
	json_t *tree; /* the class with globalDefault and the lowest value */
};

static const struct api_resource *classes(void)
{
	return api_resource_find(STR("scheduling.k8s.io"), STR("v1"), STR("priorityclasses"));
}

static bool take_default(void *ctx, const struct object *o)
{
	struct default_class *d = ctx;
	json_t *tree = object_tree(o, NULL);
	bool is = json_is_true(json_object_get(tree, "globalDefault"));
	int64_t value = tree_int(json_object_get(tree, "value"), 0);
	if (is && (!d->tree || value < tree_int(json_object_get(d->tree, "value"), 0))) {
		json_decref(d->tree);
		d->tree = json_incref(tree);
	}
	json_decref(tree);
	return true;
}

static json_t *class_find(struct write *w, struct str name)
{
	const struct api_resource *res = classes();
	struct default_class d = { 0 };
	if (!res)
		return NULL;
	if (name.n) {
		struct object *o = lookup_object(w->r, res, STR(""), name);
		d.tree = o ? object_tree(o, NULL) : NULL;
		object_unref(o);
		return d.tree;
	}
	struct cache_view view;
	cache_view_now(server_cache(w->r->server, res), &view);
	cache_view_each(&view, str_from(res->storage_prefix), STR(""), take_default, &d);
	cache_view_close(&view);
	return d.tree;
}

static int priority_set(struct write *w, json_t *spec, const json_t *class, struct err *err)
{
	int64_t value = class ? tree_int(json_object_get(class, "value"), 0) : 0;
	const json_t *given = json_object_get(spec, "priority");
	struct str policy = tree_get_str(class, "preemptionPolicy", NULL);
	const json_t *asked = json_object_get(spec, "preemptionPolicy");
	if (json_is_integer(given) && json_integer_value(given) != value)
		return admission_forbid(w, err,
					"the integer value of priority (%lld) must not be provided "
					"in pod spec; priority admission controller "
					"computed %lld from the given PriorityClass name",
					(long long)json_integer_value(given), (long long)value);
	if (policy.n == 0) /* no class at all, or one that is older than the field */
		policy = STR("PreemptLowerPriority");
	if (json_is_string(asked) && !str_eq(tree_str(asked), policy))
		return admission_forbid(w, err,
					"the string value of PreemptionPolicy (%s) must not be "
					"provided in pod spec; priority admission controller "
					"computed %.*s from the given PriorityClass name",
					json_string_value(asked), STR_ARG(policy));
	json_object_set_new(spec, "priority", json_integer(value));
	json_object_set_new(spec, "preemptionPolicy", json_stringn(policy.p, policy.n));
	return 0;
}

static int pod_priority(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	if (!json_is_object(spec))
		return 0;
	struct str name = tree_get_str(spec, "priorityClassName", NULL);
	json_t *class = class_find(w, name);
	if (name.n && !class)
		return admission_forbid(w, err, "no PriorityClass with name %.*s was found",
					STR_ARG(name));
	if (class && name.n == 0) {
		struct str own = meta_name(class);
		json_object_set_new(spec, "priorityClassName", json_stringn(own.p, own.n));
	}
	int e = priority_set(w, spec, class, err);
	json_decref(class);
	return e;
}

/* What was computed at the creation stays when an update leaves it out. */
static void keep_computed(struct write *w)
{
	static const char *const fields[] = { "priority", "preemptionPolicy" };
	json_t *spec = json_object_get(w->tree, "spec");
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		json_t *was = tree_get(w->old, "spec", fields[i], NULL);
		if (was && json_is_object(spec) && !json_object_get(spec, fields[i]))
			json_object_set(spec, fields[i], was);
	}
}

int admit_priority(struct write *w, struct err *err)
{
	if (!admission_is(w, "pods"))
		return 0;
	if (!strcmp(w->operation, "CREATE"))
		return pod_priority(w, err);
	keep_computed(w);
	return 0;
}

int admit_priority_class(struct write *w, struct err *err)
{
	if (!admission_is_in(w, "scheduling.k8s.io", "priorityclasses", "") ||
	    !json_is_true(json_object_get(w->tree, "globalDefault")))
		return 0;
	json_t *class = class_find(w, STR(""));
	int e = 0;
	if (class && (!w->old || !str_eq(meta_name(class), w->name)))
		e = admission_forbid(w, err,
				     "PriorityClass %.*s is already marked as default. Only one "
				     "default can exist",
				     STR_ARG(meta_name(class)));
	json_decref(class);
	return e;
}
