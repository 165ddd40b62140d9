/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds that are served, in the order of discovery, with their subresources, columns and selectors. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/schema/gen/schema.h"

static void write_verbs(FILE *c, const char *verbs)
{
	static const char *const words[][2] = {
		{ "get", "API_GET" },       { "list", "API_LIST_VERB" },
		{ "watch", "API_WATCH" },   { "create", "API_CREATE" },
		{ "update", "API_UPDATE" }, { "patch", "API_PATCH" },
		{ "delete", "API_DELETE" }, { "deletecollection", "API_DELETE_COLLECTION" },
	};
	if (!verbs)
		verbs = "get,list,watch,create,update,patch,delete,deletecollection";
	fprintf(c, "0");
	while (*verbs) {
		size_t n = strcspn(verbs, ",");
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (strlen(words[i][0]) == n && memcmp(words[i][0], verbs, n) == 0)
				fprintf(c, " | %s", words[i][1]);
		verbs += n + (verbs[n] == ',');
	}
}

static void write_subresources(FILE *c, const struct type *t)
{
	for (size_t i = 0; i < t->nsubs; i++) {
		const struct type *b = t->subs[i].type;
		fprintf(c, "\t{ \"%s\", \"%s\", \"%s\", \"%s\", &api_types[%d], ", t->subs[i].name,
			b->group->name, b->group->version, b->short_name, b->index);
		write_verbs(c, t->subs[i].verbs);
		fprintf(c, " },\n");
	}
}

static void write_columns(FILE *c, const struct type *t)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *k = &t->columns[i];
		fprintf(c, "\t{ %s, %s, %s, %s, %d, %s, %s, %s },\n", quoted(k->name),
			quoted(k->type), quoted(k->format ? k->format : ""),
			quoted(k->doc ? k->doc : ""), k->wide, quoted(k->path), quoted(k->cell),
			quoted(k->absent));
	}
}

static int by_resource(const void *a, const void *b)
{
	const struct type *x = *(struct type *const *)a, *y = *(struct type *const *)b;
	return x->group != y->group ? group_order(&x->group, &y->group)
				    : strcmp(x->plural, y->plural);
}

static char *macro_name(const struct type *t)
{
	char text[256];
	snprintf(text, sizeof text, "API_%s_%s", t->group->prefix, t->plural);
	for (char *p = text; *p; p++)
		*p = *p == '/' ? '_' : (char)toupper((unsigned char)*p);
	return strcpy(need(NULL, strlen(text) + 1), text);
}

static char *lower(const char *text)
{
	char *out = strcpy(need(NULL, strlen(text) + 1), text);
	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

static size_t storage_index(const struct schema *s, struct type **kinds, size_t n, size_t i)
{
	if (!kinds[i]->storage)
		return i;
	const struct type *t = schema_find(s, kinds[i]->storage);
	for (size_t k = 0; k < n; k++)
		if (kinds[k] == t)
			return k;
	fail(kinds[i]->file, kinds[i]->line, "storage: no such kind \"%s\"", kinds[i]->storage);
}

static void write_resource(const struct schema *s, FILE *c, struct type **kinds, size_t n, size_t i,
			   size_t *sub, size_t *column, size_t *select)
{
	const struct type *t = kinds[i];
	fprintf(c, "\t{ \"%s\", \"%s\", \"%s\", \"%sList\", \"%s\", \"%s\",\n\t  %s, %s, %d, ",
		t->group->name, t->group->version, t->short_name, t->short_name, t->plural,
		t->singular ? t->singular : lower(t->short_name),
		t->short_names ? name_list(t->short_names, ',') : "no_names",
		t->categories ? name_list(t->categories, ',') : "no_names", t->namespaced);
	write_verbs(c, t->verbs);
	fprintf(c,
		",\n\t  &api_types[%d], subresources + %zu, %zu, columns + %zu, %zu, selects + "
		"%zu, %zu, %s, \"/registry/%s/\", &api_resources[%zu] },\n",
		t->index, *sub, t->nsubs, *column, t->ncolumns, *select, t->nselects,
		quoted(t->hash ? t->hash : ""), t->prefix ? t->prefix : t->plural,
		storage_index(s, kinds, n, i));
	*sub += t->nsubs;
	*column += t->ncolumns;
	*select += t->nselects;
}

void write_resources(const struct schema *s, FILE *c, FILE *h)
{
	struct type **kinds = NULL;
	size_t n = 0;
	for (size_t i = 0; i < s->ntypes; i++)
		if (s->types[i]->is_kind)
			*PUSH(kinds, n) = s->types[i];
	qsort(kinds, n, sizeof *kinds, by_resource);
	for (size_t i = 0; i < n;
	     i++) { /* the lists that resources name have to be written before them */
		name_list(kinds[i]->short_names, ',');
		name_list(kinds[i]->categories, ',');
	}
	fprintf(c, "static const char *const no_names[] = { NULL };\nstatic const struct "
		   "api_subresource subresources[] = {\n");
	for (size_t i = 0; i < n; i++)
		write_subresources(c, kinds[i]);
	fprintf(c, "};\nstatic const struct api_column columns[] = {\n");
	for (size_t i = 0; i < n; i++)
		write_columns(c, kinds[i]);
	fprintf(c, "};\nstatic const struct api_selectable selects[] = {\n");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < kinds[i]->nselects; k++)
			fprintf(c, "\t{ \"%s\", \"%s\", \"%s\" },\n", kinds[i]->selects[k].label,
				kinds[i]->selects[k].path, kinds[i]->selects[k].absent);
	fprintf(c, "};\nconst struct api_resource api_resources[] = {\n");
	size_t sub = 0, column = 0, select = 0;
	for (size_t i = 0; i < n; i++) {
		write_resource(s, c, kinds, n, i, &sub, &column, &select);
		fprintf(h, "#define %s (&api_resources[%zu])\n", macro_name(kinds[i]), i);
	}
	fprintf(c,
		"};\nconst size_t api_builtin_count = %zu;\nconst struct api_resource *const "
		"api_builtin[] = {\n",
		n);
	for (size_t i = 0; i < n; i++)
		fprintf(c, "\t&api_resources[%zu],\n", i);
	fprintf(c, "};\n");
}
