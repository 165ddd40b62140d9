/* SPDX-License-Identifier: Apache-2.0 */
/* The schema files in memory, as the generator sees them: read (read.c), resolved and flattened (link.c), then written
 * as tables (tables.c) and as C structs (structs.c). One run, nothing is freed. docs/api.md explains the text form. */
#ifndef API_SCHEMA_GEN_SCHEMA_H
#define API_SCHEMA_GEN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api/type.h"

struct group {
	const char *name, *version, *prefix,
		*openapi; /* "apps", "v1", "apps/v1", "io.k8s.api.apps.v1" */
	int priority;
};

struct shape { /* a type expression */
	enum api_kind kind;
	bool boxed;
	const char *ref;   /* API_OBJECT: as written */
	struct type *type; /* API_OBJECT: resolved */
	struct shape *item;
};

struct field {
	const char *name; /* "inline" stands for an inline message */
	int tag;
	unsigned char via[2]; /* set when flattened */
	struct shape shape;
	bool pointer, required, always, omitzero, immutable, deprecated, atomic, granular, replace,
		retain_keys, merge, published, published_values, off;
	const char *merge_key, *list_keys, *default_json, *enum_values, *known, *listed, *format,
		*doc, *go_type;
	enum api_list_type list_type;
	const char *min, *max, *max_items, *max_length;
};

struct column {
	const char *name, *type, *path, *cell, *absent, *format, *doc;
	bool wide;
};

struct subresource {
	const char *name, *kind, *verbs;
	struct type *type;
};

struct select {
	const char *label, *path, *absent;
};

struct type {
	const struct group *group;
	const char *name;       /* "core/v1.PodSpec" */
	const char *short_name; /* "PodSpec" */
	const char *doc;
	bool typed, hidden, atomic, wants_struct, is_kind, namespaced;
	const char *plural, *short_names, *categories, *verbs, *singular, *hash, *prefix, *storage,
		*list, *unions;
	struct field *fields; /* as written */
	size_t nfields;
	struct field
		*flat; /* inline messages replaced by their fields, kind and apiVersion in front */
	size_t nflat;
	const char *
		inline_name; /* "ProbeHandler"; "RuleWithOperations.Rule" where one is inside the other */
	struct subresource *subs;
	size_t nsubs;
	struct column *columns;
	size_t ncolumns;
	struct select *selects;
	size_t nselects;
	int index;        /* in api_types[] */
	int struct_index; /* in api_structs[], -1: none */
	bool has_off;     /* it or what it holds has a field that is off */
	bool walked;      /* all that it holds has its struct */
	const char *file;
	int line;
};

struct schema {
	struct type **types; /* sorted by name once linked */
	size_t ntypes;
	unsigned long long hash; /* FNV-1a of all text read */
};

_Noreturn void fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void *need(void *p, size_t bytes); /* realloc or die */
#define PUSH(array, n)                                         \
	((array) = need((array), ((n) + 1) * sizeof *(array)), \
	 memset(&(array)[n], 0, sizeof *(array)), &(array)[(n)++])

void schema_read(struct schema *s, const char *path);
void schema_link(struct schema *s);
struct type *schema_find(const struct schema *s, const char *name); /* full name, NULL if unknown */

char *name_snake(const char *camel);     /* "podIPs" -> "pod_ips" */
char *name_member(const char *camel);    /* the same, but "default" -> "default_" */
char *name_struct(const struct type *t); /* "core_v1_pod_spec" */

/* Pieces that the writers share: a C string or NULL; the name of a written NULL-terminated array of the parts. */
char *quoted(const char *text);
const char *name_list(const char *text, char separator);
int group_order(const void *a, const void *b); /* of struct group * : by priority */
void write_resources(const struct schema *s, FILE *c, FILE *h);

void write_tables(const struct schema *s, FILE *c, FILE *h);
void write_structs(const struct schema *s, FILE *c, FILE *h);

#endif
