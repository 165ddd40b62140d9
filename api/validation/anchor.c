/* SPDX-License-Identifier: Apache-2.0 */
/* mbedtls refuses certificates whose key or signature it doesn't know before it has read them; those are walked here, by RFC 5280:
 *
 *	Certificate ::= SEQUENCE { SEQUENCE { [0] version?, serial, signature, issuer, validity, subject, key, [1]? [2]? [3] extensions }, signatureAlgorithm, signature } */
#include "api/validation/anchor.h"

#include <mbedtls/asn1.h>
#include <mbedtls/x509_crt.h>

#define SEQUENCE   (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)
#define CONTEXT(n) (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | (n))

/* What is left of an element. */
struct rest {
	unsigned char *p, *end;
};

static bool enter(struct rest *r, int tag, struct rest *inside)
{
	size_t n;
	if (mbedtls_asn1_get_tag(&r->p, r->end, &n, tag))
		return false;
	*inside = (struct rest){ r->p, r->p + n };
	r->p += n;
	return true;
}

static bool pass(struct rest *r, int tag)
{
	struct rest ignored;
	return enter(r, tag, &ignored);
}

static bool is_authority(struct rest extensions)
{
	static const unsigned char basic_constraints[] = { 0x55, 0x1d, 0x13 };
	struct rest one, oid, value, constraints;
	while (extensions.p < extensions.end && enter(&extensions, SEQUENCE, &one)) {
		int ca = 0, critical;
		if (!enter(&one, MBEDTLS_ASN1_OID, &oid))
			return false;
		mbedtls_asn1_get_bool(&one.p, one.end, &critical);
		if (!enter(&one, MBEDTLS_ASN1_OCTET_STRING, &value))
			return false;
		if (oid.end - oid.p != sizeof(basic_constraints) ||
		    memcmp(oid.p, basic_constraints, sizeof(basic_constraints)) != 0)
			continue;
		return enter(&value, SEQUENCE, &constraints) &&
		       mbedtls_asn1_get_bool(&constraints.p, constraints.end, &ca) == 0 && ca;
	}
	return false;
}

static enum anchor walk(struct str der)
{
	unsigned char *start = (unsigned char *)(uintptr_t)der.p;
	struct rest all = { start, start + der.n }, certificate, body, tagged, extensions;
	if (!enter(&all, SEQUENCE, &certificate) || all.p != all.end ||
	    !enter(&certificate, SEQUENCE, &body))
		return ANCHOR_NOT_X509;
	pass(&body, CONTEXT(0));
	if (!pass(&body, MBEDTLS_ASN1_INTEGER) || !pass(&body, SEQUENCE) ||
	    !pass(&body, SEQUENCE) || !pass(&body, SEQUENCE) || !pass(&body, SEQUENCE) ||
	    !pass(&body, SEQUENCE) || !pass(&certificate, SEQUENCE) ||
	    !pass(&certificate, MBEDTLS_ASN1_BIT_STRING))
		return ANCHOR_NOT_X509;
	pass(&body, CONTEXT(1));
	pass(&body, CONTEXT(2));
	if (!enter(&body, CONTEXT(3), &tagged))
		return ANCHOR_NO_AUTHORITY;
	if (!enter(&tagged, SEQUENCE, &extensions))
		return ANCHOR_NOT_X509;
	return is_authority(extensions) ? ANCHOR_FINE : ANCHOR_NO_AUTHORITY;
}

/* An algorithm that is unknown is no fault of the certificate's. */
static bool is_unknown_algorithm(int e)
{
	int low = -(-e & 0x7f), high = e - low;
	return high == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG || high == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG ||
	       e == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG || e == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG;
}

enum anchor anchor_of(struct str der)
{
	mbedtls_x509_crt crt;
	mbedtls_x509_crt_init(&crt);
	int e = mbedtls_x509_crt_parse_der(&crt, (const unsigned char *)der.p, der.n);
	enum anchor is = e && is_unknown_algorithm(e)           ? walk(der)
			 : e                                    ? ANCHOR_NOT_X509
			 : mbedtls_x509_crt_get_ca_istrue(&crt) ? ANCHOR_FINE
								: ANCHOR_NO_AUTHORITY;
	mbedtls_x509_crt_free(&crt);
	return is;
}
