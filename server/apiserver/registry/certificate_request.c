/* SPDX-License-Identifier: Apache-2.0 */
/* A signing request carries who asked, from the credentials and not from the body. */
#include "api/meta.h"
#include "server/apiserver/write.h"

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

/* Approval changes conditions only. */
int certificate_request_strategy_update_sub(struct write *w, struct err *err)
{
	(void)err;
	json_object_set(w->tree, "spec", json_object_get(w->old, "spec"));
	if (strcmp(w->subresource, "approval"))
		return 0;
	json_t *old = json_object_get(w->old, "status"),
	       *conditions = tree_get(w->tree, "status", "conditions", NULL);
	json_t *status = old ? json_deep_copy(old) : json_object();
	if (conditions)
		json_object_set(status, "conditions", conditions);
	json_object_set_new(w->tree, "status", status);
	return 0;
}
