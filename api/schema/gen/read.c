/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text form: one line, one thing. What a line is, its first word says; inside a kind or type, a line whose
 * second word is a number (or "-") is a field. "; text" at the end of a line is its description. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/schema/gen/schema.h"

struct reader {
	const char *path;
	int line;
	struct group *group;
	struct type *type;
};

static char *copy(const char *text)
{
	size_t n = strlen(text) + 1;
	return memcpy(need(NULL, n), text, n);
}

/* Takes the next word off *rest; quotes keep blanks together and are dropped. NULL at the end. */
static char *word(char **rest)
{
	char *p = *rest;
	while (*p == ' ' || *p == '\t')
		p++;
	if (!*p)
		return NULL;
	char *start = p, *out = p;
	bool quoted = false;
	for (; *p && (quoted || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			*out++ = *p;
	}
	*rest = *p ? p + 1 : p;
	*out = '\0';
	return start;
}

static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static struct shape read_shape(const struct reader *r, const char *text)
{
	static const struct {
		const char *name;
		enum api_kind kind;
	} scalars[] = {
		{ "string", API_STRING },
		{ "bool", API_BOOL },
		{ "int32", API_INT32 },
		{ "int64", API_INT64 },
		{ "double", API_FLOAT64 },
		{ "bytes", API_BYTES },
		{ "Time", API_TIME },
		{ "MicroTime", API_MICRO_TIME },
		{ "Duration", API_DURATION },
		{ "Quantity", API_QUANTITY },
		{ "IntOrString", API_INT_OR_STRING },
		{ "RawExtension", API_RAW },
		{ "JSON", API_JSON },
		{ "FieldsV1", API_FIELDS_V1 },
		{ "PropsOrArray", API_PROPS_OR_ARRAY },
		{ "PropsOrBool", API_PROPS_OR_BOOL },
		{ "PropsOrStrings", API_PROPS_OR_STRINGS },
	};
	struct shape s = { 0 };
	const char *rest;
	if ((rest = after(text, "boxed")))
		s.boxed = true, text = rest;
	if ((rest = after(text, "[]")) || (rest = after(text, "map[]"))) {
		s.kind = text[0] == '[' ? API_LIST : API_MAP;
		s.item = need(NULL, sizeof *s.item);
		*s.item = read_shape(r, rest);
		return s;
	}
	for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
		if (strcmp(scalars[i].name, text) == 0) {
			s.kind = scalars[i].kind;
			return s;
		}
	if (!isupper((unsigned char)*text) && !strchr(text, '.'))
		fail(r->path, r->line, "unknown type \"%s\"", text);
	s.kind = API_OBJECT;
	s.ref = copy(text);
	return s;
}

static void read_group(struct reader *r, char *rest, const char *doc)
{
	(void)doc;
	struct group *g = need(NULL, sizeof *g);
	char *name = word(&rest), *version = word(&rest), *prefix = word(&rest),
	     *openapi = word(&rest), *priority = word(&rest);
	if (!openapi)
		fail(r->path, r->line, "group needs: name, version, prefix, OpenAPI package");
	*g = (struct group){ .name = strcmp(name, "-") ? copy(name) : "",
			     .version = copy(version),
			     .prefix = copy(prefix),
			     .openapi = copy(openapi) };
	if (priority && after(priority, "priority="))
		g->priority = atoi(after(priority, "priority="));
	r->group = g;
}

/* A word can't hold quotation marks; JSON in one is written with apostrophes. */
static const char *unquote(const char *text)
{
	char *out = copy(text);
	for (char *p = out; *p; p++)
		if (*p == '\'')
			*p = '"';
	return out;
}

static void read_type(struct reader *r, struct schema *s, bool is_kind, char *rest, const char *doc)
{
	if (!r->group)
		fail(r->path, r->line, "no group line above");
	struct type *t = need(NULL, sizeof *t);
	*t = (struct type){ .group = r->group,
			    .is_kind = is_kind,
			    .typed = is_kind,
			    .doc = doc,
			    .file = r->path,
			    .line = r->line };
	const char *name = word(&rest);
	if (!name)
		fail(r->path, r->line, "name expected");
	t->short_name = copy(name);
	char *full = need(NULL, strlen(r->group->prefix) + strlen(name) + 2);
	sprintf(full, "%s.%s", r->group->prefix, name);
	t->name = full;
	if (is_kind && !(t->plural = word(&rest)))
		fail(r->path, r->line, "plural expected");
	if (is_kind)
		t->plural = copy(t->plural);
	const struct {
		const char *key;
		bool *flag;
		const char **text;
	} words[] = {
		{ "typed", &t->typed, NULL },
		{ "hidden", &t->hidden, NULL },
		{ "atomic", &t->atomic, NULL },
		{ "struct", &t->wants_struct, NULL },
		{ "namespaced", &t->namespaced, NULL },
		{ "short=", NULL, &t->short_names },
		{ "categories=", NULL, &t->categories },
		{ "verbs=", NULL, &t->verbs },
		{ "singular=", NULL, &t->singular },
		{ "hash=", NULL, &t->hash },
		{ "prefix=", NULL, &t->prefix },
		{ "storage=", NULL, &t->storage },
		{ "list=", NULL, &t->list },
		{ "unions=", NULL, &t->unions },
	};
	for (char *w; (w = word(&rest));) {
		size_t i = 0;
		for (; i < sizeof words / sizeof *words; i++) {
			if (words[i].flag && strcmp(w, words[i].key) == 0) {
				*words[i].flag = true;
				break;
			}
			if (words[i].text && after(w, words[i].key)) {
				*words[i].text = copy(after(w, words[i].key));
				break;
			}
		}
		if (i == sizeof words / sizeof *words)
			fail(r->path, r->line, "unknown word \"%s\"", w);
	}
	if (t->unions)
		t->unions = unquote(t->unions);
	*PUSH(s->types, s->ntypes) = t;
	r->type = t;
}

static void read_column(struct reader *r, char *rest, const char *doc)
{
	struct column *c = PUSH(r->type->columns, r->type->ncolumns);
	char *name = word(&rest), *type = word(&rest);
	if (!type)
		fail(r->path, r->line, "column needs a name and a type");
	*c = (struct column){ .name = copy(name), .type = copy(type), .doc = doc };
	for (char *w; (w = word(&rest));) {
		if (*w == '.')
			c->path = copy(w + 1);
		else if (after(w, "cell="))
			c->cell = copy(after(w, "cell="));
		else if (after(w, "absent="))
			c->absent = copy(after(w, "absent="));
		else if (after(w, "format="))
			c->format = copy(after(w, "format="));
		else if (strcmp(w, "wide") == 0)
			c->wide = true;
		else
			fail(r->path, r->line, "unknown word \"%s\"", w);
	}
}

static void read_select(struct reader *r, char *rest)
{
	struct select *s = PUSH(r->type->selects, r->type->nselects);
	char *label = word(&rest);
	if (!label)
		fail(r->path, r->line, "select needs a label");
	*s = (struct select){ .label = copy(label), .path = copy(label), .absent = "" };
	for (char *w; (w = word(&rest));) {
		if (strcmp(w, "-") == 0) {
			s->path = "";
		} else if (*w == '.') {
			char *path = copy(w + 1); /* ".a.b,.c" -> "a.b,c" */
			char *dot = strstr(path, ",.");
			if (dot)
				memmove(dot + 1, dot + 2, strlen(dot + 2) + 1);
			s->path = path;
		} else if (after(w, "absent=")) {
			s->absent = copy(after(w, "absent="));
		} else {
			fail(r->path, r->line, "unknown word \"%s\"", w);
		}
	}
}

static void read_subresource(struct reader *r, char *rest)
{
	struct subresource *s = PUSH(r->type->subs, r->type->nsubs);
	char *name = word(&rest), *kind = word(&rest), *verbs = word(&rest);
	if (!verbs)
		fail(r->path, r->line, "subresource needs: name, kind, verbs");
	*s = (struct subresource){ .name = copy(name), .kind = copy(kind), .verbs = copy(verbs) };
}

static bool field_word(struct field *f, const char *w)
{
	const struct {
		const char *key;
		bool *flag;
		const char **text;
	} words[] = {
		{ "required", &f->required, NULL },
		{ "always", &f->always, NULL },
		{ "omitzero", &f->omitzero, NULL },
		{ "immutable", &f->immutable, NULL },
		{ "deprecated", &f->deprecated, NULL },
		{ "atomic", &f->atomic, NULL },
		{ "granular", &f->granular, NULL },
		{ "published", &f->published, NULL },
		{ "off", &f->off, NULL },
		{ "replace", &f->replace, NULL },
		{ "retainKeys", &f->retain_keys, NULL },
		{ "merge", &f->merge, NULL },
		{ "merge=", &f->merge, &f->merge_key },
		{ "list=map:", NULL, &f->list_keys },
		{ "enum=", NULL, &f->enum_values },
		{ "listed=", NULL, &f->listed },
		{ "listed", &f->published_values, NULL },
		{ "known=", NULL, &f->known },
		{ "go=", NULL, &f->go_type },
		{ "format=", NULL, &f->format },
		{ "min=", NULL, &f->min },
		{ "max=", NULL, &f->max },
		{ "maxItems=", NULL, &f->max_items },
		{ "maxLength=", NULL, &f->max_length },
	};
	if (strcmp(w, "list=set") == 0) {
		f->list_type = API_LIST_SET;
		return true;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i].key);
		if (words[i].key[n - 1] == '=' || words[i].key[n - 1] == ':'
			    ? strncmp(w, words[i].key, n) != 0
			    : strcmp(w, words[i].key) != 0)
			continue;
		if (words[i].flag)
			*words[i].flag = true;
		if (words[i].text)
			*words[i].text = copy(w + n);
		if (f->list_keys)
			f->list_type = API_LIST_MAP;
		return true;
	}
	return false;
}

static void read_field(struct reader *r, const char *name, char *rest, const char *doc)
{
	struct field *f = PUSH(r->type->fields, r->type->nfields);
	f->name = copy(name);
	f->doc = doc;
	char *value = strstr(rest, " = ");
	if (value) {
		*value = '\0';
		f->default_json = copy(value + 3);
	}
	char *tag = word(&rest), *type = word(&rest);
	if (!type)
		fail(r->path, r->line, "field needs: name, tag, type");
	f->tag = strcmp(tag, "-") ? atoi(tag) : 0;
	size_t n = strlen(type);
	if (type[n - 1] == '?') {
		f->pointer = true;
		type[n - 1] = '\0';
	}
	f->shape = read_shape(r, type);
	for (char *w; (w = word(&rest));)
		if (!field_word(f, w))
			fail(r->path, r->line, "unknown word \"%s\"", w);
}

static bool starts_field(const char *rest)
{
	while (*rest == ' ')
		rest++;
	return isdigit((unsigned char)*rest) || (*rest == '-' && rest[1] == ' ');
}

static void read_line(struct reader *r, struct schema *s, char *line)
{
	const char *doc = NULL;
	char *text = strstr(line, " ; ");
	if (text) {
		*text = '\0';
		doc = copy(text + 3);
	}
	size_t n = strlen(line);
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		line[--n] = '\0';
	char *rest = line;
	bool indented = *line == '\t';
	const char *first = word(&rest);
	if (!first)
		return;
	if (!indented && strcmp(first, "group") == 0)
		read_group(r, rest, doc);
	else if (!indented && strcmp(first, "kind") == 0)
		read_type(r, s, true, rest, doc);
	else if (!indented && strcmp(first, "type") == 0)
		read_type(r, s, false, rest, doc);
	else if (!indented || !r->type)
		fail(r->path, r->line, "expected group, kind or type, not \"%s\"", first);
	else if (starts_field(rest))
		read_field(r, first, rest, doc);
	else if (strcmp(first, "column") == 0)
		read_column(r, rest, doc);
	else if (strcmp(first, "select") == 0)
		read_select(r, rest);
	else if (strcmp(first, "subresource") == 0)
		read_subresource(r, rest);
	else
		fail(r->path, r->line, "not a field: \"%s\" has no number", first);
}

void schema_read(struct schema *s, const char *path)
{
	struct reader r = { .path = path };
	FILE *f = fopen(path, "r");
	if (!f)
		fail(path, 0, "cannot be read");
	char line[4096];
	if (!s->hash)
		s->hash = 0xcbf29ce484222325u;
	while (fgets(line, sizeof line, f)) {
		r.line++;
		for (const char *p = line; *p; p++)
			s->hash = (s->hash ^ (unsigned char)*p) * 0x100000001b3u;
		size_t n = strlen(line);
		if (n && line[n - 1] == '\n')
			line[n - 1] = '\0';
		else if (n == sizeof line - 1)
			fail(path, r.line, "line is too long");
		if (*line != '#' && *line)
			read_line(&r, s, line);
	}
	fclose(f);
}
