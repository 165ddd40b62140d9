/* SPDX-License-Identifier: Apache-2.0 */
/* A signing request carries who asked, from the credentials and not from the body. */
#include "api/object/meta.h"
#include "base/clock.h"
#include "server/apiserver/write/write.h"

static json_t *text(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

int certificate_request_strategy_create(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	const struct api_user *u = &w->r->user;
	(void)err;
	json_object_set_new(w->tree, "status", json_object());
	if (!json_is_object(spec))
		return 0;
	json_t *groups = json_array(), *extra = json_object();
	for (size_t i = 0; i < u->ngroups; i++)
		json_array_append_new(groups, text(u->groups[i]));
	for (size_t i = 0; i < u->nextra; i++)
		json_object_setn_new(extra, u->extra[i].key.p, u->extra[i].key.n,
				     json_pack("[o]", text(u->extra[i].value)));
	json_object_set_new(spec, "username", text(u->name));
	json_object_set_new(spec, "uid", text(u->uid));
	json_object_set_new(spec, "groups", groups);
	json_object_set_new(spec, "extra", extra);
	return 0;
}

int certificate_request_strategy_update(struct write *w, struct err *err)
{
	(void)err;
	json_object_set(w->tree, "spec", json_object_get(w->old, "spec"));
	return 0;
}

static bool is_zero(const json_t *condition, const char *field)
{
	return tree_str(json_object_get(condition, field)).n == 0;
}

static struct str text_of(const json_t *condition, const char *field)
{
	return tree_str(json_object_get(condition, field));
}

/* When it last changed: what the old condition of this type and status says, or now. */
static void times_fill(json_t *condition, const json_t *old, const char *now)
{
	size_t i;
	json_t *was;
	if (is_zero(condition, "lastUpdateTime"))
		json_object_set_new(condition, "lastUpdateTime", json_string(now));
	if (!is_zero(condition, "lastTransitionTime"))
		return;
	json_object_set_new(condition, "lastTransitionTime", json_string(now));
	json_array_foreach ((json_t *)old, i, was)
		if (str_eq(text_of(was, "type"), text_of(condition, "type")) &&
		    str_eq(text_of(was, "status"), text_of(condition, "status")) &&
		    !is_zero(was, "lastTransitionTime")) {
			json_object_set(condition, "lastTransitionTime",
					json_object_get(was, "lastTransitionTime"));
			return;
		}
}

static json_t *only_of(json_t *conditions, const char *type, size_t *at)
{
	json_t *found = NULL, *condition;
	size_t i;
	json_array_foreach (conditions, i, condition)
		if (str_eqz(text_of(condition, "type"), type)) {
			if (found)
				return NULL;
			found = condition;
			*at = i;
		}
	return found;
}

/* A status update does not decide: an old decision stays as it was. */
static void decision_keep(json_t *conditions, json_t *old, const char *type)
{
	size_t at, was;
	json_t *before = only_of(old, type, &was);
	if (before && only_of(conditions, type, &at))
		json_array_set(conditions, at, before);
}

int certificate_request_strategy_update_sub(struct write *w, struct err *err)
{
	char now[TIME_TEXT_MAX];
	json_t *old = tree_get(w->old, "status", "conditions", NULL), *condition,
	       *conditions = tree_copy(tree_get(w->tree, "status", "conditions", NULL));
	bool status = !strcmp(w->subresource, "status");
	size_t i;
	(void)err;
	time_format(clock_wall_s(w->r->server->clock), now);
	json_object_set(w->tree, "spec", json_object_get(w->old, "spec"));
	if (status) {
		decision_keep(conditions, old, "Approved");
		decision_keep(conditions, old, "Denied");
	} else { /* an approval changes conditions only */
		json_t *before = json_object_get(w->old, "status");
		json_object_set_new(w->tree, "status", before ? tree_copy(before) : json_object());
	}
	json_array_foreach (conditions, i, condition)
		times_fill(condition, old, now);
	json_t *to = json_object_get(w->tree, "status");
	if (conditions && json_is_object(to))
		json_object_set(to, "conditions", conditions);
	else if (!status)
		json_object_del(to, "conditions");
	json_decref(conditions);
	return 0;
}
