/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of all selectable fields are followed at once: at each member those stay in the race whose next step it is. */
#include "api/object/scan.h"

#include <stdlib.h>

#include "api/json/reader.h"
#include "base/mem.h"

struct runner {           /* a selectable field on its way down */
	const char *rest; /* "nodeName", "podIPs[0].ip" */
	uint8_t field;
	bool second; /* of two paths: counts only where the first gave nothing */
};

struct scanner {
	struct object_scan *s;
	struct reader r;
	const char *start;
	struct runner all[2 * OBJECT_SELECTABLE_MAX];
	size_t nall;
	size_t cap_labels;
	bool has_metadata;
};

void object_scan_init(struct object_scan *s)
{
	memset(s, 0, sizeof *s);
}

void object_scan_free(struct object_scan *s)
{
	arena_free(&s->arena);
	free(s->labels);
}

static struct str keep(struct scanner *c, const struct reader_text *t)
{
	if (!t->cooked)
		return t->raw;
	char *p = arena_alloc(&c->s->arena, 3 * t->raw.n + 1);
	size_t n = reader_cook(t->raw, p);
	c->s->text_bytes += n + 1;
	return str_of(p, n);
}

static void read_text(struct scanner *c, struct str *out)
{
	struct reader_text t;
	if (reader_peek(&c->r) != READ_STRING)
		reader_skip(&c->r);
	else if (reader_string(&c->r, &t))
		*out = keep(c, &t);
}

static void scan_labels(struct scanner *c)
{
	struct object_scan *s = c->s;
	struct reader_text key;
	if (reader_peek(&c->r) != READ_OBJECT) {
		reader_skip(&c->r);
		return;
	}
	reader_object(&c->r);
	while (reader_member(&c->r, &key)) {
		s->labels = mem_array_grow(s->labels, &c->cap_labels, s->nlabels + 1,
					   sizeof *s->labels);
		struct object_label l = { .key = keep(c, &key), .value = STR("") };
		l.value.p = c->start; /* inside the text, so that it is rebased */
		read_text(c, &l.value);
		size_t i = s->nlabels++;
		for (; i && str_cmp(s->labels[i - 1].key, l.key) > 0; i--)
			s->labels[i] = s->labels[i - 1];
		s->labels[i] = l;
	}
}

/* The step of a path: a name up to '.', '[' or the end. */
static bool takes_step(const char *rest, const struct reader_text *key, const char **after)
{
	size_t n = strcspn(rest, ".[,");
	if (key->cooked || key->raw.n != n || memcmp(rest, key->raw.p, n) != 0)
		return false;
	*after = rest + n + (rest[n] == '.');
	return true;
}

static bool at_end(const char *rest)
{
	return *rest == '\0' || *rest == ',';
}

static void take(struct scanner *c, const struct runner *w, struct str value)
{
	struct str *to = &c->s->fields[w->field];
	if (value.n == 0 && !w->second && to->p)
		return;
	if (!w->second || !to->p || to->n == 0)
		*to = value;
}

static void scan_leaf(struct scanner *c, const struct runner *w, size_t n)
{
	struct str value = { 0 };
	bool flag;
	switch (reader_peek(&c->r)) {
	case READ_STRING: read_text(c, &value); break;
	case READ_NUMBER: reader_number(&c->r, &value, &flag); break;
	case READ_BOOL:
		value.p = c->r.p;
		if (reader_bool(&c->r, &flag))
			value.n = flag ? 4 : 5;
		break;
	default: reader_skip(&c->r);
	}
	c->s->text_bytes += (n - 1) * (value.n + 1); /* several fields may take one decoded text */
	for (size_t i = 0; value.p && i < n; i++)
		take(c, &w[i], value);
}

static void scan_value(struct scanner *c, const struct runner *w, size_t n);

static void scan_members(struct scanner *c, const struct runner *w, size_t n)
{
	struct reader_text key;
	reader_object(&c->r);
	while (reader_member(&c->r, &key)) {
		struct runner on[2 * OBJECT_SELECTABLE_MAX];
		size_t left = 0;
		for (size_t i = 0; i < n; i++) {
			const char *after;
			if (takes_step(w[i].rest, &key, &after))
				on[left++] = (struct runner){ after, w[i].field, w[i].second };
		}
		if (left)
			scan_value(c, on, left);
		else
			reader_skip(&c->r);
	}
}

static void scan_items(struct scanner *c, const struct runner *w,
		       size_t n) /* only the first: "[0]" */
{
	struct runner on[2 * OBJECT_SELECTABLE_MAX];
	size_t left = 0;
	for (size_t i = 0; i < n; i++)
		if (strncmp(w[i].rest, "[0]", 3) == 0)
			on[left++] = (struct runner){ w[i].rest + 3 + (w[i].rest[3] == '.'),
						      w[i].field, w[i].second };
	reader_array(&c->r);
	while (reader_item(&c->r)) {
		if (left)
			scan_value(c, on, left);
		else
			reader_skip(&c->r);
		left = 0;
	}
}

static void scan_value(struct scanner *c, const struct runner *w, size_t n)
{
	enum reader_type type = reader_peek(&c->r);
	if (at_end(w[0].rest))
		scan_leaf(c, w, n);
	else if (type == READ_OBJECT)
		scan_members(c, w, n);
	else if (type == READ_ARRAY)
		scan_items(c, w, n);
	else
		reader_skip(&c->r);
}

static void scan_metadata_member(struct scanner *c, const struct reader_text *key)
{
	struct object_scan *s = c->s;
	if (reader_text_eq(key, STR("uid"))) {
		read_text(c, &s->uid);
		s->seal_at = (size_t)(c->r.p - c->start);
		s->seal_first = false;
	} else if (reader_text_eq(key, STR("labels"))) {
		scan_labels(c);
	} else if (reader_text_eq(key, STR("deletionTimestamp"))) {
		s->deleting = reader_peek(&c->r) == READ_STRING;
		reader_skip(&c->r);
	} else {
		reader_skip(&c->r);
	}
}

static void scan_metadata(struct scanner *c)
{
	struct reader_text key;
	if (reader_peek(&c->r) != READ_OBJECT) {
		reader_skip(&c->r);
		return;
	}
	reader_object(&c->r);
	c->has_metadata = true;
	c->s->seal_at = (size_t)(c->r.p - c->start);
	c->s->seal_first = true;
	bool any = false;
	while (reader_member(&c->r, &key)) {
		any = true;
		scan_metadata_member(c, &key);
	}
	c->s->seal_last = !any;
}

static void start_runners(struct scanner *c, const struct api_resource *r)
{
	for (size_t i = 0; i < r->nselectable && i < OBJECT_SELECTABLE_MAX; i++) {
		const char *path = r->selectable[i].path, *comma = strchr(path, ',');
		if (!*path)
			continue;
		c->all[c->nall++] = (struct runner){ path, (uint8_t)i, false };
		if (comma)
			c->all[c->nall++] = (struct runner){ comma + 1, (uint8_t)i, true };
	}
}

int object_scan_run(struct object_scan *s, const struct api_resource *r, struct str json,
		    struct err *err)
{
	struct scanner c = { .s = s, .start = json.p };
	struct reader_text key;
	start_runners(&c, r);
	reader_init(&c.r, json);
	if (r->nselectable > OBJECT_SELECTABLE_MAX)
		return err_set(err, ERR_INTERNAL, "%s has more than %d selectable fields",
			       r->plural, OBJECT_SELECTABLE_MAX);
	if (reader_peek(&c.r) != READ_OBJECT)
		return err_set(err, ERR_BAD_REQUEST, "no JSON object");
	reader_object(&c.r);
	while (reader_member(&c.r, &key)) {
		struct runner on[2 * OBJECT_SELECTABLE_MAX];
		size_t left = 0;
		for (size_t i = 0; i < c.nall; i++) {
			const char *after;
			if (takes_step(c.all[i].rest, &key, &after))
				on[left++] =
					(struct runner){ after, c.all[i].field, c.all[i].second };
		}
		if (reader_text_eq(&key, STR("metadata"))) {
			reader_peek(&c.r); /* what is between */
			s->meta_at = (size_t)(c.r.p - c.start);
			scan_metadata(&c);
			s->meta_n = (size_t)(c.r.p - c.start) - s->meta_at;
		} else if (left) {
			scan_value(&c, on, left);
		} else {
			reader_skip(&c.r);
		}
	}
	reader_end(&c.r);
	if (c.r.failed)
		return reader_error(&c.r, err);
	return c.has_metadata ? 0 : err_set(err, ERR_BAD_REQUEST, "no metadata");
}
