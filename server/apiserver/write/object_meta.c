/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/object_meta.h"

#include "api/object/meta.h"
#include "base/encode.h"

#define NAME_RANDOM    5
#define NAME_MAX_BYTES 63
#define TIMES_TEXT     TIME_TEXT_MAX

struct str object_meta_generate(struct arena *a, const json_t *tree)
{
	struct str base = meta_generate_name(tree);
	char random[NAME_RANDOM + 1];
	if (base.n == 0)
		return base;
	if (base.n > NAME_MAX_BYTES - NAME_RANDOM)
		base.n = NAME_MAX_BYTES - NAME_RANDOM;
	rand_name(random, NAME_RANDOM);
	return str_from(arena_printf(a, "%.*s%s", STR_ARG(base), random));
}

int object_meta_namespace(const struct api_request *r, json_t *tree, struct err *err)
{
	struct str ns = meta_namespace(tree);
	if (!r->resource->namespaced) {
		meta_set_text(tree, "namespace", STR(""));
		return 0;
	}
	if (ns.n && !str_eq(ns, r->ns))
		return err_set(err, ERR_BAD_REQUEST,
			       "the namespace of the provided object does not match the namespace "
			       "sent on the request");
	meta_set_text(tree, "namespace", r->ns);
	return 0;
}

void object_meta_wipe(json_t *tree)
{
	static const char *const servers[] = { "uid", "creationTimestamp", "selfLink",
					       "deletionTimestamp", "deletionGracePeriodSeconds" };
	for (size_t i = 0; i < COUNT_OF(servers); i++)
		meta_unset(tree, servers[i]);
}

int object_meta_create(struct write *w, struct err *err)
{
	char uid[UUID_TEXT + 1], now[TIMES_TEXT];
	(void)err;
	uuid_new(uid);
	time_format(clock_wall_s(w->r->server->clock), now);
	meta_set_text(w->tree, "name", w->name);
	meta_set_text(w->tree, "uid", str_from(uid));
	meta_set_text(w->tree, "creationTimestamp", str_from(now));
	static const char *const servers[] = { "selfLink", "deletionTimestamp",
					       "deletionGracePeriodSeconds" };
	for (size_t i = 0; i < COUNT_OF(servers); i++)
		meta_unset(w->tree, servers[i]);
	if (w->strategy->flags & (STRATEGY_GENERATION | STRATEGY_GENERATION_ONE))
		meta_set_int(w->tree, "generation", 1);
	return 0;
}

static void keep(json_t *to, const json_t *from, const char *field)
{
	json_t *value = json_object_get(meta_of(from), field);
	if (value)
		json_object_set(meta_make(to), field, value);
	else
		meta_unset(to, field);
}

static int precondition_uid(struct write *w, struct str uid, struct err *err)
{
	struct str key = w->key, root = STR("/registry"),
		   have = w->old_object ? w->old_object->uid : STR("");
	if (uid.n == 0 || str_eq(uid, have))
		return 0;
	if (w->r->opt.dry_run &&
	    str_starts(key, root)) /* where upstream doesn't get to its store */
		key = str_of(key.p + root.n, key.n - root.n);
	return err_set(
		err, ERR_CONFLICT,
		"Operation cannot be fulfilled on %s \"%.*s\": StorageError: invalid object, "
		"Code: 4, Key: %.*s, ResourceVersion: 0, AdditionalErrorMsg: Precondition "
		"failed: UID in precondition: %.*s, UID in object meta: %.*s",
		lookup_qualified(w->r, w->res), STR_ARG(w->name), STR_ARG(key), STR_ARG(uid),
		STR_ARG(have));
}

static int revision_unreadable(struct str revision, struct err *err)
{
	return err_set(err, ERR_UNKNOWN, "strconv.ParseUint: parsing \"%.*s\": invalid syntax",
		       STR_ARG(revision));
}

int object_meta_absent(struct write *w, json_t *tree, struct err *err)
{
	int64_t revision = 0;
	struct str sent = meta_revision(tree);
	int e = precondition_uid(w, meta_uid(tree), err);
	if (e < 0)
		return e;
	if (sent.n && (!str_to_i64(sent, &revision) || revision < 0))
		return revision_unreadable(sent, err);
	meta_unset(tree, "resourceVersion");
	return 0;
}

int object_meta_update(struct write *w, struct err *err)
{
	struct str revision = meta_revision(w->tree);
	int64_t wanted;
	int e = w->r->verb == API_PATCH ? 0 : precondition_uid(w, meta_uid(w->tree), err);
	if (e < 0)
		return e;
	if (revision.n && !str_eqz(revision, "0")) {
		if (!str_to_i64(revision, &wanted) || wanted < 0)
			return revision_unreadable(revision, err);
		if (wanted != w->old_object->revision)
			return write_conflict(w, err);
	}
	meta_set_text(w->tree, "name", w->name);
	meta_set_text(w->tree, "namespace", w->ns);
	if (meta_uid(w->tree).n == 0)
		keep(w->tree, w->old, "uid");
	keep(w->tree, w->old, "creationTimestamp");
	keep(w->tree, w->old, "generation");
	if (meta_deletion(w->old)
		    .n) /* what the client says otherwise is for validation to refuse */
		keep(w->tree, w->old, "deletionTimestamp");
	if (json_is_null(json_object_get(meta_of(w->tree), "deletionGracePeriodSeconds")) ||
	    !json_object_get(meta_of(w->tree), "deletionGracePeriodSeconds"))
		keep(w->tree, w->old, "deletionGracePeriodSeconds");
	if (json_object_get(meta_of(w->old), "generateName"))
		keep(w->tree, w->old, "generateName");
	keep(w->tree, w->old, "resourceVersion"); /* so that validation compares like with like */
	return 0;
}

bool object_meta_last_finalizer_gone(const struct write *w)
{
	int64_t grace = 0;
	if (meta_deletion(w->tree).n == 0 || json_array_size(meta_finalizers(w->tree)))
		return false;
	if (!strcmp(w->res->plural, "namespaces") && !w->res->group[0] &&
	    json_array_size(tree_get(w->tree, "spec", "finalizers", NULL)))
		return false;
	return !meta_grace(w->tree, &grace) || grace == 0;
}
