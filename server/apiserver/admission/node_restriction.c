/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/node_restriction.h"

#include "api/object/meta.h"
#include "api/shape.h"
#include "api/validation/pem.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/node_labels.h"
#include "server/apiserver/admission/pod_references.h"
#include "server/apiserver/authz/authz.h"

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
	if (!str_eqz(w->ns, "kube-node-lease"))
		return admission_forbid(
			w, err,
			"can only access leases in the \"kube-node-lease\" system namespace");
	if (!str_eq(w->name, node))
		return admission_forbid(
			w, err,
			"can only access node lease with the same name as the requesting node");
	return 0;
}

static int csi_node(struct write *w, struct str node, struct err *err)
{
	if (!str_eq(w->name, node))
		return admission_forbid(
			w, err,
			"can only access CSINode with the same name as the requesting node");
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
	struct str signer = tree_get_str(w->tree, "spec", "signerName", NULL);
	auto_buf pem = { 0 };
	if (!creates(w) || (!str_eqz(signer, "kubernetes.io/kubelet-serving") &&
			    !str_eqz(signer, "kubernetes.io/kube-apiserver-client-kubelet")))
		return 0;
	auto_free char *name = str_printf("system:node:%.*s", STR_ARG(node));
	base64_decode(&pem, tree_get_str(w->tree, "spec", "request", NULL));
	if (csr_names(buf_view(&pem), name))
		return 0;
	return admission_forbid(w, err, "can only create a node CSR with CN=system:node:%.*s",
				STR_ARG(node));
}

static int pod_certificate(struct write *w, struct str node, struct err *err)
{
	const json_t *spec = json_object_get(w->tree, "spec");
	struct str asked = tree_get_str(spec, "nodeName", NULL),
		   name = tree_get_str(spec, "podName", NULL);
	if (!creates(w) || w->subresource[0])
		return admission_forbid(w, err, "unexpected operation %s", w->operation);
	if (!str_eq(asked, node))
		return admission_forbid(
			w, err,
			"PodCertificateRequest.Spec.NodeName=\"%.*s\", which is not "
			"the requesting node \"%.*s\"",
			STR_ARG(asked), STR_ARG(node));
	struct object *o = lookup_core(w->r->server, "pods", w->ns, name);
	bool own = o && str_eq(node_of_pod(o), node) &&
		   str_eq(o->uid, tree_get_str(spec, "podUID", NULL));
	object_unref(o);
	if (own)
		return 0;
	return admission_forbid(w, err,
				"pod \"%.*s/%.*s\" is not running on node \"%.*s\" named in the "
				"PodCertificateRequest",
				STR_ARG(w->ns), STR_ARG(name), STR_ARG(node));
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
	{ "certificates.k8s.io", "podcertificaterequests", pod_certificate },
};

int admit_node_restriction(struct write *w, struct err *err)
{
	struct str node;
	if (!node_identity(&w->r->user, &node))
		return 0;
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (!strcmp(w->res->plural, checks[i].plural) &&
		    !strcmp(w->res->group, checks[i].group))
			return checks[i].check(w, node, err);
	return 0;
}

/* --- beside writes --- */

int admit_node_delete(struct api_request *r, const struct api_resource *res, const struct object *o,
		      struct err *err)
{
	struct str node;
	if (!node_identity(&r->user, &node))
		return 0;
	bool is_pod = !strcmp(res->plural, "pods") && !res->group[0],
	     is_node = !strcmp(res->plural, "nodes") && !res->group[0],
	     is_slice = !strcmp(res->plural, "resourceslices");
	if (is_pod && !str_eq(node_of_pod(o), node))
		return err_set(err, ERR_FORBIDDEN,
			       "pods \"%.*s\" is forbidden: node \"%.*s\" can only delete pods "
			       "with spec.nodeName set to itself",
			       STR_ARG(o->name), STR_ARG(node));
	if (is_node && !str_eq(o->name, node))
		return err_set(err, ERR_FORBIDDEN,
			       "nodes \"%.*s\" is forbidden: node \"%.*s\" is not allowed to "
			       "modify node \"%.*s\"",
			       STR_ARG(o->name), STR_ARG(node), STR_ARG(o->name));
	if (is_slice && !str_eq(node_of_pod(o), node))
		return err_set(err, ERR_FORBIDDEN,
			       "resourceslices.resource.k8s.io \"%.*s\" is forbidden: can only "
			       "delete ResourceSlice with the same NodeName as the requesting node",
			       STR_ARG(o->name));
	return 0;
}

int admit_node_eviction(struct api_request *r, const struct object *o, struct err *err)
{
	struct str node;
	if (!node_identity(&r->user, &node) || str_eq(node_of_pod(o), node))
		return 0;
	return err_set(err, ERR_FORBIDDEN,
		       "pods \"%.*s\" is forbidden: node %.*s can only evict pods with "
		       "spec.nodeName set to itself",
		       STR_ARG(o->name), STR_ARG(node));
}

/* The audiences of the tokens that the pod mounts. */
static bool pod_mounts_audience(const struct object *o, struct str audience)
{
	json_t *tree = object_tree(o, NULL), *volume, *source;
	bool found = false;
	size_t i, k;
	json_array_foreach (tree_get(tree, "spec", "volumes", NULL), i, volume)
		json_array_foreach (tree_get(volume, "projected", "sources", NULL), k, source) {
			const json_t *token = json_object_get(source, "serviceAccountToken");
			if (token && str_eq(tree_get_str(token, "audience", NULL), audience))
				found = true;
		}
	json_decref(tree);
	return found;
}

static int forbid_token(struct api_request *r, struct err *err, const char *why)
{
	return err_set(err, ERR_FORBIDDEN, "serviceaccounts \"%.*s\" is forbidden: %s",
		       STR_ARG(r->name), why);
}

static int audience_check(struct api_request *r, const json_t *request, const struct object *o,
			  struct err *err)
{
	const json_t *list = tree_get(request, "spec", "audiences", NULL);
	struct str audience = tree_str(json_array_get(list, 0));
	if (json_array_size(list) > 1)
		return forbid_token(r, err, "node may only request 0 or 1 audiences");
	const struct authz_attributes a = { .user = &r->user,
					    .verb = STR("request-serviceaccounts-token-audience"),
					    .is_resource = true,
					    .resource = audience,
					    .ns = r->ns,
					    .name = r->name };
	if (pod_mounts_audience(o, audience) || authz_allowed(r->server->authorizer, &a))
		return 0;
	const char *why =
		arena_printf(&r->arena,
			     "%.*s is not authorized to request tokens for audience \"%.*s\"",
			     STR_ARG(r->user.name), STR_ARG(audience));
	return forbid_token(r, err, why);
}

int admit_node_token(struct api_request *r, const json_t *request, struct err *err)
{
	struct str node;
	const json_t *ref = tree_get(request, "spec", "boundObjectRef", NULL);
	struct str name = tree_get_str(ref, "name", NULL), uid = tree_get_str(ref, "uid", NULL);
	if (!node_identity(&r->user, &node))
		return 0;
	if (!str_eqz(tree_get_str(ref, "apiVersion", NULL), "v1") ||
	    !str_eqz(tree_get_str(ref, "kind", NULL), "Pod") || name.n == 0)
		return forbid_token(r, err, "node requested token not bound to a pod");
	if (uid.n == 0)
		return forbid_token(r, err,
				    "node requested token with a pod binding without a uid");
	struct object *o = lookup_core(r->server, "pods", r->ns, name);
	int e = 0;
	if (!o)
		e = err_set(err, ERR_NOT_FOUND, "pod \"%.*s\" not found", STR_ARG(name));
	else if (!str_eq(o->uid, uid))
		e = forbid_token(
			r, err,
			arena_printf(&r->arena,
				     "the UID in the bound object reference (%.*s) does not match "
				     "the UID in record. The object might have been deleted and "
				     "then recreated",
				     STR_ARG(uid)));
	else if (!str_eq(node_of_pod(o), node))
		e = forbid_token(
			r, err,
			"node requested token bound to a pod scheduled on a different node");
	else
		e = audience_check(r, request, o, err);
	object_unref(o);
	return e;
}
