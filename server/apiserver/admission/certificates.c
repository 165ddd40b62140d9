/* SPDX-License-Identifier: Apache-2.0 */
/* Who may approve, sign and attest for a signer: CertificateApproval, CertificateSigning, ClusterTrustBundleAttest. And
 * CertificateSubjectRestriction: nobody asks the cluster's signer of clients for a master's certificate. */
#include <mbedtls/oid.h>
#include <mbedtls/x509_csr.h>

#include "api/object/meta.h"
#include "api/shape.h"
#include "api/validation/pem.h"
#include "base/encode.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/authz/authz.h"

#define GROUP         "certificates.k8s.io"
#define CLIENT_SIGNER "kubernetes.io/kube-apiserver-client"

static bool may(struct write *w, const char *verb, struct str name)
{
	struct authz_attributes a = { .user = &w->r->user,
				      .verb = str_from(verb),
				      .is_resource = true,
				      .group = STR(GROUP),
				      .resource = STR("signers"),
				      .name = name };
	return authz_allowed(w->r->server->authorizer, &a);
}

/* The signer's name, or all of its domain. */
static bool may_for_signer(struct write *w, const char *verb, struct str signer)
{
	const char *domain = arena_printf(&w->r->arena, "%.*s/*", (int)str_find(signer, '/'),
					  signer.p ? signer.p : "");
	return may(w, verb, signer) || may(w, verb, str_from(domain));
}

static struct str signer_of(const json_t *object)
{
	return tree_get_str(object, "spec", "signerName", NULL);
}

static int not_permitted(struct write *w, const char *what, struct str signer, struct err *err)
{
	auto_buf quoted = { 0 };
	buf_json_string(&quoted, signer);
	return admission_forbid(w, err, "user not permitted to %s signerName %s", what, quoted.p);
}

int admit_certificate_approval(struct write *w, struct err *err)
{
	if (!admission_is_in(w, GROUP, "certificatesigningrequests", "approval") ||
	    may_for_signer(w, "approve", signer_of(w->old)))
		return 0;
	return not_permitted(w, "approve requests with", signer_of(w->old), err);
}

static bool same_status(const struct write *w, const char *field)
{
	const json_t *a = tree_get(w->tree, "status", field, NULL),
		     *b = tree_get(w->old, "status", field, NULL);
	return (shape_empty(a) && shape_empty(b)) || shape_equal(a, b);
}

int admit_certificate_signing(struct write *w, struct err *err)
{
	if (!admission_is_in(w, GROUP, "certificatesigningrequests", "status") ||
	    (same_status(w, "certificate") && same_status(w, "conditions")) ||
	    may_for_signer(w, "sign", signer_of(w->old)))
		return 0;
	return not_permitted(w, "sign requests with", signer_of(w->old), err);
}

int admit_trust_bundle(struct write *w, struct err *err)
{
	struct str signer = signer_of(w->tree);
	if (!admission_is_in(w, GROUP, "clustertrustbundles", "") || signer.n == 0 ||
	    (w->old &&
	     shape_equal(json_object_get(w->tree, "spec"), json_object_get(w->old, "spec"))) ||
	    may_for_signer(w, "attest", signer))
		return 0;
	return not_permitted(w, "attest for", signer, err);
}

static bool names_masters(const mbedtls_x509_csr *csr)
{
	static const char masters[] = "system:masters";
	for (const mbedtls_x509_name *n = &csr->subject; n; n = n->next)
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_ORGANIZATION, &n->oid) == 0 &&
		    n->val.len == strlen(masters) && memcmp(n->val.p, masters, n->val.len) == 0)
			return true;
	return false;
}

/* Of a request whose key this library doesn't know, whatever it says may be meant. Validation has seen that it is a request. */
static bool mentions_masters(struct str pem)
{
	struct pem_block block = { 0 };
	bool mentions =
		pem_next(&pem, &block) && str_contains(buf_view(&block.der), STR("system:masters"));
	buf_free(&block.der);
	return mentions;
}

int admit_certificate_subject(struct write *w, struct err *err)
{
	struct buf pem = { 0 };
	mbedtls_x509_csr csr;
	if (!admission_is_in(w, GROUP, "certificatesigningrequests", "") ||
	    !str_eqz(signer_of(w->tree), CLIENT_SIGNER))
		return 0;
	mbedtls_x509_csr_init(&csr);
	base64_decode(&pem, tree_get_str(w->tree, "spec", "request", NULL));
	buf_putc(&pem, '\0'); /* PEM is read as a C string */
	int e = 0;
	bool parsed = mbedtls_x509_csr_parse(&csr, (const unsigned char *)pem.p, pem.n) == 0;
	if (parsed ? names_masters(&csr) : mentions_masters(buf_view(&pem)))
		e = admission_forbid(w, err,
				     "use of %s signer with system:masters group is not allowed",
				     CLIENT_SIGNER);
	mbedtls_x509_csr_free(&csr);
	buf_free(&pem);
	return e;
}
