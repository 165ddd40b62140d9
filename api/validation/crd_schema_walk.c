/* SPDX-License-Identifier: Apache-2.0 */
/* Ways through a schema: all of its nodes, and the one that a path leads to (upstream's ValidFieldPath). */
#include "api/object/meta.h"
#include "api/validation/crd_defaults.h"
#include "api/validation/crd_list_rules.h"
#include "api/validation/crd_schema_rules.h"
#include "base/mem.h"

/* ---- all nodes ---- */

static bool any_part(const json_t *v, crd_schema_test test, void *data)
{
	const json_t *one;
	const char *name;
	bool found = false;
	size_t i;
	if (json_is_array(v))
		json_array_foreach (v, i, one)
			found = found || crd_schema_any(one, test, data);
	else
		json_object_foreach ((json_t *)(uintptr_t)v, name, one)
			found = found || crd_schema_any(one, test, data);
	return found;
}

bool crd_schema_any(const json_t *s, crd_schema_test test, void *data)
{
	static const char *const parts[] = { "allOf", "anyOf", "oneOf", "properties" };
	const json_t *items = json_object_get(s, "items");
	if (!json_is_object(s))
		return false;
	bool found = test(s, data);
	if (!found)
		found = json_is_array(items) ? any_part(items, test, data)
					     : crd_schema_any(items, test, data);
	for (size_t i = 0; !found && i < COUNT_OF(parts); i++)
		found = any_part(json_object_get(s, parts[i]), test, data);
	return found || crd_schema_any(json_object_get(s, "not"), test, data) ||
	       crd_schema_any(json_object_get(s, "additionalProperties"), test, data);
}

static bool has_set_of_maps(const json_t *s, void *data)
{
	auto_err err = { 0 };
	struct check c = { .err = &err };
	(void)data;
	check_crd_set_items(&c, s);
	buf_free(&c.path);
	return err.ncauses > 0;
}

static bool has_loose_keys(const json_t *s, void *data)
{
	auto_err err = { 0 };
	struct check c = { .err = &err };
	(void)data;
	check_crd_list_keys(&c, s);
	buf_free(&c.path);
	return err.ncauses > 0;
}

void crd_leniency_of(const json_t *versions, struct crd_leniency *out)
{
	const json_t *version;
	size_t i;
	json_array_foreach (versions, i, version) {
		const json_t *s = tree_get(version, "schema", "openAPIV3Schema", NULL);
		out->sets_of_maps = out->sets_of_maps || crd_schema_any(s, has_set_of_maps, NULL);
		out->loose_keys = out->loose_keys || crd_schema_any(s, has_loose_keys, NULL);
		out->unpruned_defaults = out->unpruned_defaults || crd_defaults_unpruned(s);
	}
}

/* ---- one node ---- */

/* The next token: a delimiter, a text in single quotes, or what goes up to a delimiter. */
static bool token_next(struct str *rest, struct str *out)
{
	size_t i = 0;
	if (rest->n == 0)
		return false;
	if (rest->p[0] == '\'') {
		for (i = 1; i < rest->n && !(rest->p[i] == '\'' && rest->p[i - 1] != '\\'); i++)
			;
		i = i < rest->n ? i + 1 : rest->n;
	} else {
		while (i < rest->n && !strchr(".[]", rest->p[i]))
			i++;
		i = i ? i : 1;
	}
	*out = str_of(rest->p, i);
	*rest = str_of(rest->p + i, rest->n - i);
	return true;
}

static const json_t *step(const json_t *s, struct str name, struct buf *out, struct buf *why)
{
	const json_t *properties = json_object_get(s, "properties"),
		     *more = json_object_get(s, "additionalProperties");
	auto_free char *key = str_dup(name);
	const json_t *below =
		json_object_size(properties) ? json_object_get(properties, key) : more;
	if (!json_is_object(below)) {
		buf_puts(why, "does not refer to a valid field");
		return NULL;
	}
	if (json_object_size(properties))
		buf_printf(out, "%s%s", out->n ? "." : "", key);
	else
		buf_printf(out, "[%s]", key);
	return below;
}

/* `['name']` behind its bracket; NULL, with *why: it is none. */
static const json_t *step_quoted(const json_t *s, struct str *rest, struct buf *out,
				 struct buf *why)
{
	struct str name, close;
	if (!token_next(rest, &name)) {
		buf_puts(why, "unexpected end of JSON path");
		return NULL;
	}
	if (name.n < 2 || name.p[0] != '\'' || name.p[name.n - 1] != '\'') {
		buf_printf(why, "expected single quoted string but got %.*s", STR_ARG(name));
		return NULL;
	}
	s = step(s, str_of(name.p + 1, name.n - 2), out, why);
	if (!s)
		return NULL;
	if (!token_next(rest, &close))
		buf_puts(why, "unexpected end of JSON path");
	else if (!str_eqz(close, "]"))
		buf_printf(why, "expected ] but got %.*s", STR_ARG(close));
	return why->n ? NULL : s;
}

const json_t *crd_schema_at(const json_t *s, struct str rest, bool arrays, struct buf *out,
			    struct buf *why)
{
	struct str token, name;
	auto_buf ignored = { 0 };
	struct buf *path = out ? out : &ignored;
	while (s && token_next(&rest, &token)) {
		if (str_eqz(token, "[") && !arrays)
			buf_puts(why, "array notation is not allowed");
		else if (str_eqz(token, "["))
			s = step_quoted(s, &rest, path, why);
		else if (!str_eqz(token, "."))
			buf_printf(why, "expected [ or . but got: %.*s", STR_ARG(token));
		else if (!token_next(&rest, &name))
			buf_puts(why, "unexpected end of JSON path");
		else
			s = step(s, name, path, why);
		if (why->n)
			return NULL;
	}
	return s;
}
