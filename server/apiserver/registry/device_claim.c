/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of devices: who wants to use one that others use (adminAccess) does so in a namespace that is labelled for it. Follows
 * pkg/registry/resource's AuthorizedForAdmin. */
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/write/write.h"

#define ADMIN_LABEL "resource.kubernetes.io/admin-access"

static bool namespace_is_for_admins(struct write *w)
{
	struct object *o = lookup_core(w->r->server, "namespaces", STR(""), w->ns);
	json_t *ns = o ? object_tree(o, NULL) : NULL;
	bool is = str_eqz(tree_get_str(ns, "metadata", "labels", ADMIN_LABEL, NULL), "true");
	json_decref(ns);
	object_unref(o);
	return is;
}

static int refuse(struct write *w, const char *list, size_t at, struct err *err)
{
	auto_free char *path = str_printf("%s[%zu].adminAccess", list, at);
	err_cause(err, "FieldValueForbidden", path,
		  "Forbidden: admin access to devices requires the `" ADMIN_LABEL
		  ": true` label on the containing namespace");
	return validate_finish(w->res->kind, w->res->group, w->name, err);
}

/* The first of a list that asks for it, or its length; `inside` NULL: the item itself asks. */
static size_t first_asking(const json_t *list, const char *inside)
{
	size_t i, n = json_array_size(list);
	json_t *item;
	json_array_foreach (list, i, item)
		if (json_is_true(json_object_get(inside ? json_object_get(item, inside) : item,
						 "adminAccess")))
			return i;
	return n;
}

static int check_requests(struct write *w, const json_t *spec, struct err *err)
{
	const json_t *requests = tree_get(spec, "devices", "requests", NULL);
	size_t at = first_asking(requests, "exactly");
	if (at == json_array_size(requests) || namespace_is_for_admins(w))
		return 0;
	return refuse(w, "spec.devices.requests", at, err);
}

int device_claim_strategy_create(struct write *w, struct err *err)
{
	return check_requests(w, json_object_get(w->tree, "spec"), err);
}

int device_template_strategy_create(struct write *w, struct err *err)
{
	return check_requests(w, tree_get(w->tree, "spec", "spec", NULL), err);
}

int device_claim_strategy_update_sub(struct write *w, struct err *err)
{
	const json_t *was = tree_get(w->old, "status", "allocation", "devices", "results", NULL),
		     *now = tree_get(w->tree, "status", "allocation", "devices", "results", NULL);
	size_t at = first_asking(now, NULL);
	if (at == json_array_size(now) || first_asking(was, NULL) < json_array_size(was) ||
	    namespace_is_for_admins(w))
		return 0;
	return refuse(w, "status.allocation.devices.results", at, err);
}
