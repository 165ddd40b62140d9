/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody hands out what he hasn't: who writes a role needs its rights or "escalate", who binds one needs its rights or "bind".
 * Follows upstream's pkg/registry/rbac. */
#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/write/write.h"

#define GROUP "rbac.authorization.k8s.io"

static bool may(struct write *w, const char *verb, struct str resource, struct str name)
{
	const struct authz_attributes a = { .user = &w->r->user,
					    .verb = str_from(verb),
					    .is_resource = true,
					    .group = STR(GROUP),
					    .resource = resource,
					    .ns = w->ns,
					    .name = name };
	return authz_allowed(w->r->server->authorizer, &a);
}

static int forbid(struct write *w, struct err *err, const char *why)
{
	return err_set(err, ERR_FORBIDDEN, "%s \"%.*s\" is forbidden: %s",
		       lookup_qualified(w->r, w->res), STR_ARG(w->name), why);
}

/* What the garbage collector changes grants nothing. */
static bool only_owners_changed(const struct write *w)
{
	static const char *const fields[] = { "ownerReferences", "finalizers", "managedFields" };
	if (!w->old)
		return false;
	json_t *copy = tree_copy(w->tree), *meta = meta_make(copy);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		json_t *was = json_object_get(meta_of(w->old), fields[i]);
		if (was)
			json_object_set(meta, fields[i], was);
		else
			json_object_del(meta, fields[i]);
	}
	bool equal = json_equal(copy, w->old);
	json_decref(copy);
	return equal;
}

static bool aggregates(const json_t *role)
{
	return json_array_size(tree_get(role, "aggregationRule", "clusterRoleSelectors", NULL)) > 0;
}

static bool holds(struct write *w, struct str rules, struct buf *why)
{
	auto_free struct rbac_rules *wanted = rbac_rules_read(rules);
	return rbac_holds(w->r->server->authorizer->rbac, &w->r->user, w->ns, wanted, why);
}

/* An aggregating role can gather anything. */
static const char everything[] = "[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]},"
				 "{\"verbs\":[\"*\"],\"nonResourceURLs\":[\"*\"]}]";

int role_strategy(struct write *w, struct err *err)
{
	auto_buf why = { 0 };
	struct str asked = w->r->name; /* empty on create: the request names none */
	if (user_in_group(&w->r->user, "system:masters") ||
	    may(w, "escalate", str_from(w->res->plural), asked) || only_owners_changed(w))
		return 0;
	const json_t *rules = json_object_get(w->tree, "rules");
	auto_free char *text = json_is_array(rules) ? json_dumps(rules, JSON_COMPACT) : NULL;
	if (text && !holds(w, str_from(text), &why))
		return forbid(w, err, why.p);
	if ((aggregates(w->tree) || aggregates(w->old)) && !holds(w, str_from(everything), &why))
		return forbid(w, err,
			      "must have cluster-admin privileges to use the aggregationRule");
	return 0;
}

int role_binding_strategy(struct write *w, struct err *err)
{
	auto_err why = { 0 };
	const json_t *ref = json_object_get(w->tree, "roleRef");
	struct str kind = tree_get_str(ref, "kind", NULL), name = tree_get_str(ref, "name", NULL);
	bool cluster = str_eqz(kind, "ClusterRole");
	if (user_in_group(&w->r->user, "system:masters") || only_owners_changed(w))
		return 0;
	if (cluster || str_eqz(kind, "Role")) {
		if (may(w, "bind", cluster ? STR("clusterroles") : STR("roles"), name))
			return 0;
	} else {
		return err_set(err, ERR_INTERNAL, "unsupported role reference kind: \"%.*s\"",
			       STR_ARG(kind));
	}
	int e = rbac_holds_role(w->r->server->authorizer->rbac, &w->r->user, w->ns, cluster, w->ns,
				name, &why);
	if (e == -ERR_FORBIDDEN)
		return forbid(w, err, why.text);
	if (e == -ERR_NOT_FOUND) {
		request_about(w->r, GROUP, w->res->plural, name);
		return err_set(err, ERR_NOT_FOUND, "%s." GROUP " \"%.*s\" not found",
			       w->res->plural, STR_ARG(name));
	}
	err_move(err, &why);
	return e;
}
