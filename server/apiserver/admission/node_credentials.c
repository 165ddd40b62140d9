/* SPDX-License-Identifier: Apache-2.0 */
/* NodeRestriction, its part about what a node asks for on behalf of its pods: tokens of their accounts, for audiences that they name, and
 * certificates, of signers that they name. */
#include "api/object/meta.h"
#include "generated/api_tables.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/node_restriction.h"
#include "server/apiserver/authz/authz.h"

/* --- tokens --- */

static bool has_audience(const json_t *list, struct str audience)
{
	size_t i;
	json_t *one;
	json_array_foreach (list, i, one)
		if (str_eq(tree_get_str(one, "audience", NULL), audience))
			return true;
	return false;
}

static bool mounts_audience(const json_t *volume, struct str audience)
{
	size_t i;
	json_t *source;
	json_array_foreach (tree_get(volume, "projected", "sources", NULL), i, source) {
		const json_t *token = json_object_get(source, "serviceAccountToken");
		if (token && str_eq(tree_get_str(token, "audience", NULL), audience))
			return true;
	}
	return false;
}

static json_t *tree_of(struct object *o)
{
	json_t *tree = o ? object_tree(o, NULL) : NULL;
	object_unref(o);
	return tree;
}

/* Says in `why` what is missing on the way; NULL: nothing. */
struct audience_way {
	struct api_request *r;
	struct str audience;
	const char *why;
};

static void missing(struct audience_way *way, const char *kind, struct str name)
{
	way->why = arena_printf(&way->r->arena, "%s \"%.*s\" not found", kind, STR_ARG(name));
}

static struct str driver_of_claim(struct audience_way *way, struct str claim)
{
	struct apiserver *s = way->r->server;
	json_t *tree = tree_of(lookup_core(s, "persistentvolumeclaims", way->r->ns, claim));
	struct str volume =
		arena_str(&way->r->arena, tree_get_str(tree, "spec", "volumeName", NULL));
	if (!tree)
		missing(way, "persistentvolumeclaim", claim);
	bool there = tree != NULL;
	json_decref(tree);
	if (!there)
		return STR("");
	tree = tree_of(lookup_core(s, "persistentvolumes", STR(""), volume));
	if (!tree)
		missing(way, "persistentvolume", volume);
	struct str driver =
		arena_str(&way->r->arena, tree_get_str(tree, "spec", "csi", "driver", NULL));
	json_decref(tree);
	return driver;
}

static struct str driver_of(struct audience_way *way, const json_t *pod, const json_t *volume)
{
	const json_t *claim = json_object_get(volume, "persistentVolumeClaim");
	if (tree_get(volume, "ephemeral", "volumeClaimTemplate", NULL))
		return driver_of_claim(
			way,
			str_from(arena_printf(&way->r->arena, "%.*s-%.*s", STR_ARG(meta_name(pod)),
					      STR_ARG(tree_get_str(volume, "name", NULL)))));
	if (claim)
		return driver_of_claim(way, tree_get_str(claim, "claimName", NULL));
	return tree_get_str(volume, "csi", "driver", NULL);
}

static bool driver_has_audience(struct audience_way *way, struct str driver)
{
	json_t *tree = tree_of(lookup_object(way->r, API_STORAGE_V1_CSIDRIVERS, STR(""), driver));
	if (!tree)
		missing(way, "csidriver.storage.k8s.io", driver);
	bool has = has_audience(tree_get(tree, "spec", "tokenRequests", NULL), way->audience);
	json_decref(tree);
	return has;
}

/* In tokens that the pod mounts, or that the drivers of its volumes ask for. */
static bool pod_has_audience(struct audience_way *way, const json_t *pod)
{
	size_t i;
	json_t *volume;
	json_array_foreach (tree_get(pod, "spec", "volumes", NULL), i, volume) {
		if (mounts_audience(volume, way->audience))
			return true;
		struct str driver = driver_of(way, pod, volume);
		if (driver.n && driver_has_audience(way, driver))
			return true;
	}
	return false;
}

static int forbid_token(struct api_request *r, struct err *err, const char *why)
{
	return err_set(err, ERR_FORBIDDEN, "serviceaccounts \"%.*s\" is forbidden: %s",
		       STR_ARG(r->name), why);
}

static int audience_check(struct api_request *r, const json_t *request, struct object *o,
			  struct err *err)
{
	const json_t *list = tree_get(request, "spec", "audiences", NULL);
	struct audience_way way = { .r = r, .audience = tree_str(json_array_get(list, 0)) };
	if (json_array_size(list) > 1)
		return forbid_token(r, err, "node may only request 0 or 1 audiences");
	json_t *pod = object_tree(o, NULL);
	bool named = pod_has_audience(&way, pod);
	json_decref(pod);
	if (named)
		return 0;
	if (way.why)
		return forbid_token(r, err,
				    arena_printf(&r->arena,
						 "error validating audience \"%.*s\": %s",
						 STR_ARG(way.audience), way.why));
	const struct authz_attributes a = { .user = &r->user,
					    .verb = STR("request-serviceaccounts-token-audience"),
					    .is_resource = true,
					    .resource = way.audience,
					    .ns = r->ns,
					    .name = r->name };
	if (authz_allowed(r->server->authorizer, &a))
		return 0;
	return forbid_token(r, err,
			    arena_printf(&r->arena,
					 "%.*s is not authorized to request tokens for audience "
					 "\"%.*s\"",
					 STR_ARG(r->user.name), STR_ARG(way.audience)));
}

static int pod_check(struct api_request *r, const json_t *request, struct str node, struct err *err)
{
	const json_t *ref = tree_get(request, "spec", "boundObjectRef", NULL);
	struct str name = tree_get_str(ref, "name", NULL), uid = tree_get_str(ref, "uid", NULL);
	struct object *o = lookup_core(r->server, "pods", r->ns, name);
	int e = 0;
	if (!o) {
		request_about(r, "", "pod", name);
		e = err_set(err, ERR_NOT_FOUND, "pod \"%.*s\" not found", STR_ARG(name));
	} else if (!str_eq(o->uid, uid)) {
		e = forbid_token(
			r, err,
			arena_printf(&r->arena,
				     "the UID in the bound object reference (%.*s) does not match "
				     "the UID in record. The object might have been deleted and "
				     "then recreated",
				     STR_ARG(uid)));
	} else if (!str_eq(node_of_pod(o), node)) {
		e = forbid_token(
			r, err,
			"node requested token bound to a pod scheduled on a different node");
	} else {
		e = audience_check(r, request, o, err);
	}
	object_unref(o);
	return e;
}

int admit_node_token(struct api_request *r, const json_t *request, struct err *err)
{
	struct str node;
	const json_t *ref = tree_get(request, "spec", "boundObjectRef", NULL);
	if (!node_identity(&r->user, &node))
		return 0;
	if (node.n == 0)
		return forbid_token(r, err, node_unknown(r));
	if (!str_eqz(tree_get_str(ref, "apiVersion", NULL), "v1") ||
	    !str_eqz(tree_get_str(ref, "kind", NULL), "Pod") ||
	    tree_get_str(ref, "name", NULL).n == 0)
		return forbid_token(r, err, "node requested token not bound to a pod");
	if (tree_get_str(ref, "uid", NULL).n == 0)
		return forbid_token(r, err,
				    "node requested token with a pod binding without a uid");
	return pod_check(r, request, node, err);
}

/* --- certificates --- */

struct wish { /* a PodCertificateRequest */
	struct write *w;
	const json_t *spec;
	struct str node, pod;
	const char *path; /* namespace/pod */
};

/* What may only be late: no refusal, so that it is tried again. */
static int late(struct err *err, const char *what, struct str path, const char *kind,
		struct str name)
{
	return err_set(err, ERR_UNKNOWN,
		       "while retrieving %s \"%.*s\" named in the PodCertificateRequest: %s "
		       "\"%.*s\" not found",
		       what, STR_ARG(path), kind, STR_ARG(name));
}

static struct str wished(const struct wish *wish, const char *field)
{
	return tree_get_str(wish->spec, field, NULL);
}

static int node_check(const struct wish *wish, struct err *err)
{
	struct str asked = wished(wish, "nodeName"), uid = wished(wish, "nodeUID");
	if (!str_eq(asked, wish->node))
		return admission_forbid(
			wish->w, err,
			"PodCertificateRequest.Spec.NodeName=\"%.*s\", which is not "
			"the requesting node \"%.*s\"",
			STR_ARG(asked), STR_ARG(wish->node));
	struct object *o = lookup_core(wish->w->r->server, "nodes", STR(""), asked);
	int e = 0;
	if (!o)
		e = late(err, "node", asked, "node", asked);
	else if (!str_eq(o->uid, uid))
		e = err_set(err, ERR_UNKNOWN,
			    "PodCertificateRequest for pod \"%s\" names node UID \"%.*s\", "
			    "inconsistent with the running node (\"%.*s\")",
			    wish->path, STR_ARG(uid), STR_ARG(o->uid));
	object_unref(o);
	return e;
}

static int account_check(const struct wish *wish, const json_t *pod, struct err *err)
{
	struct str name = wished(wish, "serviceAccountName"),
		   uid = wished(wish, "serviceAccountUID"),
		   own = tree_get_str(pod, "spec", "serviceAccountName", NULL);
	if (!str_eq(name, own))
		return admission_forbid(wish->w, err,
					"PodCertificateRequest for pod \"%s\" contains "
					"serviceAccountName (\"%.*s\") that differs from running "
					"pod (\"%.*s\")",
					wish->path, STR_ARG(name), STR_ARG(own));
	struct object *o = lookup_core(wish->w->r->server, "serviceaccounts", wish->w->ns, name);
	int e = 0;
	if (!o)
		e = late(err, "service account",
			 str_from(arena_printf(&wish->w->r->arena, "%.*s/%.*s",
					       STR_ARG(wish->w->ns), STR_ARG(name))),
			 "serviceaccount", name);
	else if (!str_eq(o->uid, uid))
		e = err_set(err, ERR_UNKNOWN,
			    "PodCertificateRequest for pod \"%s\" names service account UID "
			    "\"%.*s\", which differs from the running service account "
			    "(\"%.*s\")",
			    wish->path, STR_ARG(uid), STR_ARG(o->uid));
	object_unref(o);
	return e;
}

static bool mounts_certificate(const json_t *pod, struct str signer)
{
	size_t i, k;
	json_t *volume, *source;
	json_array_foreach (tree_get(pod, "spec", "volumes", NULL), i, volume)
		json_array_foreach (tree_get(volume, "projected", "sources", NULL), k, source) {
			const json_t *one = json_object_get(source, "podCertificate");
			if (one && str_eq(tree_get_str(one, "signerName", NULL), signer))
				return true;
		}
	return false;
}

/* The pod mounts a certificate of that signer, or the node may ask for any pod of the account. */
static int signer_check(const struct wish *wish, const json_t *pod, struct err *err)
{
	struct str signer = wished(wish, "signerName");
	char *resource = arena_printf(&wish->w->r->arena, "%.*s", STR_ARG(signer));
	for (char *p = resource; *p; p++)
		if (*p == '/')
			*p = ':';
	const struct authz_attributes a = {
		.user = &wish->w->r->user,
		.verb = STR("request-serviceaccounts-podcertificate-signer"),
		.is_resource = true,
		.group = STR("certificates.k8s.io"),
		.resource = str_from(resource),
		.ns = wish->w->ns,
		.name = wished(wish, "serviceAccountName")
	};
	if (mounts_certificate(pod, signer) || authz_allowed(wish->w->r->server->authorizer, &a))
		return 0;
	return admission_forbid(wish->w, err,
				"pod \"%s\" does not mount a podCertificate projected volume for "
				"signer \"%.*s\"",
				wish->path, STR_ARG(signer));
}

static int wish_check(const struct wish *wish, const struct object *o, struct err *err)
{
	struct str uid = wished(wish, "podUID");
	if (!str_eq(o->uid, uid))
		return err_set(err, ERR_UNKNOWN,
			       "PodCertificateRequest for pod \"%s\" contains pod UID (\"%.*s\") "
			       "which differs from running pod \"%.*s\"",
			       wish->path, STR_ARG(uid), STR_ARG(o->uid));
	if (!str_eq(node_of_pod(o), wish->node))
		return admission_forbid(wish->w, err,
					"pod \"%s\" is not running on node \"%.*s\" named in the "
					"PodCertificateRequest",
					wish->path, STR_ARG(wish->node));
	json_t *pod = object_tree(o, NULL);
	int e = 0;
	if (json_object_get(meta_annotations(pod), "kubernetes.io/config.mirror"))
		e = admission_forbid(wish->w, err, "pod \"%s\" is a mirror pod", wish->path);
	e = e < 0 ? e : account_check(wish, pod, err);
	e = e < 0 ? e : signer_check(wish, pod, err);
	json_decref(pod);
	return e;
}

int admit_node_pod_certificate(struct write *w, struct str node, struct err *err)
{
	struct wish wish = { .w = w, .spec = json_object_get(w->tree, "spec"), .node = node };
	if (strcmp(w->operation, "CREATE"))
		return admission_forbid(w, err, "unexpected operation %s", w->operation);
	if (w->subresource[0])
		return admission_forbid(w, err, "unexpected subresource %s", w->subresource);
	wish.pod = wished(&wish, "podName");
	wish.path = arena_printf(&w->r->arena, "%.*s/%.*s", STR_ARG(w->ns), STR_ARG(wish.pod));
	int e = node_check(&wish, err);
	if (e < 0)
		return e;
	struct object *o = lookup_core(w->r->server, "pods", w->ns, wish.pod);
	e = o ? wish_check(&wish, o, err) : late(err, "pod", str_from(wish.path), "pod", wish.pod);
	object_unref(o);
	return e;
}
