/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/manifests/manifest_file.h"

#include "api/codec.h"
#include "base/mem.h"

static struct str text_of(struct arena *a, const json_t *of, const char *key)
{
	const char *text = json_string_value(json_object_get(of, key));

	return arena_str(a, str_from(text ? text : ""));
}

static int take(struct manifest_set *s, json_t *doc, size_t number, struct err *err);

static int take_items(struct manifest_set *s, json_t *items, size_t number, struct err *err)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		int r = take(s, json_array_get(items, i), number, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int take(struct manifest_set *s, json_t *doc, size_t number, struct err *err)
{
	json_t *metadata = json_object_get(doc, "metadata"), *items = json_object_get(doc, "items");
	struct manifest m = { 0 };

	if (!json_is_object(doc))
		return err_set(err, ERR_BAD_REQUEST, "document %zu: not an object", number);
	m.api_version = text_of(&s->arena, doc, "apiVersion");
	m.kind = text_of(&s->arena, doc, "kind");
	if (!m.api_version.n || !m.kind.n)
		return err_set(err, ERR_BAD_REQUEST,
			       "document %zu: apiVersion and kind must be set", number);
	if (str_ends(m.kind, STR("List")) && json_is_array(items))
		return take_items(s, items, number, err);
	m.name = text_of(&s->arena, metadata, "name");
	m.ns = text_of(&s->arena, metadata, "namespace");
	if (!m.name.n)
		return err_set(err, ERR_BAD_REQUEST,
			       "document %zu: %.*s: metadata.name must be set", number,
			       STR_ARG(m.kind));
	char *json = json_dumps(doc, JSON_COMPACT);
	m.json = arena_str(&s->arena, str_from(json));
	free(json);
	s->items = mem_array_grow(s->items, &s->cap, s->n + 1, sizeof(m));
	s->items[s->n++] = m;
	return 0;
}

/* The lines up to the next that begins with "---". */
static struct str next_document(struct str *rest)
{
	struct str doc = { rest->p, 0 }, left = *rest, line;

	while (str_next(&left, '\n', &line)) {
		if (str_starts(line, STR("---"))) {
			doc.n = (size_t)(line.p - doc.p);
			*rest = left.p ? left : str_of(line.p + line.n, 0);
			return doc;
		}
	}
	doc.n = rest->n;
	*rest = str_of(rest->p + rest->n, 0);
	return doc;
}

static bool says_nothing(struct str doc)
{
	struct str line;

	while (str_next(&doc, '\n', &line)) {
		line = str_trim(line);
		if (line.n && line.p[0] != '#')
			return false;
	}
	return true;
}

static int parse_yaml(struct str text, struct manifest_set *out, struct err *err)
{
	size_t number = 0;

	while (text.n) {
		struct str doc = next_document(&text);
		json_t *tree = NULL;
		int r;

		if (says_nothing(doc))
			continue;
		number++;
		r = api_yaml_parse(doc, &tree, NULL, err);
		if (r < 0)
			return err_wrap(err, r, "document %zu", number);
		r = json_is_null(tree) ? 0 : take(out, tree, number, err);
		json_decref(tree);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_json(struct str text, struct manifest_set *out, struct err *err)
{
	for (size_t number = 1; (text = str_trim(text)).n; number++) {
		json_error_t at;
		json_t *tree = json_loadb(text.p, text.n, JSON_DISABLE_EOF_CHECK, &at);
		int r;

		if (!tree)
			return err_set(err, ERR_BAD_REQUEST, "document %zu: line %d: %s", number,
				       at.line, at.text);
		r = take(out, tree, number, err);
		json_decref(tree);
		if (r < 0)
			return r;
		text = str_of(text.p + at.position, text.n - (size_t)at.position);
	}
	return 0;
}

static bool comes_first(const struct manifest *m)
{
	return str_eqz(m->kind, "Namespace") || str_eqz(m->kind, "CustomResourceDefinition");
}

static void order(struct manifest_set *s)
{
	struct manifest *sorted = mem_alloc((s->n + 1) * sizeof(*sorted));
	size_t n = 0;

	for (int first = 1; first >= 0; first--)
		for (size_t i = 0; i < s->n; i++)
			if (comes_first(&s->items[i]) == (first == 1))
				sorted[n++] = s->items[i];
	free(s->items);
	s->items = sorted;
}

int manifest_set_parse(struct str text, struct manifest_set *out, struct err *err)
{
	struct str start = str_trim(text);
	bool json = start.n && start.p[0] == '{';
	int r;

	*out = (struct manifest_set){ 0 };
	r = json ? parse_json(text, out, err) : parse_yaml(text, out, err);
	if (r < 0)
		manifest_set_free(out);
	else
		order(out);
	return r;
}

void manifest_set_free(struct manifest_set *s)
{
	arena_free(&s->arena);
	free(s->items);
	*s = (struct manifest_set){ 0 };
}

bool manifest_is_file(struct str name)
{
	return name.n && name.p[0] != '.' &&
	       (str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml")) ||
		str_ends(name, STR(".json")));
}
