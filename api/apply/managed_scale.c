/* SPDX-License-Identifier: Apache-2.0 */
#include "api/apply/managed_scale.h"

#include "api/apply/managed_entry.h"

/* The set of one field. */
static const struct fieldset *field_at(struct arena *a, const char *path)
{
	json_t *root = json_object(), *at = root;
	struct str rest = str_from(path), step;
	while (rest.n && str_next(&rest, '.', &step)) {
		char *key = arena_printf(a, "f:%.*s", STR_ARG(step));
		json_t *below = json_object();
		json_object_set_new(at, key, below);
		at = below;
	}
	const struct fieldset *set = NULL;
	if (fieldset_parse(a, root, &set, NULL) < 0)
		set = NULL;
	json_decref(root);
	return set;
}

static bool owns(struct arena *a, const struct managed_entry *e, const struct fieldset *field)
{
	return !fieldset_empty(fieldset_intersection(a, e->set, field));
}

json_t *managed_to_scale(const json_t *of_object, const char *path)
{
	auto_arena a = { 0 };
	struct managed object = { .a = &a }, scale = { .a = &a };
	const struct fieldset *theirs = field_at(&a, path), *ours = field_at(&a, "spec.replicas");
	if (managed_decode(&object, of_object, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < object.n; i++) {
		struct managed_entry e = object.entries[i];
		if (!owns(&a, &e, theirs))
			continue;
		e.set = ours;
		e.api_version = STR(MANAGED_SCALE_VERSION);
		managed_add(&scale, e);
	}
	return managed_encode(&scale);
}

/* The same applier's entry in the other list. An updater's identity has its version, which is another one there: it has none. */
static struct managed_entry *counterpart(struct managed *m, const struct managed_entry *e)
{
	return e->applied ? managed_find(m, e) : NULL;
}

/* What the object keeps: a number that its owner no longer has at the scale is taken from it. */
static void keep(struct managed *out, struct managed_entry e, struct managed *scale,
		 const struct fieldset *theirs)
{
	bool owned = owns(out->a, &e, theirs);
	struct managed_entry *kept = owned ? counterpart(scale, &e) : NULL;
	if (kept)
		kept->set = NULL; /* it has its entry */
	else if (owned)
		e.set = fieldset_difference(out->a, e.set, theirs);
	if (!fieldset_empty(e.set))
		managed_add(out, e);
}

json_t *managed_from_scale(const json_t *of_object, const json_t *of_scale, struct str version,
			   const char *path)
{
	auto_arena a = { 0 };
	struct managed object = { .a = &a }, scale = { .a = &a }, out = { .a = &a };
	const struct fieldset *theirs = field_at(&a, path), *ours = field_at(&a, "spec.replicas");
	if (managed_decode(&object, of_object, NULL) < 0 ||
	    managed_decode(&scale, of_scale, NULL) < 0)
		return json_deep_copy(of_object);
	for (size_t i = 0; i < object.n; i++)
		keep(&out, object.entries[i], &scale, theirs);
	for (size_t i = 0; i < scale.n; i++) {
		struct managed_entry e = scale.entries[i];
		if (fieldset_empty(e.set) || !owns(&a, &e, ours))
			continue;
		e.set = theirs;
		e.api_version = version;
		e.time = (struct str){ 0 }; /* upstream looks for it under the other version */
		managed_add(&out, e);
	}
	return managed_encode(&out);
}
