/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/node_authorizer.h"

#include "base/mem.h"
#include "generated/api_tables.h"

struct question {
	const struct node_authorizer *n;
	const struct authz_attributes *a;
	struct str node;
	struct buf *reason;
};

bool node_identity(const struct api_user *u, struct str *node)
{
	struct str name = u->name;
	if (!str_cut_prefix(&name, STR("system:node:")) || !user_in_group(u, "system:nodes"))
		return false;
	*node = name;
	return true;
}

static bool no(const struct question *q, const char *why)
{
	if (q->reason)
		buf_puts(q->reason, why);
	return false;
}

static bool verb_in(const struct question *q, const char *words)
{
	struct str rest = str_from(words), one;
	while (str_next(&rest, ' ', &one))
		if (str_eq(one, q->a->verb))
			return true;
	return false;
}

static bool unrelated(const struct question *q)
{
	if (q->reason)
		buf_printf(q->reason, "no relationship found between node '%.*s' and this object",
			   STR_ARG(q->node));
	return false;
}

static bool related(const struct question *q, enum node_ref what)
{
	if (q->a->name.n == 0)
		return no(q, "No Object name found");
	if (node_graph_related(q->n->graph, q->node, what, q->a->ns, q->a->name))
		return true;
	return unrelated(q);
}

/* A selector that pins `field` to the node. */
static bool selects_node(const struct question *q, const char *field)
{
	struct str rest = q->a->field_selector, one;
	while (rest.n && str_next(&rest, ',', &one)) {
		struct str value = one;
		if (!str_cut_prefix(&value, str_from(field)))
			continue;
		if (str_cut_prefix(&value, STR("==")) || str_cut_prefix(&value, STR("=")))
			if (str_eq(value, q->node))
				return true;
	}
	return false;
}

/* --- objects that pods refer to --- */

static bool read_related(const struct question *q, enum node_ref what)
{
	if (!verb_in(q, "get list watch"))
		return no(q, "can only read resources of this type");
	if (q->a->subresource.n)
		return no(q, "cannot read subresource");
	if (q->a->ns.n == 0)
		return no(q, "can only read namespaced object of this type");
	return related(q, what);
}

static bool get_related(const struct question *q, enum node_ref what)
{
	if (!verb_in(q, "get"))
		return no(q, "can only get individual resources of this type");
	if (q->a->subresource.n)
		return no(q, "cannot get subresource");
	return related(q, what);
}

static bool secret(const struct question *q)
{
	return read_related(q, NODE_REF_SECRET);
}

static bool config_map(const struct question *q)
{
	return read_related(q, NODE_REF_CONFIG_MAP);
}

static bool claim(const struct question *q)
{
	if (!str_eqz(q->a->subresource, "status"))
		return get_related(q, NODE_REF_CLAIM);
	if (!verb_in(q, "update patch"))
		return no(q, "can only get/update/patch this type");
	return related(q, NODE_REF_CLAIM);
}

static bool volume(const struct question *q)
{
	return get_related(q, NODE_REF_VOLUME);
}

static bool resource_claim(const struct question *q)
{
	return get_related(q, NODE_REF_RESOURCE_CLAIM);
}

static bool attachment(const struct question *q)
{
	return get_related(q, NODE_REF_ATTACHMENT);
}

static bool account(const struct question *q)
{
	if (verb_in(q, "get") && q->a->subresource.n == 0)
		return read_related(q, NODE_REF_ACCOUNT);
	if (!verb_in(q, "create") || q->a->name.n == 0)
		return no(q, "can only create tokens for individual service accounts");
	if (!str_eqz(q->a->subresource, "token"))
		return no(q, "can only create token subresource of serviceaccount");
	return related(q, NODE_REF_ACCOUNT);
}

/* --- objects of the node itself; creations are looked at by NodeRestriction, which knows the object --- */

static bool lease(const struct question *q)
{
	if (!verb_in(q, "get create update patch delete"))
		return no(q, "can only get, create, update, patch, or delete a node lease");
	if (!str_eqz(q->a->ns, "kube-node-lease"))
		return no(q, "can only access leases in the \"kube-node-lease\" system namespace");
	if (!verb_in(q, "create") && !str_eq(q->a->name, q->node))
		return no(q, "can only access node lease with the same name as the requesting "
			     "node");
	return true;
}

static bool csi_node(const struct question *q)
{
	if (str_eqz(q->a->subresource, "status"))
		return no(q, "CSINode status access requires CSIVolumeHealth feature");
	if (q->a->subresource.n)
		return no(q, "cannot authorize CSINode subresources");
	if (!verb_in(q, "get create update patch delete"))
		return no(q, "can only get, create, update, patch, or delete a CSINode");
	if (!verb_in(q, "create") && !str_eq(q->a->name, q->node))
		return no(q, "can only access CSINode with the same name as the requesting node");
	return true;
}

static bool slice(const struct question *q)
{
	if (q->a->subresource.n)
		return no(q, "cannot authorize ResourceSlice subresources");
	if (verb_in(q, "create"))
		return true;
	if (verb_in(q, "get update patch delete"))
		return related(q, NODE_REF_SLICE);
	if (!verb_in(q, "watch list deletecollection"))
		return no(q, "only the following verbs are allowed for a ResourceSlice: get, "
			     "watch, list, create, update, patch, delete, deletecollection");
	if (selects_node(q, "spec.nodeName"))
		return true;
	return no(q, "can only list/watch/deletecollection resourceslices with nodeName field "
		     "selector");
}

static bool pod_certificate(const struct question *q)
{
	if (q->a->subresource.n)
		return no(q, "nodes may not access the status subresource of "
			     "PodCertificateRequests");
	if (verb_in(q, "create"))
		return true;
	if (verb_in(q, "get"))
		return related(q, NODE_REF_POD_CERTIFICATE);
	if (verb_in(q, "list watch")) {
		if (selects_node(q, "spec.nodeName"))
			return true;
		return no(q, "can only list/watch podcertificaterequests with nodeName field "
			     "selector");
	}
	if (q->reason)
		buf_printf(q->reason, "nodes may not %.*s podcertificaterequests",
			   STR_ARG(q->a->verb));
	return false;
}

static bool node_read(const struct question *q)
{
	if (str_eq(q->a->name, q->node))
		return true;
	if (q->reason && q->a->name.n == 0)
		buf_printf(q->reason, "node '%.*s' cannot read all nodes, only its own Node object",
			   STR_ARG(q->node));
	else if (q->reason)
		buf_printf(q->reason, "node '%.*s' cannot read '%.*s', only its own Node object",
			   STR_ARG(q->node), STR_ARG(q->a->name));
	return false;
}

static bool node(const struct question *q)
{
	if (str_eqz(q->a->subresource, "status"))
		return verb_in(q, "update patch");
	if (q->a->subresource.n)
		return false;
	if (verb_in(q, "get list watch"))
		return node_read(q);
	return verb_in(q, "create update patch");
}

/* A pod is related to the node that it is bound to: the pod itself says so. */
static bool own_pod(const struct question *q)
{
	auto_buf key = { 0 };
	object_key(API_CORE_V1_PODS, q->a->ns, q->a->name, &key);
	const struct object *o = cache_get(q->n->pods, buf_view(&key));
	bool own = o && str_eq(node_of_pod(o), q->node);
	object_unref(o);
	return own || unrelated(q);
}

static bool pod(const struct question *q)
{
	if (str_eqz(q->a->subresource, "status"))
		return verb_in(q, "update patch");
	if (str_eqz(q->a->subresource, "eviction"))
		return verb_in(q, "create");
	if (q->a->subresource.n)
		return false;
	if (verb_in(q, "get"))
		return q->a->name.n ? own_pod(q) : no(q, "No Object name found");
	if (verb_in(q, "list watch")) {
		if (selects_node(q, "spec.nodeName"))
			return true;
		return q->a->name.n
			       ? own_pod(q)
			       : no(q,
				    "can only list/watch pods with spec.nodeName field selector");
	}
	return verb_in(q, "create delete");
}

static const struct {
	const char *group, *resource;
	bool (*judge)(const struct question *q);
} judges[] = {
	{ "", "pods", pod },
	{ "", "nodes", node },
	{ "", "secrets", secret },
	{ "", "configmaps", config_map },
	{ "", "serviceaccounts", account },
	{ "", "persistentvolumeclaims", claim },
	{ "", "persistentvolumes", volume },
	{ "coordination.k8s.io", "leases", lease },
	{ "storage.k8s.io", "volumeattachments", attachment },
	{ "storage.k8s.io", "csinodes", csi_node },
	{ "resource.k8s.io", "resourceclaims", resource_claim },
	{ "resource.k8s.io", "resourceslices", slice },
	{ "certificates.k8s.io", "podcertificaterequests", pod_certificate },
};

bool node_allows(const struct node_authorizer *n, const struct authz_attributes *a,
		 struct buf *reason)
{
	struct question q = { .n = n, .a = a, .reason = reason };
	if (!node_identity(a->user, &q.node))
		return false;
	if (q.node.n == 0) {
		if (reason)
			buf_printf(reason, "unknown node for user \"%.*s\"",
				   STR_ARG(a->user->name));
		return false;
	}
	for (size_t i = 0; a->is_resource && i < COUNT_OF(judges); i++)
		if (str_eqz(a->resource, judges[i].resource) && str_eqz(a->group, judges[i].group))
			return judges[i].judge(&q);
	return rbac_rules_allow(n->rules, a);
}
