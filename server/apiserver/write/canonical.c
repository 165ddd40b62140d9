/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/canonical.h"

#include <string.h>

static bool is_empty(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
	case JSON_FALSE: return true;
	case JSON_STRING: return json_string_length(v) == 0;
	case JSON_INTEGER: return json_integer_value(v) == 0;
	case JSON_REAL: return json_real_value(v) == 0;
	case JSON_ARRAY: return json_array_size(v) == 0;
	case JSON_OBJECT: return json_object_size(v) == 0;
	default: return false;
	}
}

/* Structs stay, even empty ones: a Go encoder writes them. */
static bool is_dropped(const struct api_field *f, const json_t *v)
{
	enum api_kind kind = f->schema.kind;
	if (f->always || f->pointer || kind == API_JSON || kind == API_RAW || kind == API_OBJECT)
		return false;
	return is_empty(v);
}

/* A list that defaults fill only when it is absent: who sends an empty one hears that it is. */
static bool is_told_from_absent(const struct api_type *t, const struct api_field *f)
{
	return f->schema.kind == API_LIST && !strcmp(f->name, "policies") &&
	       !strcmp(t->name, "autoscaling/v2.HPAScalingRules");
}

static void value_prune(const struct api_schema *s, json_t *v)
{
	if (s->kind == API_OBJECT && s->type && json_is_object(v)) {
		canonical_prune(s->type, v);
	} else if (s->kind == API_LIST && s->item) {
		for (size_t i = 0; i < json_array_size(v); i++)
			value_prune(s->item, json_array_get(v, i));
	} else if (s->kind == API_MAP && s->item && s->item->kind == API_OBJECT) {
		const char *key;
		json_t *item;
		json_object_foreach (v, key, item)
			value_prune(s->item, item);
	}
}

void canonical_prune(const struct api_type *t, json_t *tree)
{
	const char *key;
	json_t *value;
	void *next;
	if (!t->gv) /* Go has no struct for a custom resource: what is there is written */
		return;
	json_object_foreach_safe (tree, next, key, value) {
		const struct api_field *f = api_type_field(t, str_from(key));
		if (!f)
			continue;
		if (is_dropped(f, value) && !is_told_from_absent(t, f))
			json_object_del(tree, key);
		else
			value_prune(&f->schema, value);
	}
}
