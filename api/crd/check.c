/* SPDX-License-Identifier: Apache-2.0 */
/* Values against rules. What a value breaks is gathered in an err of its own, because alternatives (anyOf, oneOf) are tried one
 * by one and only the best failure counts; `matches` is how upstream tells which that is. A branch that has not changed since
 * `old` keeps its errors to itself. */
#include "api/crd/check.h"
#include "api/json/write.h"
#include "api/object/meta.h"
#include "api/shape.h"
#include "base/mem.h"

#define NOWHERE "<nil>" /* the field that upstream gives errors of alternatives */

void crd_outcome_free(struct outcome *o)
{
	err_clear(&o->err);
}

void crd_outcome_merge(struct outcome *to, struct outcome *from)
{
	for (size_t i = 0; i < from->err.ncauses; i++) {
		const struct err_cause *cause = &from->err.causes[i];
		err_cause(&to->err, cause->type, cause->field, "%s", cause->message);
	}
	to->matches += from->matches;
}

const char *crd_place_field(const struct place *at, struct buf *out)
{
	const char *path = *at->path == '.' ? at->path + 1 : at->path;
	buf_puts(out, at->prefix);
	if (*path)
		buf_printf(out, "%s%s", *at->prefix ? "." : "", path);
	return out->n ? out->p : NOWHERE;
}

void crd_complain_nowhere(struct outcome *o, const struct place *at, const char *text)
{
	struct check c = { .err = &o->err };
	check_invalid_text(&c, *at->prefix ? at->prefix : NOWHERE, STR(""), "%s", text);
	buf_free(&c.path);
}

/* ---- lists ---- */

/* Items of a list map as it was, found by their keys. */
struct old_items {
	const struct crd_rules *rules;
	const json_t *list; /* NULL: nothing to compare with */
	struct map by_keys; /* the first of each; made when one is asked for */
};

static void keys_text(const struct crd_rules *r, const json_t *item, struct buf *out)
{
	for (size_t k = 0; r->list_keys[k]; k++) {
		const json_t *value = json_object_get(item, r->list_keys[k]);
		if (value)
			api_json_any(out, value);
		buf_putc(out, ',');
	}
}

static void old_items_find(struct old_items *o)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)o->list, i, item) {
		auto_buf keys = { 0 };
		if (!json_is_object(item))
			continue;
		keys_text(o->rules, item, &keys);
		if (!map_get(&o->by_keys, buf_view(&keys)))
			map_put(&o->by_keys, buf_view(&keys), item);
	}
}

static const json_t *old_item(struct old_items *o, const json_t *item)
{
	auto_buf keys = { 0 };
	const struct crd_rules *r = o->rules;
	if (r->list_type != API_LIST_MAP || !r->list_keys || !json_is_object(item) ||
	    !json_array_size(o->list))
		return NULL;
	if (!o->by_keys.count)
		old_items_find(o);
	keys_text(r, item, &keys);
	return map_get(&o->by_keys, buf_view(&keys));
}

static bool has_doubles(const json_t *list)
{
	struct map seen = { 0 };
	bool found = false;
	for (size_t i = 0; !found && i < json_array_size(list); i++) {
		auto_buf text = { 0 };
		api_json_any(&text, json_array_get(list, i));
		found = seen_before(&seen, buf_view(&text));
	}
	map_free(&seen, NULL);
	return found;
}

static void list_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	size_t n = json_array_size(at->value);
	struct old_items old = { .rules = r, .list = at->old };
	for (size_t i = 0; r->items && i < n; i++) {
		auto_buf path = { 0 };
		const json_t *item = json_array_get(at->value, i);
		buf_printf(&path, "%s[%zu]", at->path, i);
		struct place below = { item, old_item(&old, item), path.p, at->prefix };
		crd_rules_run(r->items, &below, o);
	}
	map_free(&old.by_keys, NULL);
	json_t *size = json_integer((json_int_t)n);
	if (r->min_items >= 0 && (int64_t)n < r->min_items)
		COMPLAIN(check_invalid, o, at, size, "%s in body should have at least %lld items",
			 at->path, (long long)r->min_items);
	if (r->max_items >= 0 && (int64_t)n > r->max_items)
		COMPLAIN(check_too_many, o, at, n, (size_t)r->max_items);
	if (r->unique_items && has_doubles(at->value))
		COMPLAIN(check_invalid_text, o, at, STR(""),
			 "%s in body shouldn't contain duplicates", at->path);
	json_decref(size);
	o->matches++;
}

/* ---- objects ---- */

static void member_check(const struct crd_rules *r, const struct place *at, const char *name,
			 const json_t *value, struct outcome *o)
{
	const struct crd_rules *own = crd_rules_property(r, name);
	auto_buf path = { 0 };
	if (!own && r->no_more) {
		COMPLAIN(check_invalid_text, o, at, str_from(name),
			 "%s.%s in body is a forbidden property", at->path, name);
		return;
	}
	if (!own && !r->more)
		return;
	buf_printf(&path, "%s%s%s", at->path, *at->path || !own ? "." : "", name);
	const json_t *old = r->atomic ? NULL : json_object_get(at->old, name);
	if (!*at->path && (!strcmp(name, "kind") || !strcmp(name, "apiVersion")))
		old = NULL;
	struct place below = { value, old, path.p, at->prefix };
	crd_rules_run(own ? own : r->more, &below, o);
}

static void object_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	int64_t n = (int64_t)json_object_size(at->value);
	const char *name;
	json_t *value;
	if (r->min_properties >= 0 && n < r->min_properties) {
		json_t *size = json_integer(n);
		COMPLAIN(check_invalid, o, at, size,
			 "%s in body should have at least %lld properties", at->path,
			 (long long)r->min_properties);
		json_decref(size);
	}
	if (r->max_properties >= 0 && n > r->max_properties)
		COMPLAIN(check_too_many, o, at, (size_t)n, (size_t)r->max_properties);
	if (r->nproperties || r->more || r->no_more)
		json_object_foreach ((json_t *)at->value, name, value)
			member_check(r, at, name, value, o);
	for (size_t i = 0; r->required && r->required[i]; i++) {
		auto_buf path = { 0 };
		if (json_object_get(at->value, r->required[i]))
			continue;
		buf_printf(&path, "%s.%s", at->path, r->required[i]);
		struct place missing = { NULL, NULL, path.p, at->prefix };
		COMPLAIN(check_required, o, &missing, "%s", "");
	}
}

/* ---- a value ---- */

static void null_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	if (r->types && !r->nullable)
		crd_wrong_type(at, r->type_text, "null", o);
	crd_enum_check(r, at, o);
}

static void value_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	if (json_is_null(at->value)) {
		null_check(r, at, o);
		return;
	}
	crd_type_check(r, at, o);
	crd_choice_check(r, at, o);
	if (json_is_string(at->value)) {
		crd_string_check(r, at, o);
		crd_format_check(r, at, o);
	}
	if (json_is_number(at->value))
		crd_number_check(r, at, o);
	if (json_is_array(at->value))
		list_check(r, at, o);
	crd_enum_check(r, at, o);
	if (json_is_object(at->value))
		object_check(r, at, o);
	o->matches++;
}

void crd_rules_run(const struct crd_rules *r, const struct place *at, struct outcome *out)
{
	struct outcome own = { 0 };
	value_check(r, at, &own);
	if (own.err.ncauses && at->old && shape_equal(at->value, at->old))
		err_clear(&own.err);
	crd_outcome_merge(out, &own);
	crd_outcome_free(&own);
}

void crd_rules_check(const struct crd_rules *rules, const json_t *value, const json_t *old,
		     const char *prefix, struct err *err)
{
	struct outcome all = { 0 };
	struct place at = { value, old, "", prefix };
	crd_rules_run(rules, &at, &all);
	for (size_t i = 0; i < all.err.ncauses; i++)
		err_cause(err, all.err.causes[i].type, all.err.causes[i].field, "%s",
			  all.err.causes[i].message);
	crd_outcome_free(&all);
}
