/* SPDX-License-Identifier: Apache-2.0 */
/* CertificateSigningRequests. Follows upstream's pkg/apis/certificates/validation. */
#include <mbedtls/md.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>

#include <stdio.h>

#include "api/object/meta.h"
#include "api/validation/certificate_parts.h"
#include "api/validation/kinds.h"
#include "api/validation/pem.h"
#include "base/encode.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

struct name_errors name_any(struct str text)
{
	(void)text;
	return (struct name_errors){ 0 };
}

/* ---- the request ---- */

/* Algorithms that this library doesn't know are someone else's to check. */
static bool unknown_algorithm(int code)
{
	int high = -(-code & 0xFF80), low = -(-code & 0x7F);
	return high == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG || low == 0 ||
	       high == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG ||
	       high == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE || code == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG;
}

static bool signature_holds(mbedtls_x509_csr *csr)
{
	unsigned char hash[MBEDTLS_MD_MAX_SIZE];
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(csr->MBEDTLS_PRIVATE(sig_md));
	if (!md || mbedtls_md(md, csr->cri.p, csr->cri.len, hash) != 0)
		return true;
	return mbedtls_pk_verify_ext(csr->MBEDTLS_PRIVATE(sig_pk), csr->MBEDTLS_PRIVATE(sig_opts),
				     &csr->pk, csr->MBEDTLS_PRIVATE(sig_md), hash,
				     mbedtls_md_get_size(md), csr->MBEDTLS_PRIVATE(sig).p,
				     csr->MBEDTLS_PRIVATE(sig).len) == 0;
}

const char *signing_request_error(struct str base64)
{
	auto_buf text = { 0 };
	struct pem_block block = { 0 };
	const char *why = NULL;
	mbedtls_x509_csr csr;
	base64_decode(&text, base64);
	struct str rest = buf_view(&text);
	if (!pem_next(&rest, &block) || !str_eqz(block.type, "CERTIFICATE REQUEST")) {
		buf_free(&block.der);
		return "PEM block type must be CERTIFICATE REQUEST";
	}
	mbedtls_x509_csr_init(&csr);
	int e = mbedtls_x509_csr_parse_der(&csr, (const unsigned char *)block.der.p, block.der.n);
	if (e && !unknown_algorithm(e))
		why = "asn1: structure error: malformed certificate request";
	else if (!e && !signature_holds(&csr))
		why = "x509: certificate request signature verification failure";
	mbedtls_x509_csr_free(&csr);
	buf_free(&block.der);
	return why;
}

static const char *const usages[] = { "any",
				      "cert sign",
				      "client auth",
				      "code signing",
				      "content commitment",
				      "crl sign",
				      "data encipherment",
				      "decipher only",
				      "digital signature",
				      "email protection",
				      "encipher only",
				      "ipsec end system",
				      "ipsec tunnel",
				      "ipsec user",
				      "key agreement",
				      "key encipherment",
				      "microsoft sgc",
				      "netscape sgc",
				      "ocsp signing",
				      "s/mime",
				      "server auth",
				      "signing",
				      "timestamping",
				      NULL };

static void check_usages(struct check *c, const json_t *list)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "usages"), i;
	json_t *usage;
	if (json_array_size(list) == 0)
		check_required(c, NULL, "%s", "");
	json_array_foreach (list, i, usage) {
		size_t at = check_in_index(c, i);
		if (!str_in(tree_str(usage), usages))
			check_unsupported(c, NULL, usage, usages);
		check_out(c, at);
	}
	json_array_foreach (list, i, usage) {
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, tree_str(usage)))
			check_duplicate(c, NULL, usage);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

/* ---- the answer ---- */

static void check_condition(struct check *c, const json_t *condition, struct map *seen)
{
	static const char *const all[] = { "False", "True", "Unknown", NULL };
	static const char *const only_true[] = { "True", NULL };
	static const char *const decided[] = { "Approved", "Denied", "Failed", NULL };
	struct str type = field(condition, "type");
	if (type.n == 0)
		check_required(c, "type", "%s", "");
	check_one_of(c, condition, "status", str_in(type, decided) ? only_true : all, true);
	if (seen_before(seen, type))
		check_duplicate_text(c, "type", type);
}

static const json_t *condition_of(const json_t *request, const char *type)
{
	size_t i;
	json_t *condition;
	json_array_foreach (tree_get(request, "status", "conditions", NULL), i, condition)
		if (str_eqz(field(condition, "type"), type))
			return condition;
	return NULL;
}

static void check_conditions(struct check *c, const json_t *request)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "status.conditions"), i;
	json_t *condition;
	json_array_foreach (tree_get(request, "status", "conditions", NULL), i, condition) {
		size_t at = check_in_index(c, i);
		check_condition(c, condition, &seen);
		check_out(c, at);
	}
	if (condition_of(request, "Approved") && condition_of(request, "Denied"))
		CHECK_DECLARED(c, check_invalid_text(c, NULL,
						     STR("{conditions[{\"type\": \"Approved\"}], "
							 "conditions[{\"type\": \"Denied\"}]}"),
						     "must specify at most one of: "
						     "`conditions[{\"type\": \"Approved\"}]`, "
						     "`conditions[{\"type\": \"Denied\"}]`"));
	check_out(c, was);
	map_free(&seen, NULL);
}

/* found: the type that is meant by an error that ends in a space. */
static const char *chain_error(struct str base64, char found[80])
{
	auto_buf text = { 0 };
	struct pem_block block;
	size_t blocks = 0;
	const char *why = NULL;
	base64_decode(&text, base64);
	struct str rest = buf_view(&text);
	while (!why && pem_next(&rest, &block)) {
		mbedtls_x509_crt crt;
		mbedtls_x509_crt_init(&crt);
		blocks++;
		snprintf(found, 80, "\"%.*s\"", STR_ARG(block.type));
		if (!str_eqz(block.type, "CERTIFICATE"))
			why = "only CERTIFICATE PEM blocks are allowed, found ";
		else if (block.headers)
			why = "no PEM block headers are permitted";
		else {
			int e = mbedtls_x509_crt_parse_der(&crt, (const unsigned char *)block.der.p,
							   block.der.n);
			if (e && !unknown_algorithm(e))
				why = "x509: malformed certificate";
		}
		mbedtls_x509_crt_free(&crt);
		buf_free(&block.der);
	}
	return why ? why : blocks ? NULL : "must contain at least one CERTIFICATE PEM block";
}

/* ---- the whole ---- */

static void check_request(struct check *c, const json_t *request, const json_t *old)
{
	const json_t *spec = json_object_get(request, "spec"),
		     *seconds = json_object_get(spec, "expirationSeconds");
	struct str signer = field(spec, "signerName"),
		   chain = tree_get_str(request, "status", "certificate", NULL);
	const char *why = signing_request_error(field(spec, "request"));
	char found[80] = "";
	size_t was = check_in(c, "spec");
	if (why) {
		const json_t *shown = json_object_get(spec, "request");
		check_invalid(c, "request", shown, "%s", why);
	}
	check_usages(c, json_object_get(spec, "usages"));
	if (str_eqz(signer, "kubernetes.io/legacy-unknown") && !old)
		check_invalid_text(c, "signerName", signer,
				   "the legacy signerName is not allowed via this API version");
	else
		check_signer_name(c, "signerName", signer);
	if (seconds && json_integer_value(seconds) < 600)
		check_invalid(c, "expirationSeconds", seconds,
			      "may not specify a duration less than 600 seconds (10 minutes)");
	check_out(c, was);
	check_conditions(c, request);
	if (chain.n && !str_eq(chain, tree_get_str(old, "status", "certificate", NULL)) &&
	    (why = chain_error(chain, found)))
		check_invalid_text(c, "status.certificate", STR("<certificate data>"), "%s%s", why,
				   why[strlen(why) - 1] == ' ' ? found : "");
}

void validate_signing_request(struct check *c, const json_t *request)
{
	check_request(c, request, NULL);
}

enum { MAY_DECIDE = 1, MAY_SIGN = 2 };

static void check_update(struct check *c, const json_t *new, const json_t *old, unsigned may)
{
	static const char *const decided[] = { "Approved", "Denied", "Failed" };
	struct str now = tree_get_str(new, "status", "certificate", NULL),
		   was = tree_get_str(old, "status", "certificate", NULL);
	check_request(c, new, old);
	for (size_t i = 0; i < COUNT_OF(decided); i++)
		if (condition_of(old, decided[i]) && !condition_of(new, decided[i]))
			check_forbidden(c, "status.conditions",
					"updates may not remove a condition of type \"%s\"",
					decided[i]);
	for (size_t i = 0; i < 2 && !(may & MAY_DECIDE); i++) {
		const json_t *a = condition_of(new, decided[i]), *b = condition_of(old, decided[i]);
		if (a && !b)
			check_forbidden(c, "status.conditions",
					"updates may not add a condition of type \"%s\"",
					decided[i]);
		else if (a && b && !shape_equal(a, b))
			check_forbidden(c, "status.conditions",
					"updates may not modify a condition of type \"%s\"",
					decided[i]);
	}
	if (!str_eq(now, was) && !(may & MAY_SIGN))
		check_forbidden(c, "status.certificate", "updates may not set certificate content");
	else if (!str_eq(now, was) && was.n)
		check_forbidden(c, "status.certificate",
				"updates may not modify existing certificate content");
}

void validate_signing_request_update(struct check *c, const json_t *new, const json_t *old)
{
	check_update(c, new, old, 0);
}

void validate_signing_request_approval(struct check *c, const json_t *new, const json_t *old)
{
	check_update(c, new, old, MAY_DECIDE);
}

void validate_signing_request_status(struct check *c, const json_t *new, const json_t *old)
{
	check_update(c, new, old, MAY_SIGN);
}
