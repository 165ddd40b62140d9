/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/identity/signing.h"

#include <mbedtls/oid.h>
#include <stdio.h>
#include <time.h>

#include "base/encode.h"
#include "base/mem.h"
#include "net/mbed.h"

#define BACKDATE_S ((int64_t)5 * 60)
#define SHORT_S    ((int64_t)8 * 3600)
#define LIFE_MIN_S ((int64_t)10 * 60)
#define PEM_MAX    16384

/* --- requests --- */

static void name_read(const mbedtls_asn1_named_data *d, struct signing_request *out)
{
	for (; d; d = d->next) {
		bool cn = MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &d->oid) == 0;
		bool org = MBEDTLS_OID_CMP(MBEDTLS_OID_AT_ORGANIZATION, &d->oid) == 0;
		char *to = cn ? out->common_name : out->organization;
		if ((!cn && !org) || d->val.len >= sizeof(out->common_name))
			continue;
		memcpy(to, d->val.p, d->val.len);
		to[d->val.len] = '\0';
		out->norganizations += org;
	}
}

/* That the asker has the key: the signature over what is asked for. */
static int signature_check(mbedtls_x509_csr *csr)
{
	unsigned char hash[MBEDTLS_MD_MAX_SIZE];
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(csr->MBEDTLS_PRIVATE(sig_md));
	if (!md)
		return MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG;
	int r = mbedtls_md(md, csr->cri.p, csr->cri.len, hash);
	return r ? r
		 : mbedtls_pk_verify_ext(csr->MBEDTLS_PRIVATE(sig_pk),
					 csr->MBEDTLS_PRIVATE(sig_opts), &csr->pk,
					 csr->MBEDTLS_PRIVATE(sig_md), hash,
					 mbedtls_md_get_size(md), csr->MBEDTLS_PRIVATE(sig).p,
					 csr->MBEDTLS_PRIVATE(sig).len);
}

int signing_request_parse(struct str pem, struct signing_request *out, struct err *err)
{
	auto_buf text = { 0 };
	buf_str(&text, pem);
	buf_putc(&text, '\0');
	mbedtls_x509_csr_init(&out->csr);
	if (!str_contains(pem, STR("-----BEGIN CERTIFICATE REQUEST-----")))
		return err_set(err, ERR_BAD_REQUEST, "PEM block type must be CERTIFICATE REQUEST");
	int r = mbedtls_x509_csr_parse(&out->csr, (unsigned char *)text.p, text.n);
	if (r == 0)
		r = signature_check(&out->csr);
	if (r)
		return mbed_error(err, ERR_INTERNAL, r, "parse request");
	name_read(&out->csr.subject, out);
	return 0;
}

void signing_request_free(struct signing_request *r)
{
	mbedtls_x509_csr_free(&r->csr);
}

/* --- what signers allow --- */

enum { SAN_EMAIL = 1, SAN_DNS = 2, SAN_URI = 6, SAN_IP = 7 };

static bool has_name(const struct signing_request *r, int kind)
{
	for (const mbedtls_x509_sequence *s = &r->csr.subject_alt_names; s; s = s->next)
		if (s->buf.p && (s->buf.tag & 0x1f) == kind)
			return true;
	return false;
}

bool signing_request_is_for(const struct signing_request *r, struct str name)
{
	bool found = false;
	for (const mbedtls_x509_sequence *s = &r->csr.subject_alt_names; s; s = s->next) {
		if (!s->buf.p)
			continue;
		if ((s->buf.tag & 0x1f) != SAN_DNS || !str_eq(str_of(s->buf.p, s->buf.len), name))
			return false;
		found = true;
	}
	return found;
}

static bool has_usage(const json_t *usages, const char *usage)
{
	for (size_t i = 0; i < json_array_size(usages); i++) {
		const char *one = json_string_value(json_array_get(usages, i));
		if (one && !strcmp(one, usage))
			return true;
	}
	return false;
}

static bool usages_are(const json_t *usages, const char *auth)
{
	static const char *const known[] = { "digital signature", "key encipherment" };
	for (size_t i = 0; i < json_array_size(usages); i++) {
		const char *one = json_string_value(json_array_get(usages, i));
		if (!one || (strcmp(one, known[0]) && strcmp(one, known[1]) && strcmp(one, auth)))
			return false;
	}
	return has_usage(usages, known[0]) && has_usage(usages, auth);
}

static const char *kubelet_client(const struct signing_request *r, const json_t *usages)
{
	if (r->norganizations != 1 || strcmp(r->organization, "system:nodes"))
		return "subject organization is not system:nodes";
	if (has_name(r, SAN_DNS))
		return "DNS subjectAltNames are not allowed";
	if (has_name(r, SAN_EMAIL))
		return "Email subjectAltNames are not allowed";
	if (has_name(r, SAN_IP))
		return "IP subjectAltNames are not allowed";
	if (has_name(r, SAN_URI))
		return "URI subjectAltNames are not allowed";
	if (strncmp(r->common_name, "system:node:", 12))
		return "subject common name does not begin with system:node:";
	if (!usages_are(usages, "client auth"))
		return "usages did not match [client auth digital signature key encipherment]";
	return NULL;
}

static const char *kubelet_serving(const struct signing_request *r, const json_t *usages)
{
	if (r->norganizations != 1 || strcmp(r->organization, "system:nodes"))
		return "subject organization is not system:nodes";
	if (!has_name(r, SAN_DNS) && !has_name(r, SAN_IP))
		return "DNS or IP subjectAltName is required";
	if (has_name(r, SAN_EMAIL))
		return "Email subjectAltNames are not allowed";
	if (has_name(r, SAN_URI))
		return "URI subjectAltNames are not allowed";
	if (!usages_are(usages, "server auth"))
		return "usages did not match [digital signature key encipherment server auth]";
	if (strncmp(r->common_name, "system:node:", 12))
		return "subject common name does not begin with system:node:";
	return NULL;
}

static const char *api_client(const struct signing_request *r, const json_t *usages)
{
	(void)r;
	if (!has_usage(usages, "client auth"))
		return "missing required usage for client certificate: client auth";
	for (size_t i = 0; i < json_array_size(usages); i++) {
		const char *one = json_string_value(json_array_get(usages, i));
		if (strcmp(one, "client auth") && strcmp(one, "digital signature") &&
		    strcmp(one, "key encipherment"))
			return "invalid usage for client certificate";
	}
	return NULL;
}

static const char *anything(const struct signing_request *r, const json_t *usages)
{
	(void)r;
	(void)usages;
	return NULL;
}

bool signing_request_check(const struct signing_request *r, struct str signer, const json_t *usages,
			   const char **why)
{
	static const struct {
		const char *signer;
		const char *(*check)(const struct signing_request *r, const json_t *usages);
	} rows[] = {
		{ SIGNER_KUBELET_CLIENT, kubelet_client },
		{ SIGNER_KUBELET_SERVING, kubelet_serving },
		{ SIGNER_CLIENT, api_client },
		{ SIGNER_LEGACY, anything },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!str_eqz(signer, rows[i].signer))
			continue;
		*why = rows[i].check(r, usages);
		return true;
	}
	return false;
}

/* --- certificates --- */

int signing_authority_parse(struct str cert_pem, struct str key_pem, struct signing_authority *out,
			    struct err *err)
{
	auto_buf cert = { 0 }, key = { 0 };
	buf_str(&cert, cert_pem);
	buf_putc(&cert, '\0');
	buf_str(&key, key_pem);
	buf_putc(&key, '\0');
	mbedtls_x509_crt_init(&out->crt);
	mbedtls_pk_init(&out->key);
	int r = mbedtls_x509_crt_parse(&out->crt, (unsigned char *)cert.p, cert.n);
	if (r == 0)
		r = mbedtls_pk_parse_key(&out->key, (unsigned char *)key.p, key.n, NULL, 0,
					 mbed_random, NULL);
	memset(key.p, 0, key.n);
	return r ? mbed_error(err, ERR_INTERNAL, r, "parse the signing authority") : 0;
}

void signing_authority_free(struct signing_authority *a)
{
	mbedtls_x509_crt_free(&a->crt);
	mbedtls_pk_free(&a->key);
}

static void der_length(struct buf *out, size_t n)
{
	if (n > 0xff) {
		buf_putc(out, (char)0x82);
		buf_putc(out, (char)(n >> 8));
	} else if (n > 0x7f) {
		buf_putc(out, (char)0x81);
	}
	buf_putc(out, (char)n);
}

/* The same alternative names as asked for, as they were written. */
static int names_copy(mbedtls_x509write_cert *w, const struct signing_request *r)
{
	auto_buf items = { 0 }, all = { 0 };
	for (const mbedtls_x509_sequence *s = &r->csr.subject_alt_names; s; s = s->next) {
		if (!s->buf.p)
			continue;
		buf_putc(&items, (char)s->buf.tag);
		der_length(&items, s->buf.len);
		buf_add(&items, s->buf.p, s->buf.len);
	}
	if (items.n == 0)
		return 0;
	if (items.n > 0xffff)
		return MBEDTLS_ERR_X509_BUFFER_TOO_SMALL;
	buf_putc(&all, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
	der_length(&all, items.n);
	buf_str(&all, buf_view(&items));
	return mbedtls_x509write_crt_set_extension(w, MBEDTLS_OID_SUBJECT_ALT_NAME,
						   MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME),
						   0, (unsigned char *)all.p, all.n);
}

#define EXTENDED(oid) (oid), MBEDTLS_OID_SIZE(oid)

static int usages_set(mbedtls_x509write_cert *w, const json_t *usages)
{
	static const struct {
		const char *name;
		unsigned bit;
		const char *oid;
		size_t noid;
	} rows[] = {
		{ "digital signature", MBEDTLS_X509_KU_DIGITAL_SIGNATURE, NULL, 0 },
		{ "signing", MBEDTLS_X509_KU_DIGITAL_SIGNATURE, NULL, 0 },
		{ "content commitment", MBEDTLS_X509_KU_NON_REPUDIATION, NULL, 0 },
		{ "key encipherment", MBEDTLS_X509_KU_KEY_ENCIPHERMENT, NULL, 0 },
		{ "data encipherment", MBEDTLS_X509_KU_DATA_ENCIPHERMENT, NULL, 0 },
		{ "key agreement", MBEDTLS_X509_KU_KEY_AGREEMENT, NULL, 0 },
		{ "client auth", 0, EXTENDED(MBEDTLS_OID_CLIENT_AUTH) },
		{ "server auth", 0, EXTENDED(MBEDTLS_OID_SERVER_AUTH) },
		{ "code signing", 0, EXTENDED(MBEDTLS_OID_CODE_SIGNING) },
		{ "email protection", 0, EXTENDED(MBEDTLS_OID_EMAIL_PROTECTION) },
		{ "timestamping", 0, EXTENDED(MBEDTLS_OID_TIME_STAMPING) },
		{ "ocsp signing", 0, EXTENDED(MBEDTLS_OID_OCSP_SIGNING) },
	};
	mbedtls_asn1_sequence list[COUNT_OF(rows)] = { 0 };
	unsigned bits = 0;
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!has_usage(usages, rows[i].name))
			continue;
		bits |= rows[i].bit;
		if (!rows[i].oid)
			continue;
		list[n].buf.tag = MBEDTLS_ASN1_OID;
		list[n].buf.p = (unsigned char *)(uintptr_t)rows[i].oid;
		list[n].buf.len = rows[i].noid;
		if (n)
			list[n - 1].next = &list[n];
		n++;
	}
	int r = bits ? mbedtls_x509write_crt_set_key_usage(w, bits) : 0;
	return r || n == 0 ? r : mbedtls_x509write_crt_set_ext_key_usage(w, list);
}

static void asn1_time(int64_t s, char out[16])
{
	time_t t = (time_t)s;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(out, 16, "%Y%m%d%H%M%S", &tm);
}

static int64_t end_of(const struct signing_authority *a)
{
	const mbedtls_x509_time *t = &a->crt.valid_to;
	struct tm tm = { .tm_year = t->year - 1900,
			 .tm_mon = t->mon - 1,
			 .tm_mday = t->day,
			 .tm_hour = t->hour,
			 .tm_min = t->min,
			 .tm_sec = t->sec };
	return (int64_t)timegm(&tm);
}

int64_t signing_life_s(int64_t asked_s, int64_t most_s)
{
	if (!asked_s || asked_s > most_s)
		return most_s;
	return asked_s < LIFE_MIN_S ? LIFE_MIN_S : asked_s;
}

static int validity_set(mbedtls_x509write_cert *w, const struct signing_authority *a, int64_t now_s,
			int64_t life_s)
{
	char from[16], to[16];
	int64_t until = now_s + life_s - (life_s < SHORT_S ? 0 : BACKDATE_S);
	if (until > end_of(a))
		until = end_of(a);
	asn1_time(now_s - BACKDATE_S, from);
	asn1_time(until, to);
	return mbedtls_x509write_crt_set_validity(w, from, to);
}

static int parties_set(mbedtls_x509write_cert *w, struct signing_authority *a,
		       struct signing_request *r)
{
	char issuer[512], subject[1024];
	mbedtls_x509write_crt_set_subject_key(w, &r->csr.pk);
	mbedtls_x509write_crt_set_issuer_key(w, &a->key);
	if (mbedtls_x509_dn_gets(issuer, sizeof(issuer), &a->crt.subject) < 0 ||
	    mbedtls_x509_dn_gets(subject, sizeof(subject), &r->csr.subject) < 0)
		return MBEDTLS_ERR_X509_BUFFER_TOO_SMALL;
	int e = mbedtls_x509write_crt_set_issuer_name(w, issuer);
	return e ? e : mbedtls_x509write_crt_set_subject_name(w, subject);
}

static int fill(mbedtls_x509write_cert *w, struct signing_authority *a, struct signing_request *r,
		const json_t *usages, int64_t now_s, int64_t life_s)
{
	unsigned char serial[16];
	rand_bytes(serial, sizeof(serial));
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* positive, and of full length */
	mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
	int e = mbedtls_x509write_crt_set_serial_raw(w, serial, sizeof(serial));
	e = e ? e : validity_set(w, a, now_s, life_s);
	e = e ? e : parties_set(w, a, r);
	e = e ? e : mbedtls_x509write_crt_set_basic_constraints(w, 0, -1);
	e = e ? e : usages_set(w, usages);
	e = e ? e : mbedtls_x509write_crt_set_authority_key_identifier(w);
	return e ? e : names_copy(w, r);
}

int signing_issue(struct signing_authority *a, struct signing_request *r, const json_t *usages,
		  int64_t now_s, int64_t life_s, struct buf *out, struct err *err)
{
	mbedtls_x509write_cert w;
	mbedtls_x509write_crt_init(&w);
	int e = fill(&w, a, r, usages, now_s, life_s);
	auto_free char *text = mem_alloc(PEM_MAX);
	if (e == 0)
		e = mbedtls_x509write_crt_pem(&w, (unsigned char *)text, PEM_MAX, mbed_random,
					      NULL);
	mbedtls_x509write_crt_free(&w);
	if (e == 0)
		buf_puts(out, text);
	return e ? mbed_error(err, ERR_INTERNAL, e, "issue certificate") : 0;
}
