/* SPDX-License-Identifier: Apache-2.0 */
/* An update owns what it changed; others lose what was changed or removed. Entries come from the new object when the client sent some,
 * from the old one otherwise. */
#include "api/apply/managed_fields.h"

#include <stdio.h>

#include "api/apply/managed_change.h"
#include "api/apply/managed_entry.h"
#include "api/object/meta.h"
#include "api/shape.h"
#include "base/clock.h"

struct str managed_default_name(struct str user_agent)
{
	size_t n = str_find(user_agent, '/');
	if (n > MANAGED_NAME_MAX)
		n = MANAGED_NAME_MAX;
	for (size_t i = 0; i < n; i++)
		if (user_agent.p[i] < 0x20 || user_agent.p[i] > 0x7e)
			n = i;
	return str_of(user_agent.p, n);
}

/* The client asks to forget all: `managedFields: []` or `[{}]`. */
static bool is_reset(const json_t *list)
{
	if (!json_is_array(list))
		return false;
	return json_array_size(list) == 0 ||
	       (json_array_size(list) == 1 && json_object_size(json_array_get(list, 0)) == 0);
}

/* Broken entries count as none. */
static void decode_or_none(struct managed *m, const json_t *list)
{
	m->n = 0;
	if (managed_decode(m, list, NULL) < 0)
		m->n = 0;
}

static void load(struct managed *m, const json_t *old, const json_t *sent,
		 const struct managed_by *by)
{
	const json_t *kept = json_object_get(meta_of(old), "managedFields");
	if (by->subresource.n) {
		decode_or_none(m, kept);
		return;
	}
	if (is_reset(sent))
		return;
	decode_or_none(m, sent);
	if (m->n == 0)
		decode_or_none(m, kept);
}

static void own(struct managed *m, const struct managed_by *by, const struct fieldset *set,
		struct str now)
{
	struct managed_entry self = managed_entry_of(by);
	set = fieldset_difference(m->a, set, managed_unowned_fields());
	if (fieldset_empty(set))
		return;
	struct managed_entry *entry = managed_find(m, &self);
	if (!entry)
		entry = managed_add(m, self);
	entry->set = fieldset_union(m->a, set, entry->set);
	entry->time = now;
}

/* Does nothing where what changed can't be told, for example when an item has no key. */
static void record(struct managed *m, const struct api_resource *res, const json_t *old,
		   json_t *new, const struct managed_by *by, struct str now)
{
	const struct fieldset *changed, *removed,
		*reset = managed_reset_fields(m->a, res, by->subresource);
	if (!fieldset_compare(m->a, res->type, old, new, &changed, &removed))
		return;
	changed = fieldset_subtract(m->a, changed, reset);
	removed = fieldset_subtract(m->a, removed, reset);
	managed_compare(m, &(struct managed_change){ res, by, old, new, changed, removed });
	managed_yield(m, NULL);
	own(m, by, changed, now);
	managed_remove_empty(m);
}

int managed_update(const struct api_resource *res, const json_t *old, json_t *new,
		   const struct managed_by *by, struct err *err)
{
	(void)err;
	auto_arena arena = { 0 };
	struct managed m = { .a = &arena };
	char now[TIME_TEXT_MAX];
	json_t *meta = meta_make(new);
	json_t *sent = json_incref(json_object_get(meta, "managedFields"));
	time_format(by->now_s, now);
	shape_drop_unwritten(res->type, new);
	load(&m, old, sent, by);
	json_object_del(meta, "managedFields");
	if (m.n || !old) { /* an object that is not tracked stays so until somebody applies it */
		record(&m, res, old, new, by, str_from(now));
		managed_cap(&m);
		json_t *list = managed_encode(&m);
		if (list)
			json_object_set_new(meta, "managedFields", list);
	}
	managed_close(&m);
	json_decref(sent);
	return 0;
}

/* ---- validation ---- */

static void validate_entry(const json_t *entry, size_t i, struct err *err)
{
	char field[96];
	struct str operation = tree_str(json_object_get(entry, "operation"));
	struct str type = tree_str(json_object_get(entry, "fieldsType"));
	struct str manager = tree_str(json_object_get(entry, "manager"));
	if (!str_eq(operation, STR("Apply")) && !str_eq(operation, STR("Update"))) {
		snprintf(field, sizeof(field), "metadata.managedFields[%zu].operation", i);
		err_cause(err, "FieldValueInvalid", field,
			  "Invalid value: \"%.*s\": must be `Apply` or `Update`",
			  STR_ARG(operation));
	}
	if (type.n && !str_eq(type, STR("FieldsV1"))) {
		snprintf(field, sizeof(field), "metadata.managedFields[%zu].fieldsType", i);
		err_cause(err, "FieldValueInvalid", field,
			  "Invalid value: \"%.*s\": must be `FieldsV1`", STR_ARG(type));
	}
	if (manager.n > MANAGED_NAME_MAX) {
		snprintf(field, sizeof(field), "metadata.managedFields[%zu].manager", i);
		err_cause(err, "FieldValueTooLong", field,
			  "Too long: may not be more than %d bytes", MANAGED_NAME_MAX);
	}
}

int managed_validate(const json_t *managed_fields, struct err *err)
{
	size_t i, before = err ? err->ncauses : 0;
	json_t *entry;
	json_array_foreach (managed_fields, i, entry)
		validate_entry(entry, i, err);
	return err && err->ncauses > before ? -ERR_INVALID : 0;
}
