/* SPDX-License-Identifier: Apache-2.0 */
#include "api/apply/managed_entry.h"

#include "api/object/meta.h"
#include "base/clock.h"
#include "base/mem.h"

#define ANCIENT STR("ancient-changes")

static struct str text_of(const json_t *entry, const char *field)
{
	return tree_str(json_object_get(entry, field));
}

static int decode_one(struct managed *m, const json_t *entry, size_t i, struct err *err)
{
	struct str operation = text_of(entry, "operation"), type = text_of(entry, "fieldsType");
	struct managed_entry e = {
		.manager = text_of(entry, "manager"),
		.api_version = text_of(entry, "apiVersion"),
		.subresource = text_of(entry, "subresource"),
		.time = text_of(entry, "time"),
		.applied = str_eq(operation, STR("Apply")),
	};
	if (!e.applied && !str_eq(operation, STR("Update")))
		return err_set(err, ERR_BAD_REQUEST, "operation must be `Apply` or `Update`");
	if (e.api_version.n == 0)
		return err_set(err, ERR_BAD_REQUEST, "apiVersion must not be empty");
	if (type.n == 0)
		return err_set(err, ERR_BAD_REQUEST,
			       "missing fieldsType in managed fields entry %zu", i);
	if (!str_eq(type, STR("FieldsV1")))
		return err_set(err, ERR_BAD_REQUEST,
			       "invalid fieldsType \"%.*s\" in managed fields entry %zu",
			       STR_ARG(type), i);
	int r = fieldset_parse(m->a, json_object_get(entry, "fieldsV1"), &e.set, err);
	if (r < 0)
		return r;
	struct managed_entry *same = managed_find(m, &e);
	if (same)
		*same = e;
	else
		managed_add(m, e);
	return 0;
}

int managed_decode(struct managed *m, const json_t *list, struct err *err)
{
	size_t i;
	json_t *entry;
	json_array_foreach (list, i, entry) {
		int r = decode_one(m, entry, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void put(json_t *out, const char *field, struct str value)
{
	if (value.n)
		json_object_set_new(out, field, json_stringn(value.p, value.n));
}

static json_t *encode_one(const struct managed_entry *e)
{
	json_t *out = json_object();
	put(out, "manager", e->manager);
	put(out, "operation", e->applied ? STR("Apply") : STR("Update"));
	put(out, "apiVersion", e->api_version);
	put(out, "time", e->time);
	put(out, "fieldsType", STR("FieldsV1"));
	json_object_set_new(out, "fieldsV1", fieldset_json(e->set));
	put(out, "subresource", e->subresource);
	return out;
}

static int64_t seconds_of(const struct managed_entry *e)
{
	int64_t us;
	return e->time.n && time_parse(e->time, &us) ? us / 1000000 : 0;
}

static int by_order(const void *x, const void *y)
{
	const struct managed_entry *a = x, *b = y;
	if (a->applied != b->applied)
		return a->applied ? -1 : 1;
	int64_t ta = seconds_of(a), tb = seconds_of(b);
	if (ta != tb)
		return ta < tb ? -1 : 1;
	int c = str_cmp(a->manager, b->manager);
	if (c == 0)
		c = str_cmp(a->api_version, b->api_version);
	return c ? c : str_cmp(a->subresource, b->subresource);
}

json_t *managed_encode(const struct managed *m)
{
	if (m->n == 0)
		return NULL;
	json_t *out = json_array();
	qsort(m->entries, m->n, sizeof(*m->entries), by_order);
	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(out, encode_one(&m->entries[i]));
	return out;
}

void managed_close(struct managed *m)
{
	json_decref(TAKE(m->converted));
}

static bool same_manager(const struct managed_entry *a, const struct managed_entry *b)
{
	return a->applied == b->applied && str_eq(a->manager, b->manager) &&
	       str_eq(a->subresource, b->subresource) &&
	       (a->applied || str_eq(a->api_version, b->api_version));
}

struct managed_entry *managed_find(struct managed *m, const struct managed_entry *like)
{
	for (size_t i = 0; i < m->n; i++)
		if (same_manager(&m->entries[i], like))
			return &m->entries[i];
	return NULL;
}

struct managed_entry *managed_add(struct managed *m, struct managed_entry e)
{
	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 8;
		struct managed_entry *more = ARENA_ARRAY(m->a, struct managed_entry, cap);
		if (m->n)
			memcpy(more, m->entries, m->n * sizeof(*more));
		m->entries = more;
		m->cap = cap;
	}
	m->entries[m->n] = e;
	return &m->entries[m->n++];
}

void managed_remove(struct managed *m, size_t i)
{
	memmove(&m->entries[i], &m->entries[i + 1], (m->n - i - 1) * sizeof(*m->entries));
	m->n--;
}

void managed_remove_empty(struct managed *m)
{
	for (size_t i = m->n; i-- > 0;)
		if (fieldset_empty(m->entries[i].set))
			managed_remove(m, i);
}

static size_t updaters(const struct managed *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++)
		n += m->entries[i].applied ? 0 : 1;
	return n;
}

/* The oldest two updaters of one version become one. False: no version has two. */
static bool join_oldest(struct managed *m)
{
	qsort(m->entries, m->n, sizeof(*m->entries),
	      by_order); /* appliers first, then updaters, oldest first */
	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < i && !m->entries[i].applied; j++) {
			struct managed_entry *old = &m->entries[j], *next = &m->entries[i];
			if (old->applied || !str_eq(old->api_version, next->api_version))
				continue;
			old->set = fieldset_union(m->a, next->set, old->set);
			old->time = next->time;
			old->manager = ANCIENT;
			old->subresource = (struct str){ 0 };
			managed_remove(m, i);
			return true;
		}
	return false;
}

void managed_cap(struct managed *m)
{
	while (updaters(m) > MANAGED_UPDATES_MAX)
		if (!join_oldest(m))
			return;
}

struct managed_entry managed_entry_of(const struct managed_by *by)
{
	return (struct managed_entry){
		.manager = by->manager.n ? by->manager : STR("unknown"),
		.api_version = by->api_version,
		.subresource = by->subresource,
		.applied = str_eq(by->operation, STR("Apply")),
	};
}

void managed_entry_text(const struct managed_entry *e, struct buf *out)
{
	buf_json_string(out, e->manager);
	if (e->subresource.n) {
		buf_puts(out, " with subresource ");
		buf_json_string(out, e->subresource);
	}
	if (!e->applied) {
		buf_puts(out, " using ");
		buf_str(out, e->api_version);
	}
}
