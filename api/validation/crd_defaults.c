/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_defaults.h"

#include "api/crd/rules.h"
#include "api/object/meta.h"
#include "api/validation/crd_schema_rules.h"
#include "base/mem.h"

/* The way from the resource around a default down to it; the innermost step first. */
struct step {
	const struct step *up; /* NULL: this is the resource */
	const char *name;      /* of the field; NULL: an item of a list */
};

/* The resource around; its rules are made when they are first asked for. */
struct resource {
	const json_t *schema;
	struct crd *scratch;
	const struct crd_rules *rules;
};

struct walk {
	struct check *c;
	bool pruned;
	struct resource *resource;
};

static json_t *surrounded(const json_t *value, const struct step *at)
{
	json_t *out = tree_copy(value);
	for (; at->up; at = at->up) {
		json_t *around = at->name ? json_object() : json_array();
		if (at->name)
			json_object_set_new(around, at->name, out);
		else
			json_array_append_new(around, out);
		out = around;
	}
	if (!json_object_get(out, "kind"))
		json_object_set_new(out, "kind", json_string("Validation"));
	if (!json_object_get(out, "apiVersion"))
		json_object_set_new(out, "apiVersion", json_string("validation/v1"));
	return out;
}

/* "a: wrong", or "[a: wrong, b: wrong]". */
static void causes_text(const struct err *err, struct buf *out)
{
	buf_puts(out, err->ncauses > 1 ? "[" : "");
	for (size_t i = 0; i < err->ncauses; i++)
		buf_printf(out, "%s%s: %s", i ? ", " : "", err->causes[i].field,
			   err->causes[i].message);
	buf_puts(out, err->ncauses > 1 ? "]" : "");
}

static const struct crd_rules *rules_of(struct crd *scratch, const json_t *schema)
{
	const struct crd_rules *rules;
	return crd_rules_compile(scratch, schema, &rules, NULL) < 0 ? NULL : rules;
}

static const struct crd_rules *resource_rules(struct resource *r)
{
	if (!r->scratch) {
		r->scratch = crd_scratch();
		r->rules = rules_of(r->scratch, r->schema);
	}
	return r->rules;
}

static void check_values(struct walk *w, const struct crd_rules *rules, const json_t *value)
{
	size_t was = check_in(w->c, "default");
	crd_rules_check(rules, value, NULL, w->c->path.p, w->c->err);
	check_out(w->c, was);
}

static void check_in_metadata(struct walk *w, struct crd *scratch, const json_t *schema,
			      const struct step *at)
{
	const json_t *value = json_object_get(schema, "default");
	const struct crd_rules *resource = resource_rules(w->resource),
			       *rules = rules_of(scratch, schema);
	json_t *object = surrounded(value, at);
	auto_err err = { 0 };
	auto_buf why = { 0 };
	struct check own = { .err = &err };
	if (resource && crd_embedded_coerce(&own, resource, object, true))
		crd_embedded_check(&own, resource, object, true);
	buf_free(&own.path);
	json_decref(object);
	causes_text(&err, &why);
	if (err.ncauses)
		check_invalid(w->c, "default", value, "must result in valid metadata: %s", why.p);
	else if (rules)
		check_values(w, rules, value);
}

static void check_plain(struct walk *w, struct crd *scratch, const json_t *schema, bool resource)
{
	const json_t *value = json_object_get(schema, "default");
	const struct crd_rules *rules = rules_of(scratch, schema);
	if (!rules)
		return;
	if (w->pruned && crd_rules_prune(rules, value, resource))
		check_invalid(w->c, "default", value, "must not have unknown fields");
	size_t was = check_in(w->c, "default"), before = check_causes(w->c);
	if (crd_embedded_coerce(w->c, rules, value, resource))
		crd_embedded_check(w->c, rules, value, resource);
	bool failed = check_failed(w->c, before);
	check_out(w->c, was);
	if (!failed)
		check_values(w, rules, value);
}

static void check_node(struct walk *w, const json_t *schema, const struct step *at,
		       bool in_metadata);

static void check_properties(struct walk *w, const json_t *schema, const struct step *at,
			     bool resource, bool in_metadata)
{
	static const char *const meta[] = { "metadata", "apiVersion", "kind", NULL };
	const json_t *property;
	const char *name;
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(schema, "properties"), name,
			     property) {
		struct step below = { at, name };
		size_t was = check_in(w->c, "properties"), in = check_in_key(w->c, str_from(name));
		check_node(w, property, &below,
			   in_metadata || (resource && str_in(str_from(name), meta)));
		check_out(w->c, in);
		check_out(w->c, was);
	}
}

static void check_node(struct walk *w, const json_t *schema, const struct step *at,
		       bool in_metadata)
{
	const struct step top = { 0 }, item = { at, NULL };
	struct resource own = { .schema = schema };
	struct walk inner = *w;
	bool is_resource =
		!at || json_is_true(json_object_get(schema, "x-kubernetes-embedded-resource"));
	if (!json_is_object(schema))
		return;
	if (is_resource)
		inner.resource = &own;
	const json_t *value = json_object_get(schema, "default");
	if (value && !json_is_null(value)) {
		struct crd *scratch = crd_scratch();
		if (in_metadata && !is_resource)
			check_in_metadata(&inner, scratch, schema, at);
		else
			check_plain(&inner, scratch, schema, is_resource);
		crd_unref(scratch);
	}
	size_t was = check_in(w->c, "items");
	check_node(&inner, json_object_get(schema, "items"), is_resource ? &top : &item,
		   in_metadata && !is_resource);
	check_out(w->c, was);
	check_properties(&inner, schema, is_resource ? &top : at, is_resource,
			 in_metadata && !is_resource);
	crd_unref(own.scratch);
}

void check_crd_defaults(struct check *c, const json_t *schema, bool pruned)
{
	struct walk w = { .c = c, .pruned = pruned };
	check_node(&w, schema, NULL, false);
}

static bool is_unpruned(const json_t *schema, void *data)
{
	const json_t *value = json_object_get(schema, "default");
	(void)data;
	if (!value)
		return false;
	struct crd *scratch = crd_scratch();
	const struct crd_rules *rules = rules_of(scratch, schema);
	bool yes = rules && crd_rules_prune(rules, value, false);
	crd_unref(scratch);
	return yes;
}

bool crd_defaults_unpruned(const json_t *schema)
{
	return crd_schema_any(schema, is_unpruned, NULL);
}
