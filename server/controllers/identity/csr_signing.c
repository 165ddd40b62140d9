/* SPDX-License-Identifier: Apache-2.0 */
/* Signs approved requests of the signers that are ours: client certificates by the authority of clients, those of kubelets' servers
 * by that of servers. Follows upstream's pkg/controller/certificates/signer. Key: the request. */
#include "api/object/meta.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/controllers/controller.h"
#include "server/controllers/identity/csr.h"

struct state {
	struct signing_authority clients, servers;
	int64_t life_s; /* of a certificate for which nothing shorter is asked */
};

static int sign(struct state *s, json_t *csr, struct signing_request *r, struct err *err)
{
	struct str signer = tree_get_str(csr, "spec", "signerName", NULL);
	const json_t *usages = tree_get(csr, "spec", "usages", NULL);
	auto_buf pem = { 0 }, text = { 0 };
	struct signing_authority *by =
		str_eqz(signer, SIGNER_KUBELET_SERVING) ? &s->servers : &s->clients;
	int64_t asked = tree_int(tree_get(csr, "spec", "expirationSeconds", NULL), 0);
	int e = signing_issue(by, r, usages, clock_wall_s(clock_real()),
			      signing_life_s(asked, s->life_s), &pem, err);
	if (e < 0)
		return e;
	base64_encode(&text, pem.p, pem.n);
	json_object_set_new(json_object_get(csr, "status"), "certificate",
			    json_stringn(text.p, text.n));
	return 0;
}

/* 1: csr has a new status; 0: nothing to do. */
static int decide(struct state *s, json_t *csr, struct err *err)
{
	struct signing_request r = { 0 };
	const char *why = NULL;
	int e = csr_request(csr, &r, err);
	if (e == 0 && signing_request_check(&r, tree_get_str(csr, "spec", "signerName", NULL),
					    tree_get(csr, "spec", "usages", NULL), &why)) {
		if (why)
			csr_add_condition(csr, "Failed", "SignerValidationFailure", why);
		else
			e = sign(s, csr, &r, err);
		e = e < 0 ? e : 1;
	}
	signing_request_free(&r);
	return e;
}

static void work(void *ctx, struct str name)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS),
			     STR(""), name);
	json_t *csr = o ? object_tree(o, NULL) : NULL;
	auto_err err = { 0 };
	if (!csr || csr_has_certificate(csr) || !csr_condition(csr, "Approved") ||
	    csr_condition(csr, "Denied") || csr_condition(csr, "Failed") ||
	    decide(c->state, csr, &err) <= 0) {
		controller_done(c, name, false);
	} else {
		auto_free char *body = json_dumps(csr, JSON_COMPACT);
		const struct controller_write w = {
			.verb = API_UPDATE,
			.resource = API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS,
			.name = name,
			.subresource = STR("status"),
			.body = str_from(body),
			.harmless = ERR_NOT_FOUND,
		};
		controller_write(c, name, &w);
	}
	json_decref(csr);
}

static void stop(struct controller *c)
{
	struct state *s = c->state;
	if (!s)
		return;
	signing_authority_free(&s->clients);
	signing_authority_free(&s->servers);
	free(s);
}

static int start(struct controller *c, struct err *err)
{
	const struct controllers_config *config = c->config;
	struct state *s = NEW(struct state);
	c->state = s;
	s->life_s = config->signing_ms / 1000;
	controller_queue_start(c, work);
	int e = signing_authority_parse(config->client_ca.cert_pem, config->client_ca.key_pem,
					&s->clients, err);
	if (e == 0)
		e = signing_authority_parse(config->server_ca.cert_pem, config->server_ca.key_pem,
					    &s->servers, err);
	if (e == 0)
		csr_watch(c);
	return e;
}

const struct controller_row controller_csr_signing = { "csrsigning", start, stop,
						       "certificate-controller" };
