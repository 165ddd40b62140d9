/* SPDX-License-Identifier: Apache-2.0 */
#include "api/crd/rules.h"

#include <stdlib.h>

#include "api/object/meta.h"
#include "api/values/pattern.h"
#include "base/mem.h"

struct compiler {
	struct crd *crd;
	struct err *err;
};

static int compile(struct compiler *c, const json_t *s, const struct crd_rules **out);

static const struct {
	const char *word;
	unsigned bit;
} types[] = {
	{ "string", CRD_STRING },   { "integer", CRD_INTEGER }, { "number", CRD_NUMBER },
	{ "boolean", CRD_BOOLEAN }, { "array", CRD_ARRAY },     { "object", CRD_OBJECT },
};

static bool flag(const json_t *s, const char *name)
{
	return json_is_true(json_object_get(s, name));
}

static void types_read(struct compiler *c, const json_t *s, struct crd_rules *r)
{
	struct str word = tree_str(json_object_get(s, "type"));
	if (flag(s, "x-kubernetes-int-or-string") && !c->crd->any_int_or_string) {
		r->types = CRD_INTEGER | CRD_STRING;
		r->type_text = "integer,string";
		return;
	}
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (str_eqz(word, types[i].word))
			r->types = types[i].bit;
	r->type_text = arena_strdup(&c->crd->arena, word);
}

static bool number_read(const json_t *s, const char *name, double *out)
{
	const json_t *v = json_object_get(s, name);
	if (json_is_number(v))
		*out = json_number_value(v);
	return json_is_number(v);
}

static void limits_read(const json_t *s, struct crd_rules *r)
{
	r->has_min = number_read(s, "minimum", &r->min);
	r->has_max = number_read(s, "maximum", &r->max);
	r->has_multiple = number_read(s, "multipleOf", &r->multiple_of);
	r->exclusive_min = flag(s, "exclusiveMinimum");
	r->exclusive_max = flag(s, "exclusiveMaximum");
	r->min_length = tree_int(json_object_get(s, "minLength"), -1);
	r->max_length = tree_int(json_object_get(s, "maxLength"), -1);
	r->min_items = tree_int(json_object_get(s, "minItems"), -1);
	r->max_items = tree_int(json_object_get(s, "maxItems"), -1);
	r->min_properties = tree_int(json_object_get(s, "minProperties"), -1);
	r->max_properties = tree_int(json_object_get(s, "maxProperties"), -1);
	r->unique_items = flag(s, "uniqueItems");
	r->nullable = flag(s, "nullable");
	r->preserve_unknown = flag(s, "x-kubernetes-preserve-unknown-fields");
	r->embedded_resource = flag(s, "x-kubernetes-embedded-resource");
	r->atomic = str_eqz(tree_str(json_object_get(s, "x-kubernetes-map-type")), "atomic");
}

static int pattern_read(struct compiler *c, const json_t *s, struct crd_rules *r)
{
	struct str text = tree_str(json_object_get(s, "pattern"));
	struct pattern *p = NULL;
	struct crd *crd = c->crd;
	if (text.n == 0)
		return 0;
	int e = pattern_new(text, &p, c->err);
	if (e < 0)
		return e;
	crd->patterns = mem_array_grow(crd->patterns, &crd->cap_patterns, crd->npatterns + 1,
				       sizeof(*crd->patterns));
	crd->patterns[crd->npatterns++] = p;
	r->pattern = p;
	r->pattern_text = arena_strdup(&crd->arena, text);
	return 0;
}

static void enum_read(struct compiler *c, const json_t *s, struct crd_rules *r)
{
	const json_t *values = json_object_get(s, "enum");
	if (json_array_size(values) == 0)
		return;
	json_t *copy = tree_copy(values);
	json_array_append_new(c->crd->held, copy);
	r->enum_values = copy;
}

static const char *const *names_read(struct compiler *c, const json_t *list)
{
	size_t n = json_array_size(list);
	if (n == 0)
		return NULL;
	const char **out = ARENA_ARRAY(&c->crd->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = arena_strdup(&c->crd->arena, tree_str(json_array_get(list, i)));
	return out;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct crd_property *)a)->name,
		      ((const struct crd_property *)b)->name);
}

static int properties_read(struct compiler *c, const json_t *s, struct crd_rules *r)
{
	json_t *props = json_object_get(s, "properties"), *prop;
	const char *name;
	size_t n = 0;
	struct crd_property *out =
		ARENA_ARRAY(&c->crd->arena, struct crd_property, json_object_size(props) + 1);
	json_object_foreach (props, name, prop) {
		out[n].name = arena_strdup(&c->crd->arena, str_from(name));
		int e = compile(c, prop, &out[n++].rules);
		if (e < 0)
			return e;
	}
	qsort(out, n, sizeof(*out), by_name);
	r->properties = out;
	r->nproperties = n;
	return 0;
}

static int list_read(struct compiler *c, const json_t *s, const char *name,
		     const struct crd_rules *const **out)
{
	const json_t *list = json_object_get(s, name);
	size_t n = json_array_size(list);
	if (n == 0)
		return 0;
	const struct crd_rules **all = ARENA_ARRAY(&c->crd->arena, const struct crd_rules *, n + 1);
	*out = all;
	for (size_t i = 0; i < n; i++) {
		int e = compile(c, json_array_get(list, i), &all[i]);
		if (e < 0)
			return e;
	}
	return 0;
}

static int one_read(struct compiler *c, const json_t *s, const char *name,
		    const struct crd_rules **out)
{
	const json_t *one = json_object_get(s, name);
	return json_is_object(one) ? compile(c, one, out) : 0;
}

static void format_read(struct compiler *c, const json_t *s, struct crd_rules *r)
{
	struct str format = tree_str(json_object_get(s, "format"));
	char *copy = arena_strdup(&c->crd->arena, format);
	bool several = (r->types & (r->types - 1)) != 0;
	if (format.n && crd_format_known(several ? "" : r->type_text, copy))
		r->format = copy;
}

static int below_read(struct compiler *c, const json_t *s, struct crd_rules *r)
{
	int e = properties_read(c, s, r);
	if (e == 0)
		e = one_read(c, s, "additionalProperties", &r->more);
	if (e == 0)
		e = one_read(c, s, "items", &r->items);
	if (e == 0)
		e = one_read(c, s, "not", &r->not_of);
	if (e == 0)
		e = list_read(c, s, "allOf", &r->all_of);
	if (e == 0)
		e = list_read(c, s, "anyOf", &r->any_of);
	return e < 0 ? e : list_read(c, s, "oneOf", &r->one_of);
}

static int compile(struct compiler *c, const json_t *s, const struct crd_rules **out)
{
	struct crd_rules *r = ARENA_NEW(&c->crd->arena, struct crd_rules);
	struct str list_type = tree_str(json_object_get(s, "x-kubernetes-list-type"));
	*out = r;
	if (++c->crd->nodes > 2 * CRD_NODES_MAX)
		return err_set(c->err, ERR_INVALID, "the schema has more than %d nodes",
			       CRD_NODES_MAX);
	types_read(c, s, r);
	limits_read(s, r);
	format_read(c, s, r);
	enum_read(c, s, r);
	r->no_more = json_is_false(json_object_get(s, "additionalProperties"));
	r->any_more = json_is_true(json_object_get(s, "additionalProperties"));
	r->required = names_read(c, json_object_get(s, "required"));
	r->list_keys = names_read(c, json_object_get(s, "x-kubernetes-list-map-keys"));
	r->list_type = str_eqz(list_type, "map")   ? API_LIST_MAP
		       : str_eqz(list_type, "set") ? API_LIST_SET
						   : API_LIST_ATOMIC;
	int e = pattern_read(c, s, r);
	return e < 0 ? e : below_read(c, s, r);
}

int crd_rules_compile(struct crd *crd, const json_t *schema, const struct crd_rules **out,
		      struct err *err)
{
	struct compiler c = { crd, err };
	return compile(&c, schema, out);
}

const struct crd_rules *crd_rules_property(const struct crd_rules *r, const char *name)
{
	for (size_t lo = 0, hi = r ? r->nproperties : 0; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, r->properties[mid].name);
		if (c == 0)
			return r->properties[mid].rules;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

struct crd *crd_scratch(void)
{
	struct crd *c = NEW(struct crd);
	atomic_init(&c->refs, 1);
	c->held = json_array();
	c->any_int_or_string = true;
	return c;
}
