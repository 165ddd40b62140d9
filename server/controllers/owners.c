/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/owners.h"

#include "api/json/reader.h"

/* Names, kinds and uids need no escapes; what has some is nobody's owner. */
static struct str plain(struct reader *r)
{
	struct reader_text t;

	if (reader_peek(r) != READ_STRING) {
		reader_skip(r);
		return STR("");
	}
	return reader_string(r, &t) && !t.cooked ? t.raw : STR("");
}

static bool truth(struct reader *r)
{
	bool v = false;

	if (reader_peek(r) == READ_BOOL)
		reader_bool(r, &v);
	else
		reader_skip(r);
	return v;
}

static void read_owner(struct reader *r, struct owner *o)
{
	struct reader_text key;

	*o = (struct owner){ 0 };
	if (!reader_object(r))
		return;
	while (reader_member(r, &key)) {
		if (reader_text_eq(&key, STR("apiVersion")))
			o->api_version = plain(r);
		else if (reader_text_eq(&key, STR("kind")))
			o->kind = plain(r);
		else if (reader_text_eq(&key, STR("name")))
			o->name = plain(r);
		else if (reader_text_eq(&key, STR("uid")))
			o->uid = plain(r);
		else if (reader_text_eq(&key, STR("controller")))
			o->controller = truth(r);
		else if (reader_text_eq(&key, STR("blockOwnerDeletion")))
			o->blocks = truth(r);
		else
			reader_skip(r);
	}
}

/* Leaves the reader in front of the value; false: there is none. */
static bool find_member(struct reader *r, struct str name)
{
	struct reader_text key;

	if (reader_peek(r) != READ_OBJECT || !reader_object(r))
		return false;
	while (reader_member(r, &key)) {
		if (reader_text_eq(&key, name))
			return true;
		reader_skip(r);
	}
	return false;
}

static bool find_in_metadata(const struct object *o, struct str name, struct reader *r)
{
	reader_init(r, o->json);
	return find_member(r, STR("metadata")) && find_member(r, name);
}

size_t owners_of(const struct object *o, struct owner out[OWNERS_MAX])
{
	struct reader r;
	size_t n = 0;

	if (!find_in_metadata(o, STR("ownerReferences"), &r) || reader_peek(&r) != READ_ARRAY ||
	    !reader_array(&r))
		return 0;
	while (n < OWNERS_MAX && reader_item(&r))
		read_owner(&r, &out[n++]);
	return r.failed ? 0 : n;
}

bool owner_controller(const struct object *o, struct owner *out)
{
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(o, all);

	for (size_t i = 0; i < n; i++)
		if (all[i].controller) {
			*out = all[i];
			return true;
		}
	return false;
}

size_t owner_index_controller(const struct object *o, struct str *out, size_t max)
{
	struct owner c;

	if (!max || !owner_controller(o, &c))
		return 0;
	out[0] = c.uid;
	return 1;
}

size_t owner_index_all(const struct object *o, struct str *out, size_t max)
{
	struct owner all[OWNERS_MAX];
	size_t n = owners_of(o, all);

	for (size_t i = 0; i < n && i < max; i++)
		out[i] = all[i].uid;
	return n < max ? n : max;
}

bool object_has_finalizer(const struct object *o, struct str finalizer)
{
	struct reader r;

	if (!find_in_metadata(o, STR("finalizers"), &r) || reader_peek(&r) != READ_ARRAY ||
	    !reader_array(&r))
		return false;
	while (reader_item(&r))
		if (str_eq(plain(&r), finalizer))
			return true;
	return false;
}

struct str object_meta_text(const struct object *o, struct str member)
{
	struct reader r;

	return find_in_metadata(o, member, &r) ? plain(&r) : STR("");
}
