/* SPDX-License-Identifier: Apache-2.0 */
#include "api/off.h"

#include "base/mem.h"

#define USED_MAX 16

/* Which of them the old object uses, wherever. */
struct used {
	const struct api_field *fields[USED_MAX];
	size_t n;
};

static bool is_used(const struct used *u, const struct api_field *f)
{
	for (size_t i = 0; i < u->n; i++)
		if (!strcmp(u->fields[i]->name, f->name))
			return true;
	return false;
}

static void visit(const struct api_type *t, json_t *object, struct used *u, bool collect);

static void visit_value(const struct api_schema *s, json_t *value, struct used *u, bool collect)
{
	size_t i;
	const char *key;
	json_t *item;
	if (s->kind == API_OBJECT && s->type)
		visit(s->type, value, u, collect);
	else if (s->kind == API_LIST)
		json_array_foreach (value, i, item)
			visit_value(s->item, item, u, collect);
	else if (s->kind == API_MAP)
		json_object_foreach (value, key, item)
			visit_value(s->item, item, u, collect);
}

static const struct api_type *held(const struct api_schema *s)
{
	return s->item ? held(s->item) : s->kind == API_OBJECT ? s->type : NULL;
}

static void visit(const struct api_type *t, json_t *object, struct used *u, bool collect)
{
	if (!t->has_off || !json_is_object(object))
		return;
	for (size_t i = 0; i < t->nfields; i++) {
		const struct api_field *f = &t->fields[i];
		const struct api_type *inner = held(&f->schema);
		if (!f->off && !(inner && inner->has_off)) /* nearly all */
			continue;
		json_t *value = json_object_getn(object, f->name, f->name_length);
		if (!value)
			continue;
		if (f->off && collect && !is_used(u, f) && u->n < USED_MAX)
			u->fields[u->n++] = f;
		else if (f->off && !collect && !is_used(u, f))
			json_object_del(object, f->name);
		else if (inner && inner->has_off)
			visit_value(&f->schema, value, u, collect);
	}
}

void api_drop_off(const struct api_type *t, json_t *object, const json_t *old)
{
	struct used used = { 0 };
	if (!t->has_off)
		return;
	visit(t, (json_t *)old, &used, true);
	visit(t, object, &used, false);
}
