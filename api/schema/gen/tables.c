/* SPDX-License-Identifier: Apache-2.0 */
/* Writes api_tables.[ch]: all types in one array sorted by name, their fields in another, the shapes of list items, limits,
 * and the resources in the order of discovery. Equal shapes and limits are written once. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/schema/gen/schema.h"

struct pool { /* texts of initialisers, each once */
	char **items;
	size_t n;
};

static size_t pool_add(struct pool *p, const char *text)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i], text) == 0)
			return i;
	*PUSH(p->items, p->n) = strcpy(need(NULL, strlen(text) + 1), text);
	return p->n - 1;
}

static struct pool shapes, limits, names;
static const struct type *writing; /* the type whose fields are being written */

char *quoted(const char *text)
{
	if (!text)
		return "NULL";
	char *out = need(NULL, 2 * strlen(text) + 3), *p = out;
	*p++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*p++ = '\\';
		*p++ = *text;
	}
	strcpy(p, "\"");
	return out;
}

/* "a,b" -> the index of a NULL-terminated array of names */
const char *name_list(const char *text, char separator)
{
	if (!text || !*text)
		return "NULL";
	char *list = need(NULL, 4 * strlen(text) + 16), *p = list;
	p += sprintf(p, "\"");
	for (; *text; text++)
		p += *text == separator ? sprintf(p, "\", \"") : sprintf(p, "%c", *text);
	sprintf(p, "\", NULL");
	char *out = need(NULL, 32);
	sprintf(out, "names_%zu", pool_add(&names, list));
	return out;
}

static const char *kind_word(enum api_kind kind)
{
	static const char *const words[] = {
		[API_STRING] = "API_STRING",
		[API_BOOL] = "API_BOOL",
		[API_INT32] = "API_INT32",
		[API_INT64] = "API_INT64",
		[API_FLOAT64] = "API_FLOAT64",
		[API_BYTES] = "API_BYTES",
		[API_TIME] = "API_TIME",
		[API_MICRO_TIME] = "API_MICRO_TIME",
		[API_DURATION] = "API_DURATION",
		[API_QUANTITY] = "API_QUANTITY",
		[API_INT_OR_STRING] = "API_INT_OR_STRING",
		[API_RAW] = "API_RAW",
		[API_JSON] = "API_JSON",
		[API_FIELDS_V1] = "API_FIELDS_V1",
		[API_OBJECT] = "API_OBJECT",
		[API_LIST] = "API_LIST",
		[API_MAP] = "API_MAP",
		[API_PROPS_OR_ARRAY] = "API_PROPS_OR_ARRAY",
		[API_PROPS_OR_BOOL] = "API_PROPS_OR_BOOL",
		[API_PROPS_OR_STRINGS] = "API_PROPS_OR_STRINGS",
	};
	return words[kind];
}

/* "Protocol" -> "v1.Protocol" */
static const char *go_name(const char *name)
{
	if (!name || strchr(name, '.'))
		return quoted(name);
	char *full = need(NULL, strlen(name) + strlen(writing->group->version) + 2);
	sprintf(full, "%s.%s", writing->group->version, name);
	return quoted(full);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

#define MAX_LISTED 128

/* The values that OpenAPI lists, in its order. */
static const char *listed_values(const struct field *f)
{
	const char *from = f->listed              ? f->listed
			   : !f->published_values ? NULL
			   : f->enum_values       ? f->enum_values
						  : f->known;
	if (!from)
		return "NULL";
	char *items[MAX_LISTED], *text = strcpy(need(NULL, strlen(from) + 1), from);
	size_t n = 0;
	for (char *item; (item = strsep(&text, "|"));) {
		if (n == MAX_LISTED)
			fail(f->name, 0, "has too many values");
		items[n++] = item;
	}
	qsort(items, n, sizeof(*items), by_text);
	char *sorted = need(NULL, strlen(from) + 1), *p = sorted;
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "%s%s", i ? "|" : "", items[i]);
	return *sorted ? name_list(sorted, '|') : "NULL";
}

/* For a list or map of named strings the name and the values belong to the items, all else to the list. */
static const char *limits_ref(const struct field *f, bool of_item)
{
	bool many = f->shape.kind == API_LIST || f->shape.kind == API_MAP, inner = of_item == many;
	const char *go = of_item == (f->shape.kind == API_LIST) ? f->go_type : NULL;
	const char *values = inner ? listed_values(f) : "NULL";
	bool any = f->format || f->min || f->max || f->max_items || f->max_length;
	char text[640];
	if (!go && strcmp(values, "NULL") == 0 && (of_item || !any))
		return "NULL";
	if (of_item)
		snprintf(text, sizeof text,
			 "{ %s, NULL, NULL, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, 0, 0, %s }",
			 values, go_name(go));
	else
		snprintf(text, sizeof text,
			 "{ %s, NULL, %s, %d, %d, 0, 0, %s, %s, -1, %s, -1, %s, -1, -1, 0, 0, %s }",
			 values, quoted(f->format), f->min != NULL, f->max != NULL,
			 f->min ? f->min : "0", f->max ? f->max : "0",
			 f->max_length ? f->max_length : "-1", f->max_items ? f->max_items : "-1",
			 go_name(go));
	char *out = need(NULL, 40);
	sprintf(out, "&limits[%zu]", pool_add(&limits, text));
	return out;
}

/* The initialiser of one api_schema; items go to the pool first. f: the field; its own words count for the outermost shape. */
static char *shape_text(const struct shape *s, const struct field *f, bool of_item)
{
	static const char *const lists[] = { "API_LIST_ATOMIC", "API_LIST_SET", "API_LIST_MAP" };
	char item[40] = "NULL", type[40] = "NULL", text[2048];
	if (s->item)
		sprintf(item, "&shapes[%zu]", pool_add(&shapes, shape_text(s->item, f, true)));
	if (s->type)
		sprintf(type, "&api_types[%d]", s->type->index);
	bool granular = !of_item && f->granular;
	bool atomic = !granular && ((!of_item && f->atomic) ||
				    (s->type && s->kind == API_OBJECT && s->type->atomic));
	snprintf(text, sizeof text, "{ %s, %s, %d, 0, 0, 0, %d, %d, %s, %s, %s, %s, %s }",
		 kind_word(s->kind), lists[of_item ? API_LIST_ATOMIC : f->list_type], atomic,
		 granular, s->boxed, type, item, of_item ? "NULL" : name_list(f->list_keys, ','),
		 limits_ref(f, of_item), of_item ? "NULL" : quoted(f->default_json));
	return strcpy(need(NULL, strlen(text) + 1), text);
}

static char *field_doc(const struct field *f)
{
	const char *values = f->enum_values ? f->enum_values : f->known;
	if (!values)
		return quoted(f->doc ? f->doc : "");
	char *text = need(NULL, strlen(f->doc ? f->doc : "") + 3 * strlen(values) + 16), *p = text;
	p += sprintf(p, "%s%s%s: ", f->doc ? f->doc : "", f->doc && *f->doc ? " " : "",
		     f->enum_values ? "One of" : "Known values");
	for (; *values; values++)
		p += *values == '|' ? sprintf(p, ", ") : sprintf(p, "%c", *values);
	sprintf(p, ".");
	return quoted(text);
}

static void write_field(FILE *c, const struct field *f)
{
	static const char *const patches[] = { /* bits */ "0", "API_PATCH_MERGE",
					       "API_PATCH_RETAIN_KEYS",
					       "API_PATCH_MERGE | API_PATCH_RETAIN_KEYS" };
	fprintf(c,
		"\t{ \"%s\", %zu, %d, %d, %d, %d, %d, %d, %d, %s, %d, { %d, %d }, %s, %s,\n\t  %s "
		"},\n",
		f->name, strlen(f->name), f->required, f->always, f->pointer, f->immutable,
		f->deprecated, f->off, f->published,
		f->replace ? "API_PATCH_WHOLE" : patches[f->merge + 2 * f->retain_keys], f->tag,
		f->via[0], f->via[1], quoted(f->merge_key), field_doc(f),
		shape_text(&f->shape, f, false));
}

static const struct type *sorting;
static int by_field_name(const void *a, const void *b)
{
	return strcmp(sorting->flat[*(const int *)a].name, sorting->flat[*(const int *)b].name);
}

/* Order on the wire: by number; the fields of an inline message stand together at the place of its number. */
static int by_field_tag(const void *a, const void *b)
{
	const struct field *x = &sorting->flat[*(const int *)a],
			   *y = &sorting->flat[*(const int *)b];
	int px[3] = { x->via[0] ? x->via[0] : x->tag,
		      x->via[0] ? (x->via[1] ? x->via[1] : x->tag) : 0, x->via[1] ? x->tag : 0 };
	int py[3] = { y->via[0] ? y->via[0] : y->tag,
		      y->via[0] ? (y->via[1] ? y->via[1] : y->tag) : 0, y->via[1] ? y->tag : 0 };
	for (int i = 0; i < 3; i++)
		if (px[i] != py[i])
			return px[i] - py[i];
	return 0;
}

struct places { /* where the parts of a type stand in the big arrays */
	size_t fields, names, tags, ntags;
};

static void write_order(FILE *c, const struct type *t, struct places *at, size_t *next)
{
	int *order = need(NULL, (t->nflat + 1) * sizeof *order);
	for (size_t i = 0; i < t->nflat; i++)
		order[i] = (int)i;
	sorting = t;
	qsort(order, t->nflat, sizeof *order, by_field_name);
	at->names = *next;
	for (size_t i = 0; i < t->nflat; i++)
		fprintf(c, "%d, ", order[i]);
	at->tags = *next += t->nflat;
	size_t n = 0;
	for (size_t i = 0; i < t->nflat; i++)
		if (t->flat[i].tag)
			order[n++] = (int)i;
	qsort(order, n, sizeof *order, by_field_tag);
	for (size_t i = 0; i < n; i++)
		fprintf(c, "%d, ", order[i]);
	at->ntags = n;
	*next += n;
	fprintf(c, "\n");
}

static void write_pools(FILE *c)
{
	for (size_t i = 0; i < names.n; i++)
		fprintf(c, "static const char *const names_%zu[] = { %s };\n", i, names.items[i]);
	fprintf(c, "static const struct api_limits limits[] = {\n");
	for (size_t i = 0; i < limits.n; i++)
		fprintf(c, "\t%s,\n", limits.items[i]);
	fprintf(c, "};\nstatic const struct api_schema shapes[] = {\n");
	for (size_t i = 0; i < shapes.n; i++)
		fprintf(c, "\t%s,\n", shapes.items[i]);
	fprintf(c, "};\n");
}

static char *openapi_name(const struct type *t)
{
	char text[512];
	snprintf(text, sizeof text, "%s.%s", t->group->openapi, t->short_name);
	return quoted(text);
}

static const struct group **groups;
static size_t ngroups;
int group_order(const void *a, const void *b)
{
	const struct group *x = *(const struct group *const *)a,
			   *y = *(const struct group *const *)b;
	return x->priority != y->priority ? y->priority - x->priority
					  : strcmp(x->prefix, y->prefix);
}

static size_t group_index(const struct group *g)
{
	for (size_t i = 0; i < ngroups; i++)
		if (groups[i] == g)
			return i;
	return 0;
}

static void write_groups(const struct schema *s, FILE *c)
{
	for (size_t i = 0; i < s->ntypes; i++) {
		size_t k = 0;
		while (k < ngroups && groups[k] != s->types[i]->group)
			k++;
		if (k == ngroups)
			*PUSH(groups, ngroups) = s->types[i]->group;
	}
	qsort(groups, ngroups, sizeof *groups, group_order);
	fprintf(c, "const struct api_group_version api_group_versions[] = {\n");
	for (size_t i = 0; i < ngroups; i++)
		fprintf(c, "\t{ \"%s\", \"%s\", \"%s\", %d },\n", groups[i]->name,
			groups[i]->version, groups[i]->prefix, groups[i]->priority);
	fprintf(c, "};\nconst size_t api_group_versions_count = %zu;\n", ngroups);
}

static void write_types(const struct schema *s, FILE *c)
{
	struct places *at = need(NULL, s->ntypes * sizeof *at);
	FILE *fields =
		tmpfile(); /* the pools that fields refer to come first, but are known only afterwards */
	if (!fields)
		fail("api_gen", 0, "no temporary file");
	size_t next = 0;
	for (size_t i = 0; i < s->ntypes; i++) {
		at[i].fields = next;
		next += s->types[i]->nflat;
		writing = s->types[i];
		for (size_t k = 0; k < s->types[i]->nflat; k++)
			write_field(fields, &s->types[i]->flat[k]);
	}
	write_pools(c);
	fprintf(c, "static const struct api_field fields[] = {\n");
	rewind(fields);
	for (int ch; (ch = fgetc(fields)) != EOF;)
		fputc(ch, c);
	fclose(fields);
	fprintf(c, "};\nstatic const uint16_t orders[] = {\n");
	next = 0;
	for (size_t i = 0; i < s->ntypes; i++)
		write_order(c, s->types[i], &at[i], &next);
	fprintf(c, "};\nconst struct api_type api_types[] = {\n");
	for (size_t i = 0; i < s->ntypes; i++) {
		const struct type *t = s->types[i];
		fprintf(c,
			"\t{ .name = \"%s\", .gv = &api_group_versions[%zu], .openapi_name = "
			"%s,\n\t  .doc = %s,\n\t  .fields = fields + %zu, "
			".nfields = %zu, .by_name = orders + %zu, .by_tag = orders + %zu, .ntags = "
			"%zu, .atomic = %d, .typed = %d, "
			".hidden = %d, .inline_name = %s, .has_off = %d, .unions = %s },\n",
			t->name, group_index(t->group), openapi_name(t),
			quoted(t->doc ? t->doc : ""), at[i].fields, t->nflat, at[i].names,
			at[i].tags, at[i].ntags, t->atomic, t->typed, t->hidden,
			quoted(t->inline_name), t->has_off, quoted(t->unions));
	}
	fprintf(c, "};\nconst size_t api_types_count = %zu;\n", s->ntypes);
}

void write_tables(const struct schema *s, FILE *c, FILE *h)
{
	fprintf(h, "#ifndef GENERATED_API_TABLES_H\n#define GENERATED_API_TABLES_H\n#include "
		   "\"api/type.h\"\n"
		   "extern const struct api_group_version api_group_versions[]; /* by priority, "
		   "high first */\n"
		   "extern const size_t api_group_versions_count;\n"
		   "extern const struct api_type api_types[]; /* sorted by name */\nextern const "
		   "size_t api_types_count;\n"
		   "extern const struct api_resource api_resources[]; /* in the order of discovery "
		   "*/\n");
	fprintf(c, "#include \"generated/api_tables.h\"\n#include \"api/registry.h\"\n");
	write_groups(s, c);
	for (size_t i = 0; i < s->ntypes; i++) { /* before the pool is written */
		name_list(s->types[i]->short_names, ',');
		name_list(s->types[i]->categories, ',');
	}
	write_types(s, c);
	write_resources(s, c, h);
}
