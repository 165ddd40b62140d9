/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/node_restriction.h"

#include "api/object/meta.h"
#include "api/shape.h"
#include "api/validation/kinds.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/node_labels.h"
#include "server/apiserver/admission/pod_references.h"
#include "server/apiserver/authz/authz.h"

#define LEASES          "kube-node-lease"
#define LEASE_ELSEWHERE "can only access leases in the \"" LEASES "\" system namespace"
#define LEASE_OF_OTHERS                                                    \
	"can only access node lease with the same name as the requesting " \
	"node"
#define CSI_NODE_OF_OTHERS "can only access CSINode with the same name as the requesting node"

static bool creates(const struct write *w)
{
	return !strcmp(w->operation, "CREATE");
}

static bool same(const json_t *a, const json_t *b)
{
	return (shape_empty(a) && shape_empty(b)) || shape_equal(a, b);
}

/* --- pods --- */

static int owner_check(struct write *w, struct str node, struct err *err)
{
	const json_t *owners = meta_owners(w->tree), *owner = json_array_get(owners, 0);
	if (json_array_size(owners) > 1)
		return admission_forbid(w, err,
					"node \"%.*s\" can only create pods with a single owner "
					"reference set to itself",
					STR_ARG(node));
	if (!owner || !str_eqz(tree_get_str(owner, "apiVersion", NULL), "v1") ||
	    !str_eqz(tree_get_str(owner, "kind", NULL), "Node") ||
	    !str_eq(tree_get_str(owner, "name", NULL), node))
		return admission_forbid(
			w, err,
			"node \"%.*s\" can only create pods with an owner reference "
			"set to itself",
			STR_ARG(node));
	if (!json_is_true(json_object_get(owner, "controller")))
		return admission_forbid(
			w, err,
			"node \"%.*s\" can only create pods with a controller owner "
			"reference set to itself",
			STR_ARG(node));
	if (json_is_true(json_object_get(owner, "blockOwnerDeletion")))
		return admission_forbid(w, err,
					"node \"%.*s\" must not set blockOwnerDeletion on an owner "
					"reference",
					STR_ARG(node));
	struct object *o = lookup_core(w->r->server, "nodes", STR(""), node);
	struct str uid = tree_get_str(owner, "uid", NULL);
	int e = !o ? err_set(err, ERR_NOT_FOUND, "node \"%.*s\" not found", STR_ARG(node))
		: str_eq(o->uid, uid)
			? 0
			: admission_forbid(w, err, "node %.*s UID mismatch: expected %.*s got %.*s",
					   STR_ARG(node), STR_ARG(uid), STR_ARG(o->uid));
	object_unref(o);
	return e;
}

/* A pod of the node's own making: a mirror of what it runs anyway, which must open no way to other objects. */
static int pod_create(struct write *w, struct str node, struct err *err)
{
	if (!json_object_get(meta_annotations(w->tree), "kubernetes.io/config.mirror"))
		return admission_forbid(w, err,
					"pod does not have \"kubernetes.io/config.mirror\" "
					"annotation, node \"%.*s\" can only create mirror pods",
					STR_ARG(node));
	if (!str_eq(tree_get_str(w->tree, "spec", "nodeName", NULL), node))
		return admission_forbid(w, err,
					"node \"%.*s\" can only create pods with spec.nodeName set "
					"to itself",
					STR_ARG(node));
	int e = owner_check(w, node, err);
	const char *refers = e == 0 ? pod_reference(w->tree) : NULL;
	if (refers)
		return admission_forbid(w, err,
					"node \"%.*s\" can not create pods that reference %s",
					STR_ARG(node), refers);
	return e;
}

static bool status_same(const struct write *w, const char *field)
{
	return same(tree_get(w->tree, "status", field, NULL),
		    tree_get(w->old, "status", field, NULL));
}

static int pod_status(struct write *w, struct str node, struct err *err)
{
	static const struct {
		const char *field, *what;
	} fixed[] = { { "resourceClaimStatuses", "resource claim statues" },
		      { "extendedResourceClaimStatus", "extended resource claim status" },
		      { "nodeAllocatableResourceClaimStatuses",
			"node allocatable resource claim statuses" } };
	if (!str_eq(tree_get_str(w->old, "spec", "nodeName", NULL), node))
		return admission_forbid(w, err,
					"node \"%.*s\" can only update pod status for pods with "
					"spec.nodeName set to itself",
					STR_ARG(node));
	if (!same(meta_labels(w->tree), meta_labels(w->old)))
		return admission_forbid(w, err,
					"node \"%.*s\" cannot update labels through pod status",
					STR_ARG(node));
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		if (!status_same(w, fixed[i].field))
			return admission_forbid(w, err, "node \"%.*s\" cannot update %s",
						STR_ARG(node), fixed[i].what);
	return 0;
}

static int pod(struct write *w, struct str node, struct err *err)
{
	if (!strcmp(w->subresource, "status"))
		return pod_status(w, node, err);
	if (w->subresource[0])
		return admission_forbid(w, err,
					"unexpected pod subresource \"%s\", only 'status' and "
					"'eviction' are allowed",
					w->subresource);
	if (creates(w))
		return pod_create(w, node, err);
	return admission_forbid(w, err,
				"unexpected operation \"%s\", node \"%.*s\" can only create and "
				"delete mirror pods",
				w->operation, STR_ARG(node));
}

/* --- the node itself --- */

static int node_update(struct write *w, struct str node, struct err *err)
{
	const json_t *source = tree_get(w->tree, "spec", "configSource", NULL);
	if (source && !json_is_null(source) &&
	    !shape_equal(source, tree_get(w->old, "spec", "configSource", NULL)))
		return admission_forbid(w, err,
					"node \"%.*s\" is not allowed to update configSource to a "
					"new non-nil configSource",
					STR_ARG(node));
	if (!same(tree_get(w->tree, "spec", "taints", NULL),
		  tree_get(w->old, "spec", "taints", NULL)))
		return admission_forbid(w, err, "node \"%.*s\" is not allowed to modify taints",
					STR_ARG(node));
	if (!same(meta_owners(w->tree), meta_owners(w->old)))
		return admission_forbid(w, err,
					"node \"%.*s\" is not allowed to modify ownerReferences",
					STR_ARG(node));
	return 0;
}

static int own_node(struct write *w, struct str node, struct err *err)
{
	auto_buf labels = { 0 };
	if (!str_eq(w->name, node))
		return admission_forbid(w, err,
					"node \"%.*s\" is not allowed to modify node \"%.*s\"",
					STR_ARG(node), STR_ARG(w->name));
	const json_t *source = tree_get(w->tree, "spec", "configSource", NULL);
	if (creates(w) && source && !json_is_null(source))
		return admission_forbid(w, err,
					"node \"%.*s\" is not allowed to create pods with a "
					"non-nil configSource",
					STR_ARG(node));
	int e = creates(w) ? 0 : node_update(w, node, err);
	if (e < 0)
		return e;
	node_labels_forbidden(meta_labels(w->tree), meta_labels(w->old), &labels);
	if (labels.n && creates(w))
		return admission_forbid(w, err,
					"node \"%.*s\" is not allowed to set the following labels: "
					"%s",
					STR_ARG(node), labels.p);
	return labels.n ? admission_forbid(w, err, "is not allowed to modify labels: %s", labels.p)
			: 0;
}

/* --- the rest --- */

static json_t *claim_without(const json_t *claim)
{
	static const char *const changing[] = { "capacity", "conditions",
						"allocatedResourceStatuses", "allocatedResources" };
	json_t *copy = tree_copy(claim), *status = json_object_get(copy, "status");
	meta_unset(copy, "resourceVersion");
	meta_unset(copy, "managedFields");
	for (size_t i = 0; i < COUNT_OF(changing); i++)
		json_object_del(status, changing[i]);
	return copy;
}

static int claim(struct write *w, struct str node, struct err *err)
{
	if (strcmp(w->subresource, "status"))
		return admission_forbid(w, err, "may only update PVC status");
	json_t *new = claim_without(w->tree), *old = claim_without(w->old);
	bool fine = json_equal(new, old);
	json_decref(new);
	json_decref(old);
	if (fine)
		return 0;
	return admission_forbid(w, err,
				"node \"%.*s\" is not allowed to update fields other than "
				"status.quantity and status.conditions",
				STR_ARG(node));
}

static int lease(struct write *w, struct str node, struct err *err)
{
	if (!str_eqz(w->ns, LEASES))
		return admission_forbid(w, err, "%s", LEASE_ELSEWHERE);
	if (!str_eq(w->name, node))
		return admission_forbid(w, err, "%s", LEASE_OF_OTHERS);
	return 0;
}

static int csi_node(struct write *w, struct str node, struct err *err)
{
	if (!str_eq(w->name, node))
		return admission_forbid(w, err, "%s", CSI_NODE_OF_OTHERS);
	return 0;
}

static int slice(struct write *w, struct str node, struct err *err)
{
	if (creates(w) && !str_eq(tree_get_str(w->tree, "spec", "nodeName", NULL), node))
		return admission_forbid(w, err,
					"can only create ResourceSlice with the same NodeName as "
					"the requesting node");
	return 0;
}

static int signing_request(struct write *w, struct str node, struct err *err)
{
	struct str signer = tree_get_str(w->tree, "spec", "signerName", NULL),
		   request = tree_get_str(w->tree, "spec", "request", NULL);
	auto_buf pem = { 0 };
	if (!creates(w) || (!str_eqz(signer, "kubernetes.io/kubelet-serving") &&
			    !str_eqz(signer, "kubernetes.io/kube-apiserver-client-kubelet")))
		return 0;
	const char *why = signing_request_error(request);
	if (why)
		return admission_forbid(w, err, "unable to parse csr: %s", why);
	auto_free char *name = str_printf("system:node:%.*s", STR_ARG(node));
	base64_decode(&pem, request);
	if (csr_names(buf_view(&pem), name))
		return 0;
	return admission_forbid(w, err, "can only create a node CSR with CN=system:node:%.*s",
				STR_ARG(node));
}

static const struct {
	const char *group, *plural;
	int (*check)(struct write *w, struct str node, struct err *err);
} checks[] = {
	{ "", "pods", pod },
	{ "", "nodes", own_node },
	{ "", "persistentvolumeclaims", claim },
	{ "coordination.k8s.io", "leases", lease },
	{ "storage.k8s.io", "csinodes", csi_node },
	{ "resource.k8s.io", "resourceslices", slice },
	{ "certificates.k8s.io", "certificatesigningrequests", signing_request },
	{ "certificates.k8s.io", "podcertificaterequests", admit_node_pod_certificate },
};

const char *node_unknown(struct api_request *r)
{
	return arena_printf(&r->arena, "could not determine node from user \"%.*s\"",
			    STR_ARG(r->user.name));
}

int admit_node_restriction(struct write *w, struct err *err)
{
	struct str node;
	if (!node_identity(&w->r->user, &node))
		return 0;
	if (node.n == 0)
		return admission_forbid(w, err, "%s", node_unknown(w->r));
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (!strcmp(w->res->plural, checks[i].plural) &&
		    !strcmp(w->res->group, checks[i].group))
			return checks[i].check(w, node, err);
	return 0;
}

/* --- beside writes --- */

struct deletion {
	struct api_request *r;
	const struct api_resource *res;
	const struct object *o;
	struct str node;
};

static int keep(const struct deletion *d, struct err *err, const char *why)
{
	return err_set(err, ERR_FORBIDDEN, "%s \"%.*s\" is forbidden: %s",
		       lookup_qualified(d->r, d->res), STR_ARG(d->o->name), why);
}

static int pod_delete(const struct deletion *d, struct err *err)
{
	if (str_eq(node_of_pod(d->o), d->node))
		return 0;
	return keep(d, err,
		    arena_printf(&d->r->arena,
				 "node \"%.*s\" can only delete pods with spec.nodeName set to "
				 "itself",
				 STR_ARG(d->node)));
}

static int node_delete(const struct deletion *d, struct err *err)
{
	if (str_eq(d->o->name, d->node))
		return 0;
	return keep(d, err,
		    arena_printf(&d->r->arena,
				 "node \"%.*s\" is not allowed to modify node \"%.*s\"",
				 STR_ARG(d->node), STR_ARG(d->o->name)));
}

static int claim_delete(const struct deletion *d, struct err *err)
{
	return keep(d, err, "may only update PVC status");
}

static int lease_delete(const struct deletion *d, struct err *err)
{
	if (!str_eqz(d->o->ns, LEASES))
		return keep(d, err, LEASE_ELSEWHERE);
	return str_eq(d->o->name, d->node) ? 0 : keep(d, err, LEASE_OF_OTHERS);
}

static int csi_node_delete(const struct deletion *d, struct err *err)
{
	return str_eq(d->o->name, d->node) ? 0 : keep(d, err, CSI_NODE_OF_OTHERS);
}

static int slice_delete(const struct deletion *d, struct err *err)
{
	if (str_eq(node_of_pod(d->o), d->node))
		return 0;
	return keep(d, err,
		    "can only delete ResourceSlice with the same NodeName as the requesting node");
}

static int pod_certificate_delete(const struct deletion *d, struct err *err)
{
	return keep(d, err, "unexpected operation DELETE");
}

static const struct {
	const char *group, *plural;
	int (*check)(const struct deletion *d, struct err *err);
} deletions[] = {
	{ "", "pods", pod_delete },
	{ "", "nodes", node_delete },
	{ "", "persistentvolumeclaims", claim_delete },
	{ "coordination.k8s.io", "leases", lease_delete },
	{ "storage.k8s.io", "csinodes", csi_node_delete },
	{ "resource.k8s.io", "resourceslices", slice_delete },
	{ "certificates.k8s.io", "podcertificaterequests", pod_certificate_delete },
};

int admit_node_delete(struct api_request *r, const struct api_resource *res, const struct object *o,
		      struct err *err)
{
	struct deletion d = { .r = r, .res = res, .o = o };
	if (!node_identity(&r->user, &d.node))
		return 0;
	if (d.node.n == 0)
		return keep(&d, err, node_unknown(r));
	for (size_t i = 0; i < COUNT_OF(deletions); i++)
		if (!strcmp(res->plural, deletions[i].plural) &&
		    !strcmp(res->group, deletions[i].group))
			return deletions[i].check(&d, err);
	return 0;
}

int admit_node_eviction(struct api_request *r, struct err *err)
{
	struct str node;
	if (!node_identity(&r->user, &node))
		return 0;
	if (node.n == 0)
		return err_set(err, ERR_FORBIDDEN, "pods \"%.*s\" is forbidden: %s",
			       STR_ARG(r->name), node_unknown(r));
	struct object *o = lookup_core(r->server, "pods", r->ns, r->name);
	int e = 0;
	if (!o) {
		request_about(r, "", "pod", r->name);
		e = err_set(err, ERR_NOT_FOUND, "pod \"%.*s\" not found", STR_ARG(r->name));
	} else if (!str_eq(node_of_pod(o), node)) {
		e = err_set(err, ERR_FORBIDDEN,
			    "pods \"%.*s\" is forbidden: node %.*s can only evict pods with "
			    "spec.nodeName set to itself",
			    STR_ARG(r->name), STR_ARG(node));
	}
	object_unref(o);
	return e;
}
