/* SPDX-License-Identifier: Apache-2.0 */
/* What decoding does to a custom resource: metadata is checked as that of any kind, fields that the schema doesn't know go,
 * and so do nulls where there may be none and no default takes their place. Types are left to validation, as upstream does. */
#include <stdlib.h>

#include "api/conform_values.h"
#include "api/json/write.h"
#include "base/mem.h"

static void prune(struct conform *c, const struct api_schema *s, json_t *v, const struct path *at);

static bool keeps_unknown(const struct api_schema *s)
{
	return s && (s->preserve_unknown || (s->type && s->type->preserve_unknown));
}

static bool is_meta(struct str name)
{
	return str_eqz(name, "apiVersion") || str_eqz(name, "kind") || str_eqz(name, "metadata");
}

/* NULL: there is none. *known: the key may stay. */
static const struct api_schema *schema_of(const struct api_schema *s, struct str name, bool *known)
{
	const struct api_field *f =
		s && s->kind == API_OBJECT && s->type ? api_type_field(s->type, name) : NULL;
	bool map = s && s->kind == API_MAP;
	*known = f || map;
	if (f)
		return &f->schema;
	return map && s->item->kind != API_JSON   ? s->item
	       : map && s->item->preserve_unknown ? s->item
						  : NULL;
}

static void prune_map(struct conform *c, const struct api_schema *s, json_t *v,
		      const struct path *up)
{
	bool keep = keeps_unknown(s), known;
	size_t n;
	const char *key;
	json_t *item;
	void *next;
	json_object_keylen_foreach_safe(v, next, key, n, item)
	{
		struct path at = { .up = up, .name = str_of(key, n) };
		if (s && s->embedded_resource && is_meta(at.name))
			continue;
		const struct api_schema *below = schema_of(s, at.name, &known);
		if (known) {
			prune(c, below, item, &at);
		} else if (!keep) {
			if (c->unknown)
				api_strings_add(c->unknown, path_text(&at));
			json_object_deln(v, key, n);
		}
	}
}

static void prune(struct conform *c, const struct api_schema *s, json_t *v, const struct path *up)
{
	if (json_is_object(v)) {
		if (!keeps_unknown(s) || s->kind == API_OBJECT || s->kind == API_MAP)
			prune_map(c, s, v, up);
		return;
	}
	struct path at = { .up = up, .is_index = true };
	for (; at.index < json_array_size(v); at.index++)
		if (!keeps_unknown(s) || (s->kind == API_LIST && s->item))
			prune(c, s && s->kind == API_LIST ? s->item : NULL,
			      json_array_get(v, at.index), &at);
}

static bool drops_null(const struct api_schema *s)
{
	return s && !s->nullable && !s->default_json;
}

static void drop_nulls(const struct api_schema *s, json_t *v)
{
	size_t n;
	const char *key;
	json_t *item;
	void *next;
	bool known;
	if (json_is_object(v)) {
		json_object_keylen_foreach_safe(v, next, key, n, item)
		{
			const struct api_schema *below = schema_of(s, str_of(key, n), &known);
			if (json_is_null(item) && drops_null(below))
				json_object_deln(v, key, n);
			else
				drop_nulls(below, item);
		}
		return;
	}
	for (size_t i = 0; i < json_array_size(v); i++)
		drop_nulls(s && s->kind == API_LIST ? s->item : NULL, json_array_get(v, i));
}

/* Errors are about ObjectMeta on its own, unknown fields about the object. */
static int meta_conform(struct conform *c, const struct api_schema *s, json_t *meta, const char *at)
{
	struct api_strings own = { 0 };
	struct conform inner = { .unknown = c->unknown ? &own : NULL, .err = c->err };
	int e = json_is_object(meta) ? conform_message(&inner, s, meta, NULL)
				     : conform_wrong(&inner, s, meta, NULL);
	for (size_t i = 0; c->unknown && i < own.n; i++)
		api_strings_add(c->unknown, str_printf("%s.%s", at, own.items[i]));
	api_strings_free(&own);
	return e;
}

/* apiVersion, kind and metadata of a resource inside of another are those of any object. */
static int embedded_member(struct conform *c, const struct api_schema *s, json_t *v,
			   const struct path *at)
{
	auto_free char *where = path_text(at);
	auto_buf sent = { 0 };
	api_json_any(&sent, v);
	if (!str_eqz(at->name, "metadata"))
		return json_is_string(v)
			       ? 0
			       : err_set(c->err, ERR_BAD_REQUEST,
					 "%s: Invalid value: %s: must be a string", where, sent.p);
	int e = json_is_null(v) ? 0 : meta_conform(c, s, v, where);
	return e < 0 ? err_wrap(c->err, e, "%s: Invalid value: %s", where, sent.p) : 0;
}

static int embedded_check(struct conform *c, const struct api_schema *s, json_t *v,
			  const struct path *up)
{
	size_t n;
	const char *key;
	json_t *item;
	void *next;
	bool known;
	if (json_is_object(v)) {
		json_object_keylen_foreach_safe(v, next, key, n, item)
		{
			struct path at = { .up = up, .name = str_of(key, n) };
			const struct api_schema *below = schema_of(s, at.name, &known);
			bool own = s && s->embedded_resource && below && is_meta(at.name);
			int e = own ? embedded_member(c, below, item, &at)
				    : embedded_check(c, below, item, &at);
			if (e < 0)
				return e;
		}
		return 0;
	}
	struct path at = { .up = up, .is_index = true };
	for (; at.index < json_array_size(v); at.index++) {
		int e = embedded_check(c, s && s->kind == API_LIST ? s->item : NULL,
				       json_array_get(v, at.index), &at);
		if (e < 0)
			return e;
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int texts_check(struct conform *c, const json_t *tree)
{
	static const char *const names[] = { "kind", "apiVersion" };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const json_t *v = json_object_get(tree, names[i]);
		if (v && !json_is_string(v))
			return err_set(c->err, ERR_BAD_REQUEST,
				       ".%s accessor error: the value is of the wrong type, "
				       "expected string",
				       names[i]);
	}
	return 0;
}

int conform_custom(struct conform *c, const struct api_type *t, json_t *tree)
{
	struct api_schema root = { .kind = API_OBJECT,
				   .type = t,
				   .embedded_resource = true,
				   .preserve_unknown = t->preserve_unknown };
	json_t *meta = json_object_get(tree, "metadata");
	int e = texts_check(c, tree);
	if (e == 0 && meta && !json_is_null(meta))
		e = meta_conform(c, &api_type_field(t, STR("metadata"))->schema, meta, "metadata");
	if (e < 0)
		return e;
	size_t first = c->unknown ? c->unknown->n : 0;
	prune(c, &root, tree, NULL);
	if (c->unknown && c->unknown->n > first)
		qsort(c->unknown->items + first, c->unknown->n - first, sizeof(char *), by_text);
	drop_nulls(&root, tree);
	json_t *value;
	const char *key;
	json_object_foreach (tree, key, value) {
		const struct api_field *f = api_type_field(t, str_from(key));
		struct path at = { .name = str_from(key) };
		if (!is_meta(at.name) &&
		    (e = embedded_check(c, f ? &f->schema : NULL, value, &at)) < 0)
			return e;
	}
	return 0;
}
