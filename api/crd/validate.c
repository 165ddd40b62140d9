/* SPDX-License-Identifier: Apache-2.0 */
/* A custom resource as a whole: the rules of its schema, lists whose items must differ, embedded resources' metadata, and the
 * fields of its scale. Rules in CEL (x-kubernetes-validations) have their place at the end of crd_validate(); they are stored and
 * published, and not evaluated yet. */
#include "api/crd/rules.h"
#include "api/json/write.h"
#include "api/object/meta.h"
#include "base/mem.h"

/* ---- lists ---- */

static void lists_check(struct check *c, const struct api_schema *s, const json_t *v);

/* The item, or of an item of a map by keys an object of those. */
static json_t *identity_of(const struct api_schema *s, const json_t *item)
{
	if (s->list_type == API_LIST_SET)
		return json_incref((json_t *)item);
	json_t *id = json_object();
	for (size_t i = 0; s->list_keys && s->list_keys[i]; i++) {
		json_t *key = json_object_get(item, s->list_keys[i]);
		if (key)
			json_object_set(id, s->list_keys[i], key);
	}
	return id;
}

static void doubles_check(struct check *c, const struct api_schema *s, const json_t *list)
{
	struct map seen = { 0 };
	for (size_t i = 0; i < json_array_size(list); i++) {
		auto_buf text = { 0 };
		json_t *id = identity_of(s, json_array_get(list, i));
		api_json_any(&text, id);
		size_t *times = map_get(&seen, buf_view(&text));
		if (!times) {
			times = NEW(size_t);
			map_put(&seen, buf_view(&text), times);
		}
		if (++*times == 2) {
			size_t was = check_in_index(c, i);
			check_duplicate(c, "", id);
			check_out(c, was);
		}
		json_decref(id);
	}
	map_free(&seen, free);
}

static bool keyed_items_ok(struct check *c, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		if (json_is_object(item) || json_is_null(item))
			continue;
		size_t was = check_in_index(c, i);
		check_invalid(c, "", item, "must be an object for an array of list-type map");
		check_out(c, was);
		return false;
	}
	return true;
}

static void list_check(struct check *c, const struct api_schema *s, const json_t *list)
{
	if (s->list_type == API_LIST_SET ||
	    (s->list_type == API_LIST_MAP && keyed_items_ok(c, list)))
		doubles_check(c, s, list);
	for (size_t i = 0; s->item && i < json_array_size(list); i++) {
		size_t was = check_in_index(c, i);
		lists_check(c, s->item, json_array_get(list, i));
		check_out(c, was);
	}
}

static void lists_check(struct check *c, const struct api_schema *s, const json_t *v)
{
	const char *key;
	json_t *item;
	if (s->kind == API_LIST && json_is_array(v)) {
		list_check(c, s, v);
		return;
	}
	if (!json_is_object(v) ||
	    (s->kind != API_MAP && (s->kind != API_OBJECT || !s->type || s->type->gv)))
		return;
	json_object_foreach ((json_t *)v, key, item) {
		const struct api_field *f =
			s->kind == API_OBJECT ? api_type_field(s->type, str_from(key)) : NULL;
		const struct api_schema *below = s->kind == API_MAP ? s->item
						 : f                ? &f->schema
								    : NULL;
		size_t was = s->kind == API_MAP ? check_in_key(c, str_from(key)) : check_in(c, key);
		if (below)
			lists_check(c, below, item);
		check_out(c, was);
	}
}

static bool lists_fine(const struct api_schema *s, const json_t *object)
{
	auto_err err = { 0 };
	struct check c = { .err = &err };
	lists_check(&c, s, object);
	buf_free(&c.path);
	return err.ncauses == 0;
}

/* ---- scale ---- */

static const char *go_type(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT: return "map[string]interface {}";
	case JSON_ARRAY: return "[]interface {}";
	case JSON_STRING: return "string";
	case JSON_INTEGER: return "int64";
	case JSON_REAL: return "float64";
	case JSON_NULL: return "<nil>";
	default: return "bool";
	}
}

/* As Go's %v prints a value, for those that are likely. */
static void go_value(const json_t *v, struct buf *out)
{
	if (json_is_string(v))
		buf_str(out, tree_str(v));
	else
		api_json_any(out, v);
}

/* The value at ".a.b", as unstructured.NestedFieldNoCopy finds it; false (with a cause) when a step is no object, or the value no
 * `type`. NULL in *out: it isn't there. */
static bool field_at(struct check *c, const json_t *v, const char *dotted, const char *type,
		     const json_t **out)
{
	struct str rest = str_from(dotted), step;
	auto_buf path = { 0 }, field = { 0 }, value = { 0 };
	const char *wanted = "map[string]interface{}";
	buf_printf(&field, ".%s", dotted);
	while (v && json_is_object(v) && str_next(&rest, '.', &step)) {
		buf_printf(&path, ".%.*s", STR_ARG(step));
		v = json_object_getn(v, step.p, step.n);
		if (!rest.n)
			break;
	}
	*out = v;
	if (!v)
		return true;
	if (!rest.n) {
		wanted = type;
		if (!strcmp(go_type(v), type))
			return true;
	}
	go_value(v, &value);
	json_t *zero = !strcmp(type, "string") ? json_string("") : json_integer(0);
	check_invalid(c, field.p, zero, "%s accessor error: %s is of the type %s, expected %s",
		      path.p, value.p ? value.p : "", go_type(v), wanted);
	json_decref(zero);
	return false;
}

static void replicas_check(struct check *c, const json_t *object, const char *path)
{
	const json_t *v;
	auto_buf field = { 0 };
	if (!field_at(c, object, path, "int64", &v) || !v)
		return;
	buf_printf(&field, ".%s", path);
	if (json_integer_value(v) < 0)
		check_invalid(c, field.p, v, "should be a non-negative integer");
	else if (json_integer_value(v) > INT32_MAX)
		check_invalid(c, field.p, v, "should be less than or equal to %d", INT32_MAX);
}

static void selector_check(struct check *c, const json_t *object, const char *path)
{
	const json_t *v;
	field_at(c, object, path, "string", &v);
}

static void scale_check(struct check *c, const struct api_resource *r, bool spec,
			const json_t *object)
{
	for (size_t i = 0; i < r->nsubresources; i++) {
		const char *const *paths = r->subresources[i].paths;
		if (!paths)
			continue;
		if (spec && paths[0])
			replicas_check(c, object, paths[0]);
		if (paths[1])
			replicas_check(c, object, paths[1]);
		if (paths[2])
			selector_check(c, object, paths[2]);
	}
}

/* ---- all ---- */

void crd_validate(struct check *c, const struct api_resource *r, const char *subresource,
		  const json_t *object, const json_t *old)
{
	const struct api_schema root = { .kind = API_OBJECT, .type = r->type };
	bool status = strcmp(subresource, "status") == 0;
	const struct crd_rules *rules =
		status ? crd_rules_property(r->type->rules, "status") : r->type->rules;
	const json_t *value = status ? json_object_get(object, "status") : object;
	if (rules && value)
		crd_rules_check(rules, value, status ? json_object_get(old, "status") : old,
				status ? "status" : "", c->err);
	scale_check(c, r, !status, object);
	if (!status && r->type->rules)
		crd_embedded_check(c, r->type->rules, object, false);
	if (!old || lists_fine(&root, old))
		lists_check(c, &root, object);
}
