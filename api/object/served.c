/* SPDX-License-Identifier: Apache-2.0 */
/* An object as an API server gave it to us becomes one at rest: its revision is cut out, so that the seal can write it again where it
 * belongs; key and revision come from the metadata. */
#include "api/json/reader.h"
#include "api/object/object.h"

struct served {
	struct str ns, name, revision;
	struct str cut; /* the member resourceVersion with the comma that goes with it */
};

/* From the key's quote to the end of the value, and one of the commas around it. */
static struct str member_slice(struct str json, const char *from, const char *to)
{
	const char *end = json.p + json.n, *next = to;
	while (next < end && strchr(" \t\r\n", *next))
		next++;
	if (next < end && *next == ',')
		return str_of(from, (size_t)(next + 1 - from));
	while (from > json.p && strchr(" \t\r\n", from[-1]))
		from--;
	if (from > json.p && from[-1] == ',')
		from--;
	return str_of(from, (size_t)(to - from));
}

static bool read_text(struct reader *r, struct str *out)
{
	struct reader_text t;
	if (!reader_string(r, &t))
		return false;
	*out = t.raw; /* names and revisions hold nothing that is escaped */
	return !t.cooked;
}

static bool read_metadata(struct reader *r, struct str json, struct served *s)
{
	struct reader_text key;
	if (!reader_object(r))
		return false;
	while (reader_member(r, &key)) {
		const char *from = key.raw.p - 1;
		if (reader_text_eq(&key, STR("namespace"))) {
			if (!read_text(r, &s->ns))
				return false;
		} else if (reader_text_eq(&key, STR("name"))) {
			if (!read_text(r, &s->name))
				return false;
		} else if (reader_text_eq(&key, STR("resourceVersion"))) {
			if (!read_text(r, &s->revision))
				return false;
			s->cut = member_slice(json, from, r->p);
		} else {
			reader_skip(r);
		}
	}
	return !r->failed;
}

static bool served_read(struct str json, struct served *s)
{
	struct reader r;
	struct reader_text key;
	reader_init(&r, json);
	if (!reader_object(&r))
		return false;
	while (reader_member(&r, &key)) {
		bool fine = reader_text_eq(&key, STR("metadata")) ? read_metadata(&r, json, s)
								  : reader_skip(&r);
		if (!fine)
			return false;
	}
	return !r.failed;
}

int object_from_served(const struct api_resource *r, struct str json, struct object **out,
		       struct err *err)
{
	struct served s = { 0 };
	int64_t revision;
	auto_buf key = { 0 }, bare = { 0 };
	if (!served_read(json, &s) || !s.name.n || !str_to_i64(s.revision, &revision) ||
	    revision <= 0)
		return err_set(err, ERR_INTERNAL, "an object of %s without name or revision",
			       r->plural);
	object_key(r, s.ns, s.name, &key);
	buf_add(&bare, json.p, (size_t)(s.cut.p - json.p));
	const char *rest = s.cut.p + s.cut.n;
	buf_add(&bare, rest, (size_t)(json.p + json.n - rest));
	int code = object_new(r, buf_view(&key), buf_view(&bare), out, err);
	if (code == 0)
		object_seal(*out, revision);
	return code;
}
