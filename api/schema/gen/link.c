/* SPDX-License-Identifier: Apache-2.0 */
/* Resolves names, adds the lists of kinds ("PodList"), and flattens inline messages: their fields take the place of the
 * inline line and remember the numbers of the messages around them. */
#include <stdlib.h>
#include <string.h>

#include "api/schema/gen/schema.h"

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct type *const *)a)->name, (*(struct type *const *)b)->name);
}

struct type *schema_find(const struct schema *s, const char *name)
{
	for (size_t lo = 0, hi = s->ntypes; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, s->types[mid]->name);
		if (c == 0)
			return s->types[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static struct type *resolve(const struct schema *s, const struct type *from, const char *ref)
{
	char full[256];
	struct type *t;
	if (strchr(ref, '.')) {
		t = schema_find(s, ref);
	} else {
		snprintf(full, sizeof full, "%s.%s", from->group->prefix, ref);
		t = schema_find(s, full);
		if (!t) {
			snprintf(full, sizeof full, "meta/v1.%s", ref);
			t = schema_find(s, full);
		}
	}
	if (!t)
		fail(from->file, from->line, "%s: no such type \"%s\"", from->name, ref);
	return t;
}

static void resolve_shape(const struct schema *s, const struct type *from, struct shape *shape)
{
	if (shape->kind == API_OBJECT)
		shape->type = resolve(s, from, shape->ref);
	else if (shape->kind == API_PROPS_OR_ARRAY || shape->kind == API_PROPS_OR_BOOL ||
		 shape->kind == API_PROPS_OR_STRINGS)
		shape->type = resolve(s, from, "JSONSchemaProps");
	if (shape->item)
		resolve_shape(s, from, shape->item);
}

static bool has_verb(const struct type *t, const char *verb)
{
	return !t->verbs || strstr(t->verbs, verb);
}

static void add_list(struct schema *s, const struct type *kind)
{
	struct type *t = need(NULL, sizeof *t);
	char *name = need(NULL, strlen(kind->name) + 5),
	     *text = need(NULL, strlen(kind->short_name) + 16);
	sprintf(name, "%sList", kind->name);
	sprintf(text, "A list of %s.", kind->plural);
	*t = (struct type){ .group = kind->group,
			    .name = name,
			    .short_name = name + strlen(kind->group->prefix) + 1,
			    .typed = true,
			    .doc = text,
			    .file = kind->file,
			    .line = kind->line };
	struct field *f = PUSH(t->fields, t->nfields);
	*f = (struct field){ .name = "metadata",
			     .tag = 1,
			     .shape = { .kind = API_OBJECT, .ref = "meta/v1.ListMeta" },
			     .doc = "Revision of the list and how to continue it." };
	f = PUSH(t->fields, t->nfields);
	struct shape *item = need(NULL, sizeof *item);
	*item = (struct shape){ .kind = API_OBJECT, .ref = kind->name };
	*f = (struct field){ .name = "items",
			     .tag = 2,
			     .shape = { .kind = API_LIST, .item = item },
			     .always = true,
			     .required = true,
			     .doc = "The objects." };
	*PUSH(s->types, s->ntypes) = t;
}

/* A value that is always there is always written, as Go does with structs. */
static void settle(struct field *f)
{
	switch (f->shape.kind) {
	case API_OBJECT:
	case API_TIME:
	case API_MICRO_TIME:
	case API_DURATION:
	case API_QUANTITY:
	case API_INT_OR_STRING:
	case API_RAW:
		if (!f->pointer && !f->omitzero)
			f->always = true;
		break;
	default: break;
	}
}

static void name_inline(struct type *to, const struct type *inner)
{
	size_t n =
		strlen(inner->short_name) + (to->inline_name ? strlen(to->inline_name) + 1 : 0) + 1;
	char *name = need(NULL, n);
	snprintf(name, n, "%s%s%s", to->inline_name ? to->inline_name : "",
		 to->inline_name ? "." : "", inner->short_name);
	to->inline_name = name;
}

static void flatten(struct type *to, const struct type *from, const unsigned char via[2])
{
	for (size_t i = 0; i < from->nfields; i++) {
		const struct field *f = &from->fields[i];
		if (strcmp(f->name, "inline") == 0) {
			unsigned char deeper[2] = { via[0], via[1] };
			if (via[1] || (!f->tag && f->shape.type->nfields == 0))
				fail(from->file, from->line, "%s: inline too deep", from->name);
			deeper[via[0] ? 1 : 0] = (unsigned char)f->tag;
			name_inline(to, f->shape.type);
			flatten(to, f->shape.type, deeper);
			continue;
		}
		struct field *out = PUSH(to->flat, to->nflat);
		*out = *f;
		out->via[0] = via[0];
		out->via[1] = via[1];
		settle(out);
	}
}

static const struct type *held(const struct shape *s)
{
	return s->item ? held(s->item) : s->type;
}

static bool finds_off(const struct type *t)
{
	for (size_t i = 0; i < t->nflat; i++) {
		const struct type *inner = held(&t->flat[i].shape);
		if (t->flat[i].off || (inner && inner->has_off))
			return true;
	}
	return false;
}

/* From the fields that are off upwards, until nothing changes any more. */
static void mark_off(struct schema *s)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < s->ntypes; i++)
			if (!s->types[i]->has_off && finds_off(s->types[i]))
				s->types[i]->has_off = more = true;
	}
}

void schema_link(struct schema *s)
{
	size_t written = s->ntypes;
	for (size_t i = 0; i < written; i++)
		if (s->types[i]->is_kind && has_verb(s->types[i], "list") && !s->types[i]->list)
			add_list(s, s->types[i]);
	qsort(s->types, s->ntypes, sizeof *s->types, by_name);
	for (size_t i = 0; i < s->ntypes; i++) {
		struct type *t = s->types[i];
		t->index = (int)i;
		t->struct_index = -1;
		if (i && strcmp(t->name, s->types[i - 1]->name) == 0)
			fail(t->file, t->line, "%s is there twice", t->name);
		for (size_t k = 0; k < t->nfields; k++)
			resolve_shape(s, t, &t->fields[k].shape);
		for (size_t k = 0; k < t->nsubs; k++)
			t->subs[k].type = resolve(s, t, t->subs[k].kind);
	}
	static const unsigned char outside[2];
	for (size_t i = 0; i < s->ntypes; i++) {
		struct type *t = s->types[i];
		if (t->typed) {
			*PUSH(t->flat, t->nflat) =
				(struct field){ .name = "kind",
						.doc = "What kind of object this is." };
			*PUSH(t->flat, t->nflat) =
				(struct field){ .name = "apiVersion",
						.doc = "Group and version of its form." };
		}
		flatten(t, t, outside);
	}
	mark_off(s);
}
