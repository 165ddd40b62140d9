/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/metadata.h"

#include <string.h>

#include "api/apply/managed_fields.h"
#include "api/object/meta.h"
#include "base/mem.h"

static const char *const standard_finalizers[] = { "kubernetes", "orphan", "foregroundDeletion",
						   NULL };

/* A generated name gets five more characters: a trailing dash is no error. */
static void check_generate_name(struct check *c, struct str name, name_check rule)
{
	auto_free char *masked = str_dup(name);
	if (name.n > 1 && name.p[name.n - 1] == '-' && name.p[name.n - 2] != '-')
		masked[name.n - 1] = 'a';
	struct name_errors e = rule(str_of(masked, name.n));
	for (size_t i = 0; i < e.n; i++)
		check_invalid_text(c, "generateName", name, "%s", e.text[i]);
}

static void check_identity(struct check *c, const json_t *object, bool namespaced, name_check rule)
{
	struct str name = meta_name(object), ns = meta_namespace(object);
	if (meta_generate_name(object).n)
		check_generate_name(c, meta_generate_name(object), rule);
	if (name.n == 0)
		check_required(c, "name", "name or generateName is required");
	else
		check_name(c, "name", name, rule);
	if (namespaced)
		check_required_name(c, "namespace", ns, name_dns_label);
	else if (ns.n)
		check_forbidden(c, "namespace", "not allowed on this type");
}

static bool valid_version(struct str api_version)
{
	size_t slash = str_find(api_version, '/');
	struct str rest = slash < api_version.n
				  ? str_of(api_version.p + slash + 1, api_version.n - slash - 1)
				  : api_version;
	return rest.n && str_find(rest, '/') == rest.n;
}

static void check_owner(struct check *c, const json_t *owner)
{
	static const char *const needed[] = { "kind", "name", "uid" };
	struct str version = tree_str(json_object_get(owner, "apiVersion"));
	if (version.n == 0)
		check_required(c, "apiVersion", "must not be empty");
	else if (!valid_version(version))
		check_invalid_text(c, "apiVersion", version,
				   "must be <group>/<version> or <version>");
	for (size_t i = 0; i < COUNT_OF(needed); i++)
		if (tree_str(json_object_get(owner, needed[i])).n == 0)
			check_required(c, needed[i], "must not be empty");
	if (str_eqz(version, "v1") && str_eqz(tree_str(json_object_get(owner, "kind")), "Event"))
		check_invalid(c, NULL, owner, "/v1, Kind=Event is disallowed from being an owner");
}

static void check_owners(struct check *c, const json_t *object)
{
	const json_t *list = meta_owners(object), *first = NULL;
	size_t was = check_in(c, "ownerReferences"), i;
	json_t *owner;
	json_array_foreach (list, i, owner) {
		size_t at = check_in_index(c, i);
		check_owner(c, owner);
		check_out(c, at);
		if (!json_is_true(json_object_get(owner, "controller")))
			continue;
		if (first)
			check_invalid(c, NULL, list,
				      "Only one reference can have Controller set to true. Found "
				      "\"true\" in references for %s/%s and %s/%s",
				      json_string_value(json_object_get(first, "kind")),
				      json_string_value(json_object_get(first, "name")),
				      json_string_value(json_object_get(owner, "kind")),
				      json_string_value(json_object_get(owner, "name")));
		else
			first = owner;
	}
	check_out(c, was);
}

static void check_finalizers(struct check *c, const json_t *object, bool names)
{
	size_t was = check_in(c, "finalizers"), i;
	json_t *item;
	json_array_foreach (meta_finalizers(object), i, item) {
		struct str name = tree_str(item);
		if (names)
			check_name(c, NULL, name, name_label_key);
		size_t at = check_in_index(c, i);
		if (!c->custom && !c->general && str_find(name, '/') == name.n &&
		    !str_in(name, standard_finalizers))
			check_invalid_text(c, NULL, name,
					   "name is neither a standard finalizer name nor is it "
					   "fully qualified");
		check_out(c, at);
	}
	if (names && meta_has_finalizer(object, STR("orphan")) &&
	    meta_has_finalizer(object, STR("foregroundDeletion")))
		check_invalid(c, NULL, meta_finalizers(object),
			      "finalizer orphan and foregroundDeletion cannot be both set");
	check_out(c, was);
}

static void check_common(struct check *c, const json_t *object)
{
	check_labels(c, "labels", json_object_get(meta_of(object), "labels"));
	check_annotations(c, "annotations", json_object_get(meta_of(object), "annotations"));
	check_owners(c, object);
	managed_validate(json_object_get(meta_of(object), "managedFields"), c->err);
}

void check_metadata(struct check *c, const json_t *object, bool namespaced, name_check name)
{
	size_t was = check_in(c, "metadata");
	check_identity(c, object, namespaced, name);
	check_non_negative(c, meta_of(object), "generation");
	check_common(c, object);
	check_finalizers(c, object, true);
	check_out(c, was);
}

void check_template_metadata(struct check *c, const json_t *metadata)
{
	static const char *const unset[] = { "name",
					     "generateName",
					     "namespace",
					     "selfLink",
					     "uid",
					     "resourceVersion",
					     "generation",
					     "creationTimestamp",
					     "deletionTimestamp",
					     "deletionGracePeriodSeconds",
					     "ownerReferences",
					     "finalizers",
					     "managedFields" };
	size_t was = check_in(c, "metadata");
	check_annotations(c, "annotations", json_object_get(metadata, "annotations"));
	check_labels(c, "labels", json_object_get(metadata, "labels"));
	for (size_t i = 0; i < COUNT_OF(unset); i++)
		if (!shape_empty(json_object_get(metadata, unset[i])))
			check_forbidden(c,
					strcmp(unset[i], "uid") ? unset[i]
								: "uID", /* its name in Go */
					"cannot be set");
	check_out(c, was);
}

static void check_new_finalizers(struct check *c, const json_t *new, const json_t *old)
{
	auto_buf added = { 0 };
	size_t i;
	json_t *item;
	json_array_foreach (meta_finalizers(new), i, item)
		if (!meta_has_finalizer(old, tree_str(item))) {
			buf_puts(&added, added.n ? ", " : "");
			buf_json_string(&added, tree_str(item));
		}
	if (added.n)
		check_forbidden(c, "finalizers",
				"no new finalizers can be added if the object is being deleted, "
				"found new finalizers []string{%s}",
				added.p);
}

void check_metadata_update(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const fixed[] = { "name",
					     "namespace",
					     "uid",
					     "creationTimestamp",
					     "deletionTimestamp",
					     "deletionGracePeriodSeconds" };
	const json_t *a = meta_of(new), *b = meta_of(old);
	size_t was = check_in(c, "metadata");
	if (meta_deletion(old).n)
		check_new_finalizers(c, new, old);
	check_non_negative(c, a, "generation");
	if (meta_generation(new) < meta_generation(old))
		check_invalid(c, "generation", json_object_get(a, "generation"),
			      "must not be decremented");
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		check_immutable(c, fixed[i], json_object_get(a, fixed[i]),
				json_object_get(b, fixed[i]));
	check_common(c, new);
	check_finalizers(c, new, false);
	check_out(c, was);
}
