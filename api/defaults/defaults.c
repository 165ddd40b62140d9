/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a tree by its schema: defaults of a type's own fields, its rule, then what is inside. A message that is always there
 * (no pointer) is given its defaults even when absent, and stays absent when it has none. */
#include "api/defaults/defaults.h"

#include "api/codec.h"
#include "api/values/quantity.h"

bool default_has(const json_t *tree, const char *field)
{
	const json_t *v = json_object_get(tree, field);
	return v && !json_is_null(v);
}

const char *default_text(const json_t *tree, const char *field)
{
	const char *text = json_string_value(json_object_get(tree, field));
	return text ? text : "";
}

void default_set_text(json_t *tree, const char *field, const char *value)
{
	if (!*default_text(tree, field))
		json_object_set_new(tree, field, json_string(value));
}

void default_if_absent(json_t *tree, const char *field, const char *value)
{
	if (!default_has(tree, field))
		json_object_set_new(tree, field, json_string(value));
}

void default_set_int(json_t *tree, const char *field, json_int_t value)
{
	if (!default_has(tree, field))
		json_object_set_new(tree, field, json_integer(value));
}

void default_set_bool(json_t *tree, const char *field, bool value)
{
	if (!default_has(tree, field))
		json_object_set_new(tree, field, json_boolean(value));
}

json_t *default_object(json_t *tree, const char *field)
{
	if (!default_has(tree, field))
		json_object_set_new(tree, field, json_object());
	return json_object_get(tree, field);
}

json_t *default_path(const json_t *tree, const char *a, const char *b)
{
	return json_object_get(json_object_get(tree, a), b);
}

static const struct default_rule *find_in(const struct default_rule *rules, size_t n,
					  const char *type)
{
	for (size_t lo = 0, hi = n; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(type, rules[mid].type);
		if (c == 0)
			return &rules[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static void apply_rule(const struct api_type *t, json_t *tree)
{
	const struct default_rule *rule =
		find_in(default_rules_core, default_rules_core_count, t->name);
	if (!rule)
		rule = find_in(default_rules_groups, default_rules_groups_count, t->name);
	if (rule)
		rule->apply(tree);
}

static bool is_absent(const struct api_field *f, const json_t *v)
{
	if (!v || json_is_null(v))
		return !v || !f->schema.nullable;
	if (f->pointer)
		return false;
	return (json_is_string(v) && json_string_length(v) == 0) ||
	       (json_is_integer(v) && json_integer_value(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0);
}

static void default_field(const struct api_field *f, json_t *tree)
{
	json_t *value = NULL;
	if (is_absent(f, json_object_getn(tree, f->name, f->name_length)) &&
	    api_json_parse(str_from(f->schema.default_json), &value, NULL, NULL) == 0)
		json_object_setn_new_nocheck(tree, f->name, f->name_length, value);
}

static void default_object_of(const struct api_type *t, json_t *tree);

/* Quantities finer than a thousandth are rounded up to one (SetDefaults_ResourceList). */
static void default_quantities(json_t *map)
{
	const char *key;
	json_t *v;
	json_object_foreach (map, key, v) {
		struct quantity q;
		char text[QUANTITY_TEXT_MAX];
		if (!json_is_string(v) ||
		    quantity_parse(str_from(json_string_value(v)), &q, NULL) < 0 ||
		    q.nano % 1000000 == 0)
			continue;
		quantity_text(quantity_from_milli(quantity_milli(q), q.format), text);
		json_object_set_new(map, key, json_string(text));
	}
}

/* Items of a custom resource that are null, and may not be, become what their schema says. */
static void default_null_items(const struct api_schema *s, json_t *v)
{
	json_t *item, *value;
	size_t i;
	const char *key;
	if (!s->item || !s->item->default_json || s->item->nullable)
		return;
	json_array_foreach (v, i, item)
		if (json_is_null(item) &&
		    api_json_parse(str_from(s->item->default_json), &value, NULL, NULL) == 0)
			json_array_set_new(v, i, value);
	json_object_foreach (v, key, item)
		if (json_is_null(item) &&
		    api_json_parse(str_from(s->item->default_json), &value, NULL, NULL) == 0)
			json_object_set_new(v, key, value);
}

static void default_value(const struct api_type *of, const struct api_schema *s, json_t *v)
{
	size_t i;
	const char *key;
	json_t *item;
	default_null_items(s, v);
	if (s->kind == API_OBJECT && s->type && json_is_object(v)) {
		default_object_of(s->type, v);
	} else if (s->kind == API_LIST && s->item->kind >= API_OBJECT && json_is_array(v)) {
		json_array_foreach (v, i, item)
			default_value(of, s->item, item);
	} else if (s->kind == API_MAP && s->item->kind == API_QUANTITY && json_is_object(v)) {
		if (of->gv && !strcmp(of->gv->prefix, "core/v1"))
			default_quantities(v);
	} else if (s->kind == API_MAP && s->item->kind >= API_OBJECT && json_is_object(v)) {
		json_object_foreach (v, key, item)
			default_value(of, s->item, item);
	}
}

static void default_absent_message(const struct api_field *f, json_t *tree)
{
	json_t *message = json_object();
	default_object_of(f->schema.type, message);
	if (json_object_size(message))
		json_object_setn_new_nocheck(tree, f->name, f->name_length, message);
	else
		json_decref(message);
}

static void default_object_of(const struct api_type *t, json_t *tree)
{
	for (size_t i = 0; i < t->nfields; i++)
		if (t->fields[i].schema.default_json)
			default_field(&t->fields[i], tree);
	apply_rule(t, tree);
	for (size_t i = 0; i < t->nfields; i++) {
		const struct api_field *f = &t->fields[i];
		if (f->schema.kind < API_OBJECT)
			continue;
		json_t *v = json_object_getn(tree, f->name, f->name_length);
		if (v && !json_is_null(v))
			default_value(t, &f->schema, v);
		else if (f->schema.kind == API_OBJECT && !f->pointer && f->schema.type)
			default_absent_message(f, tree);
	}
}

void api_default(const struct api_type *t, json_t *tree)
{
	if (json_is_object(tree))
		default_object_of(t, tree);
}
