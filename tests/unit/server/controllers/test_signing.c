/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/encode.h"
#include "base/mem.h"
#include "server/controllers/identity/bootstrap_secret.h"
#include "server/controllers/identity/signing.h"

#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>

static int random_bytes(void *ctx, unsigned char *out, size_t n)
{
	(void)ctx;
	rand_bytes(out, n);
	return 0;
}

static void make_key(mbedtls_pk_context *key)
{
	mbedtls_pk_init(key);
	assert_int_equal(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
					     random_bytes, NULL),
			 0);
}

/* names: the DER of general names, as in the extension; n == 0: none. */
static void make_request(const char *subject, const char *names, size_t n, char *pem, size_t size)
{
	mbedtls_x509write_csr w;
	mbedtls_pk_context key;
	make_key(&key);
	mbedtls_x509write_csr_init(&w);
	mbedtls_x509write_csr_set_md_alg(&w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_csr_set_key(&w, &key);
	assert_int_equal(mbedtls_x509write_csr_set_subject_name(&w, subject), 0);
	if (n) {
		auto_buf der = { 0 };
		buf_putc(&der, 0x30);
		buf_putc(&der, (char)n);
		buf_add(&der, names, n);
		assert_int_equal(mbedtls_x509write_csr_set_extension(
					 &w, MBEDTLS_OID_SUBJECT_ALT_NAME,
					 MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0,
					 (unsigned char *)der.p, der.n),
				 0);
	}
	assert_int_equal(mbedtls_x509write_csr_pem(&w, (unsigned char *)pem, size, random_bytes,
						   NULL),
			 0);
	mbedtls_x509write_csr_free(&w);
	mbedtls_pk_free(&key);
}

#define DNS_A      \
	"\x82\x01" \
	"a"
#define EMAIL_A    \
	"\x81\x01" \
	"a"

static void a_signer_allows_what_it_is_for(void **state)
{
	(void)state;
	static const struct {
		const char *subject, *names, *signer, *usages;
		const char *why;
	} rows[] = {
		{ "O=system:nodes,CN=system:node:a", "", SIGNER_KUBELET_CLIENT,
		  "[\"digital signature\",\"client auth\"]", NULL },
		{ "O=system:nodes,CN=system:node:a", "", SIGNER_KUBELET_CLIENT,
		  "[\"digital signature\",\"key encipherment\",\"client auth\"]", NULL },
		{ "O=system:nodes,CN=system:node:a", "", SIGNER_KUBELET_CLIENT,
		  "[\"digital signature\",\"server auth\"]",
		  "usages did not match [client auth digital signature key encipherment]" },
		{ "O=system:masters,CN=system:node:a", "", SIGNER_KUBELET_CLIENT,
		  "[\"digital signature\",\"client auth\"]",
		  "subject organization is not system:nodes" },
		{ "O=system:nodes,O=system:masters,CN=system:node:a", "", SIGNER_KUBELET_CLIENT,
		  "[\"digital signature\",\"client auth\"]",
		  "subject organization is not system:nodes" },
		{ "O=system:nodes,CN=jane", "", SIGNER_KUBELET_CLIENT,
		  "[\"digital signature\",\"client auth\"]",
		  "subject common name does not begin with system:node:" },
		{ "O=system:nodes,CN=system:node:a", DNS_A, SIGNER_KUBELET_CLIENT,
		  "[\"digital signature\",\"client auth\"]",
		  "DNS subjectAltNames are not allowed" },
		{ "O=system:nodes,CN=system:node:a", DNS_A, SIGNER_KUBELET_SERVING,
		  "[\"digital signature\",\"server auth\"]", NULL },
		{ "O=system:nodes,CN=system:node:a", "", SIGNER_KUBELET_SERVING,
		  "[\"digital signature\",\"server auth\"]",
		  "DNS or IP subjectAltName is required" },
		{ "O=system:nodes,CN=system:node:a", DNS_A EMAIL_A, SIGNER_KUBELET_SERVING,
		  "[\"digital signature\",\"server auth\"]",
		  "Email subjectAltNames are not allowed" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char pem[4096];
		struct signing_request r = { 0 };
		const char *why = NULL;
		json_t *usages = json_loads(rows[i].usages, 0, NULL);
		make_request(rows[i].subject, rows[i].names, strlen(rows[i].names), pem,
			     sizeof(pem));
		assert_int_equal(signing_request_parse(str_from(pem), &r, NULL), 0);
		assert_true(signing_request_check(&r, str_from(rows[i].signer), usages, &why));
		if ((why == NULL) != (rows[i].why == NULL) || (why && strcmp(why, rows[i].why)))
			fail_msg("row %zu: %s", i, why ? why : "fine");
		signing_request_free(&r);
		json_decref(usages);
	}
}

static void other_signers_are_not_ours(void **state)
{
	(void)state;
	struct signing_request r = { 0 };
	const char *why = NULL;
	assert_false(signing_request_check(&r, STR("example.com/x"), NULL, &why));
}

static void what_is_no_request_is_refused(void **state)
{
	(void)state;
	char pem[4096];
	struct signing_request r = { 0 };
	auto_err err = { 0 };
	assert_true(signing_request_parse(STR("hello"), &r, &err) < 0);
	signing_request_free(&r);
	make_request("CN=a", "", 0, pem, sizeof(pem));
	char *last = strstr(pem, "\n-----END") - 6; /* in the signature */
	*last = *last == 'A' ? 'B' : 'A';
	assert_true(signing_request_parse(str_from(pem), &r, &err) < 0);
	signing_request_free(&r);
}

/* RFC 7515, appendix F: the payload is left out. */
static void a_signature_is_detached(void **state)
{
	(void)state;
	auto_buf out = { 0 };
	bootstrap_sign(STR("payload"), STR("abcdef"), STR("0123456789abcdef"), &out);
	assert_true(str_starts(buf_view(&out), STR("eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..")));
	assert_int_equal(out.n, 42 + 43);
}

static void a_certificate_lives_as_long_as_asked_within_limits(void **state)
{
	const int64_t year = 365 * 24 * 3600;
	(void)state;
	assert_int_equal(signing_life_s(0, year), year);
	assert_int_equal(signing_life_s(2 * year, year), year);
	assert_int_equal(signing_life_s(3600, year), 3600);
	assert_int_equal(signing_life_s(5, year), 600);
	assert_int_equal(signing_life_s(5, 2), 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_allows_what_it_is_for),
		cmocka_unit_test(other_signers_are_not_ours),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(a_certificate_lives_as_long_as_asked_within_limits),
		cmocka_unit_test(a_signature_is_detached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
