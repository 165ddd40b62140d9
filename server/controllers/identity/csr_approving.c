/* SPDX-License-Identifier: Apache-2.0 */
/* Approves what nodes ask for to get in and to stay: client certificates of kubelets, when the API server says that the asker may
 * have them. Follows upstream's pkg/controller/certificates/approver. And, which upstream leaves to people, the certificate by which
 * a kubelet serves, when a node asks for it itself and it says no more than the node's name; and those by which a node's service proxy and name
 * server are clients. Key: the request. */
#include "api/object/meta.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/controllers/controller.h"
#include "server/controllers/identity/csr.h"

static const struct {
	const char *subresource, *message;
	bool own; /* only what the asker asks for itself */
} kinds[] = {
	{ "selfnodeclient",
	  "Auto approving self kubelet client certificate after SubjectAccessReview.", true },
	{ "nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.",
	  false },
};

struct approval {
	struct controller *controller;
	char *key;
	json_t *csr;
	size_t at; /* in kinds */
	bool own;
};

static void approval_end(struct approval *a, bool retry)
{
	controller_done(a->controller, str_from(a->key), retry);
	json_decref(a->csr);
	free(a->key);
	free(a);
}

static void on_approved(void *ctx, const struct client_result *r)
{
	approval_end(ctx, r->err && r->err->reason != ERR_NOT_FOUND);
}

static void approve(struct approval *a, const char *message)
{
	csr_add_condition(a->csr, "Approved", "AutoApproved", message);
	auto_free char *body = json_dumps(a->csr, JSON_COMPACT);
	const struct client_call call = { .verb = API_UPDATE,
					  .resource =
						  API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS,
					  .name = str_from(a->key),
					  .subresource = STR("approval"),
					  .body = str_from(body),
					  .done = on_approved,
					  .ctx = a };
	client_do(a->controller->client, &call);
}

static void review(struct approval *a);

static void on_reviewed(void *ctx, const struct client_result *r)
{
	struct approval *a = ctx;
	json_t *tree = r->err ? NULL : json_loadb(r->body.p, r->body.n, 0, NULL);
	bool allowed = json_is_true(tree_get(tree, "status", "allowed", NULL));
	json_decref(tree);
	if (r->err) {
		approval_end(a, true);
	} else if (allowed) {
		approve(a, kinds[a->at].message);
	} else {
		a->at++;
		review(a);
	}
}

static void review(struct approval *a)
{
	if (a->at < COUNT_OF(kinds) && kinds[a->at].own && !a->own)
		a->at++;
	if (a->at >= COUNT_OF(kinds)) {
		log_info("no approval for a certificate signing request", LOG_S("request", a->key));
		approval_end(a, false);
		return;
	}
	const json_t *spec = json_object_get(a->csr, "spec");
	json_t *ask =
		json_pack("{s:{s:O?,s:O?,s:O?,s:O?,s:{s:s,s:s,s:s,s:s,s:s}}}", "spec", "user",
			  json_object_get(spec, "username"), "uid", json_object_get(spec, "uid"),
			  "groups", json_object_get(spec, "groups"), "extra",
			  json_object_get(spec, "extra"), "resourceAttributes", "group",
			  "certificates.k8s.io", "resource", "certificatesigningrequests", "verb",
			  "create", "subresource", kinds[a->at].subresource, "version", "*");
	auto_free char *body = json_dumps(ask, JSON_COMPACT);
	json_decref(ask);
	const struct client_call call = { .verb = API_CREATE,
					  .resource = API_AUTHORIZATION_V1_SUBJECTACCESSREVIEWS,
					  .body = str_from(body),
					  .done = on_reviewed,
					  .ctx = a };
	client_do(a->controller->client, &call);
}

/* Whether it is for a kubelet's client certificate. */
static bool is_recognized(const json_t *csr, bool *own)
{
	struct signing_request r = { 0 };
	const char *why = NULL;
	struct str signer = tree_get_str(csr, "spec", "signerName", NULL);
	bool fine =
		str_eqz(signer, SIGNER_KUBELET_CLIENT) && csr_request(csr, &r, NULL) == 0 &&
		signing_request_check(&r, signer, tree_get(csr, "spec", "usages", NULL), &why) &&
		!why;
	*own = str_eqz(tree_get_str(csr, "spec", "username", NULL), r.common_name);
	signing_request_free(&r);
	return fine;
}

static bool in_group(const json_t *csr, const char *group)
{
	const json_t *groups = tree_get(csr, "spec", "groups", NULL);
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const char *one = json_string_value(json_array_get(groups, i));
		if (one && !strcmp(one, group))
			return true;
	}
	return false;
}

/* Names of the API server itself: no node serves under one of them. */
static bool is_reserved(struct controller *c, struct str node)
{
	static const char *const names[] = { "localhost", "kubernetes", "kubernetes.default",
					     "kubernetes.default.svc" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_eqz(node, names[i]))
			return true;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), node);
	for (size_t i = 0; o && i < o->nlabels; i++)
		if (str_eqz(o->labels[i].key, "node-role.kubernetes.io/control-plane"))
			return true;
	return str_starts(node, STR("kubernetes.default.svc."));
}

static bool is_own_serving(struct controller *c, const json_t *csr)
{
	struct signing_request r = { 0 };
	const char *why = NULL;
	struct str signer = tree_get_str(csr, "spec", "signerName", NULL),
		   user = tree_get_str(csr, "spec", "username", NULL), node = user;
	bool fine =
		str_eqz(signer, SIGNER_KUBELET_SERVING) &&
		str_cut_prefix(&node, STR("system:node:")) && in_group(csr, "system:nodes") &&
		!is_reserved(c, node) && csr_request(csr, &r, NULL) == 0 &&
		signing_request_check(&r, signer, tree_get(csr, "spec", "usages", NULL), &why) &&
		!why && str_eqz(user, r.common_name) && signing_request_is_for(&r, node);
	signing_request_free(&r);
	return fine;
}

/* A node asks for those of its parts that are not the kubelet; the certificate makes them no members of any group. */
static bool is_node_part(const json_t *csr)
{
	static const char *const users[] = { "system:kube-proxy",
					     "system:serviceaccount:kube-system:coredns" };
	struct signing_request r = { 0 };
	const char *why = NULL;
	struct str signer = tree_get_str(csr, "spec", "signerName", NULL);
	bool known = false,
	     fine = str_eqz(signer, SIGNER_CLIENT) && in_group(csr, "system:nodes") &&
		    str_starts(tree_get_str(csr, "spec", "username", NULL), STR("system:node:")) &&
		    csr_request(csr, &r, NULL) == 0 &&
		    signing_request_check(&r, signer, tree_get(csr, "spec", "usages", NULL),
					  &why) &&
		    !why && r.norganizations == 0;
	for (size_t i = 0; i < COUNT_OF(users); i++)
		known = known || !strcmp(r.common_name, users[i]);
	signing_request_free(&r);
	return fine && known;
}

static void work(void *ctx, struct str name)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS),
			     STR(""), name);
	json_t *csr = o ? object_tree(o, NULL) : NULL;
	bool own = false, serving = csr && is_own_serving(c, csr), part = csr && is_node_part(csr);
	if (!csr || csr_has_certificate(csr) || csr_condition(csr, "Approved") ||
	    csr_condition(csr, "Denied") || (!serving && !part && !is_recognized(csr, &own))) {
		json_decref(csr);
		controller_done(c, name, false);
		return;
	}
	struct approval *a = NEW(struct approval);
	*a = (struct approval){ c, str_dup(name), csr, 0, own };
	if (serving)
		approve(a, "Auto approving the kubelet serving certificate that a node asks for "
			   "under its own name.");
	else if (part)
		approve(a,
			"Auto approving the client certificate of a node's service proxy or name "
			"server.");
	else
		review(a);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	controller_informer(c, API_CORE_V1_NODES);
	csr_watch(c);
	return 0;
}

const struct controller_row controller_csr_approving = { "csrapproving", start, NULL,
							 "certificate-controller" };
