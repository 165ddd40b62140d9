/* SPDX-License-Identifier: Apache-2.0 */
/* Resources inside of resources. Rules lead to them: no tables are needed, so that defaults of a schema are judged like objects. */
#include "api/codec.h"
#include "api/crd/rules.h"
#include "api/object/meta.h"
#include "api/registry.h"
#include "api/validation/crd_names.h"
#include "api/validation/metadata.h"
#include "base/mem.h"

static bool is_meta(const char *name)
{
	return !strcmp(name, "apiVersion") || !strcmp(name, "kind") || !strcmp(name, "metadata");
}

/* ---- what is unknown ---- */

bool crd_rules_prune(const struct crd_rules *r, const json_t *v, bool root)
{
	bool keep = r && r->preserve_unknown, found = false;
	const char *name;
	json_t *item;
	size_t i;
	json_object_foreach ((json_t *)(uintptr_t)v, name, item) {
		const struct crd_rules *own = crd_rules_property(r, name);
		if (r && (root || r->embedded_resource) && is_meta(name))
			continue;
		if (own || (r && r->more))
			found = found || crd_rules_prune(own ? own : r->more, item, false);
		else if (r && (r->any_more || r->no_more))
			found = found || crd_rules_prune(NULL, item, false);
		else
			found = found || !keep;
	}
	if (json_is_array(v))
		json_array_foreach (v, i, item)
			found = found || (!(keep && !r->items) &&
					  crd_rules_prune(r ? r->items : NULL, item, false));
	return found;
}

/* ---- types ---- */

static bool text_coerce(struct check *c, const char *name, const json_t *value)
{
	if (value && !json_is_string(value)) {
		check_invalid(c, name, value, "must be a string");
		return false;
	}
	return true;
}

static bool metadata_coerce(struct check *c, const json_t *metadata)
{
	auto_err err = { 0 };
	if (!metadata)
		return true;
	json_t *copy = tree_copy(metadata);
	const struct api_type *type = api_type_find(STR("meta/v1.ObjectMeta"));
	int e = 0;
	if (!json_is_object(copy) && !json_is_null(copy))
		e = err_set(&err, ERR_BAD_REQUEST,
			    "json: cannot unmarshal %s into Go value of type v1.ObjectMeta",
			    json_is_string(copy)   ? "string"
			    : json_is_number(copy) ? "number"
			    : json_is_array(copy)  ? "array"
						   : "bool");
	else if (json_is_object(copy))
		e = api_conform(type, copy, NULL, &err);
	json_decref(copy);
	if (e < 0)
		check_invalid(c, "metadata", metadata, "%s", err_text(&err));
	return e == 0;
}

typedef bool (*visit)(struct check *c, const struct crd_rules *r, const json_t *value, bool root);

/* What is below a value, until a visit fails. */
static bool visit_below(struct check *c, const struct crd_rules *r, const json_t *v, visit each)
{
	bool ok = true;
	const char *name;
	json_t *item;
	size_t i;
	json_object_foreach ((json_t *)(uintptr_t)v, name, item) {
		const struct crd_rules *own = crd_rules_property(r, name);
		size_t was = own ? check_in(c, name) : check_in_key(c, str_from(name));
		if (own || r->more)
			ok = ok && each(c, own ? own : r->more, item, false);
		check_out(c, was);
	}
	if (json_is_array(v) && r->items)
		json_array_foreach (v, i, item) {
			size_t was = check_in_index(c, i);
			ok = ok && each(c, r->items, item, false);
			check_out(c, was);
		}
	return ok;
}

bool crd_embedded_coerce(struct check *c, const struct crd_rules *r, const json_t *v, bool root)
{
	if ((root || r->embedded_resource) && json_is_object(v)) {
		if (!text_coerce(c, "apiVersion", json_object_get(v, "apiVersion")) ||
		    !text_coerce(c, "kind", json_object_get(v, "kind")) ||
		    !metadata_coerce(c, json_object_get(v, "metadata")))
			return false;
	}
	return visit_below(c, r, v, crd_embedded_coerce);
}

/* ---- values ---- */

static void version_check(struct check *c, const json_t *v)
{
	struct str text = tree_str(v);
	size_t slash = str_find(text, '/');
	if (!v)
		check_required(c, "apiVersion", "%s", "");
	else if (!text.n)
		check_invalid_text(c, "apiVersion", text, "must not be empty");
	else if (slash < text.n &&
		 str_find(str_of(text.p + slash + 1, text.n - slash - 1), '/') < text.n - slash - 1)
		check_invalid_text(c, "apiVersion", text, "unexpected GroupVersion string: %.*s",
				   STR_ARG(text));
}

static void kind_check(struct check *c, const json_t *v)
{
	struct str text = tree_str(v);
	if (!v)
		check_required(c, "kind", "%s", "");
	else if (!text.n)
		check_invalid_text(c, "kind", text, "must not be empty");
	else
		check_crd_kind_name(c, "kind", text);
}

static void metadata_check(struct check *c, const json_t *metadata)
{
	if (!json_is_object(metadata))
		return;
	json_t *copy = tree_copy(metadata), *object = json_object();
	api_conform(api_type_find(STR("meta/v1.ObjectMeta")), copy, NULL, NULL);
	if (!tree_str(json_object_get(copy, "name")).n)
		json_object_set_new(copy, "name", json_string("fakename"));
	json_object_set_new(object, "metadata", copy);
	bool custom = c->custom;
	c->custom = true;
	check_metadata(c, object, meta_namespace(object).n > 0, name_path_segment);
	c->custom = custom;
	json_decref(object);
}

static bool embedded_visit(struct check *c, const struct crd_rules *r, const json_t *v, bool root)
{
	if ((root || r->embedded_resource) && json_is_object(v)) {
		version_check(c, json_object_get(v, "apiVersion"));
		kind_check(c, json_object_get(v, "kind"));
		metadata_check(c, json_object_get(v, "metadata"));
	}
	return visit_below(c, r, v, embedded_visit);
}

void crd_embedded_check(struct check *c, const struct crd_rules *r, const json_t *v, bool root)
{
	embedded_visit(c, r, v, root);
}
