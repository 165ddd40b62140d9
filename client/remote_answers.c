/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a list and events of a watch, read from bytes; the handler hears what is new in them. */
#include "api/json/reader.h"
#include "base/log.h"
#include "client/remote_reflector.h"
#include "client/status.h"

/* --- what is told --- */

static void tell(struct reflector *r, const struct object *old, const struct object *new)
{
	if (!r->stopped)
		r->handler.on_change(r->handler.ctx, old, new);
}

static void tell_change(struct reflector *r, struct object *o)
{
	struct object *old = map_put(&r->known, o->key, object_ref(o));
	if (!old || old->revision != o->revision)
		tell(r, old, o);
	object_unref(old);
}

static void tell_gone(struct reflector *r, struct str key)
{
	struct object *old = map_del(&r->known, key);
	if (old)
		tell(r, old, NULL);
	object_unref(old);
}

/* --- pages of a list --- */

static void unref(void *o)
{
	object_unref(o);
}

void reflector_known_drop(struct reflector *r)
{
	map_free(&r->known, unref);
	r->known = (struct map){ 0 };
}

void reflector_list_drop(struct reflector *r)
{
	map_free(&r->listing, unref);
	r->listing = (struct map){ 0 };
	free(TAKE(r->next_page));
}

static bool take_item(struct reflector *r, struct str json)
{
	struct object *o;
	auto_err err = { 0 };
	if (object_from_served(r->handler.resource, json, &o, &err) < 0) {
		log_warn("an object can't be read", LOG_S("error", err_text(&err)));
		return false;
	}
	object_unref(map_put(&r->listing, o->key, o));
	return true;
}

static bool take_list_metadata(struct reflector *r, struct reader *in, int64_t *revision)
{
	struct reader_text key, text;
	free(TAKE(r->next_page));
	if (reader_null(in) || !reader_object(in))
		return false;
	while (reader_member(in, &key)) {
		bool is_revision = reader_text_eq(&key, STR("resourceVersion"));
		if (is_revision || reader_text_eq(&key, STR("continue"))) {
			if (!reader_string(in, &text))
				return false;
			if (is_revision && !str_to_i64(text.raw, revision))
				return false;
			if (!is_revision && text.raw.n)
				r->next_page = str_dup(text.raw);
		} else {
			reader_skip(in);
		}
	}
	return !in->failed;
}

bool reflector_take_page(struct reflector *r, int64_t *revision)
{
	struct reader in;
	struct reader_text key;
	struct str item;
	reader_init(&in, buf_view(&r->body));
	if (!reader_object(&in))
		return false;
	while (reader_member(&in, &key)) {
		if (reader_text_eq(&key, STR("metadata"))) {
			if (!take_list_metadata(r, &in, revision))
				return false;
		} else if (reader_text_eq(&key, STR("items")) && !reader_null(&in)) {
			if (!reader_array(&in))
				return false;
			while (reader_item(&in))
				if (!reader_value(&in, &item) || !take_item(r, item))
					return false;
		} else {
			reader_skip(&in);
		}
	}
	return !in.failed && *revision > 0;
}

/* Known objects that are not in the list are gone; then all others. Nobody else changes `known` meanwhile, but we may be stopped. */
void reflector_tell_list(struct reflector *r)
{
	size_t at = 0, n = 0;
	struct map_entry *e;
	struct object **gone = mem_alloc((r->known.count + 1) * sizeof(struct object *));
	while ((e = map_next(&r->known, &at)))
		if (!map_get(&r->listing, e->key))
			gone[n++] = e->value;
	for (size_t i = 0; i < n; i++)
		tell_gone(r, gone[i]->key);
	free(gone);
	for (at = 0; (e = map_next(&r->listing, &at));)
		tell_change(r, e->value);
	reflector_list_drop(r);
}

/* --- events of a watch --- */

static int64_t revision_of(struct str object)
{
	struct reader in;
	struct reader_text key, text;
	int64_t revision = 0;
	reader_init(&in, object);
	for (bool ok = reader_object(&in); ok && reader_member(&in, &key);) {
		if (!reader_text_eq(&key, STR("metadata"))) {
			reader_skip(&in);
			continue;
		}
		for (ok = reader_object(&in); ok && reader_member(&in, &key);)
			if (!reader_text_eq(&key, STR("resourceVersion")))
				reader_skip(&in);
			else if (reader_string(&in, &text) && str_to_i64(text.raw, &revision))
				return revision;
	}
	return 0;
}

static void take_error(struct reflector *r, struct str status)
{
	auto_err err = { 0 };
	client_status_read(status, 0, &err);
	r->expired = err.reason == ERR_EXPIRED || err.reason == ERR_GONE;
	if (!r->expired)
		log_warn("watch failed", LOG_S("user", r->remote->user),
			 LOG_S("resource", r->handler.resource->plural),
			 LOG_S("error", err_text(&err)));
}

static void take_event(struct reflector *r, struct str type, struct str json)
{
	struct object *o;
	auto_err err = { 0 };
	if (str_eqz(type, "ERROR")) {
		take_error(r, json);
		r->deaf = true;
		return;
	}
	r->heard = true;
	if (str_eqz(type, "BOOKMARK")) {
		int64_t revision = revision_of(json);
		r->revision = revision > r->revision ? revision : r->revision;
		return;
	}
	if (object_from_served(r->handler.resource, json, &o, &err) < 0) {
		log_warn("an event can't be read", LOG_S("error", err_text(&err)));
		r->expired = r->deaf = true;
		return;
	}
	r->revision = o->revision > r->revision ? o->revision : r->revision;
	if (str_eqz(type, "DELETED"))
		tell_gone(r, o->key);
	else
		tell_change(r, o);
	object_unref(o);
}

static void take_frame(struct reflector *r, struct str frame)
{
	struct reader in;
	struct reader_text key, type = { 0 };
	struct str object = { 0 };
	reader_init(&in, frame);
	for (bool ok = reader_object(&in); ok && reader_member(&in, &key);)
		if (reader_text_eq(&key, STR("type")))
			ok = reader_string(&in, &type);
		else if (reader_text_eq(&key, STR("object")))
			ok = reader_value(&in, &object);
		else
			ok = reader_skip(&in);
	if (in.failed || !object.n)
		r->expired = r->deaf = true;
	else
		take_event(r, type.raw, object);
}

/* Frames are lines. What is left of the last one waits in `body`. */
void reflector_take_stream(struct reflector *r, const char *p, size_t n)
{
	const char *end;
	while (!r->stopped && !r->deaf && (end = memchr(p, '\n', n))) {
		size_t line = (size_t)(end - p);
		if (r->body.n) {
			struct buf whole = r->body;
			r->body = (struct buf){ 0 };
			buf_add(&whole, p, line);
			take_frame(r, buf_view(&whole));
			buf_free(&whole);
		} else if (line) {
			take_frame(r, str_of(p, line));
		}
		p = end + 1;
		n -= line + 1;
	}
	if (n && !r->deaf)
		buf_add(&r->body, p, n);
}
