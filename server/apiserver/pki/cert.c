/* SPDX-License-Identifier: Apache-2.0 */
/* Life starts an hour before now, so that clocks of other machines may be a little slow. */
#include "server/apiserver/pki/cert.h"

#include <arpa/inet.h>
#include <mbedtls/oid.h>
#include <stdio.h>
#include <time.h>

#include "base/encode.h"
#include "base/mem.h"
#include "net/mbed.h"

#define SLOW_CLOCK_S 3600
#define CERT_PEM_MAX 8192
#define NAMES_MAX    256

struct san_set {
	mbedtls_x509_san_list nodes[NAMES_MAX];
	unsigned char addresses[NAMES_MAX][16];
	size_t n;
};

static size_t address_parse(const char *text, unsigned char out[16])
{
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static void san_add(struct san_set *s, const char *name)
{
	if (s->n == NAMES_MAX)
		return;
	mbedtls_x509_san_list *node = &s->nodes[s->n];
	size_t length = address_parse(name, s->addresses[s->n]);
	node->node.type = length ? MBEDTLS_X509_SAN_IP_ADDRESS : MBEDTLS_X509_SAN_DNS_NAME;
	node->node.san.unstructured_name.p = length ? s->addresses[s->n] : (unsigned char *)name;
	node->node.san.unstructured_name.len = length ? length : strlen(name);
	if (s->n)
		s->nodes[s->n - 1].next = node;
	s->n++;
}

static int names_set(mbedtls_x509write_cert *w, const char *const *names)
{
	if (!names || !names[0])
		return 0;
	struct san_set *set = NEW(struct san_set);
	for (size_t i = 0; names[i]; i++)
		san_add(set, names[i]);
	int r = mbedtls_x509write_crt_set_subject_alternative_name(w, set->nodes);
	free(set);
	return r;
}

static int use_set(mbedtls_x509write_cert *w, enum cert_use use)
{
	bool server = use == CERT_SERVER;
	int r = mbedtls_x509write_crt_set_basic_constraints(w, use == CERT_CA, -1);
	if (r)
		return r;
	if (use == CERT_CA)
		return mbedtls_x509write_crt_set_key_usage(
			w, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN |
				   MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	mbedtls_asn1_sequence usage = { 0 };
	usage.buf.tag = MBEDTLS_ASN1_OID;
	usage.buf.p = (unsigned char *)(server ? MBEDTLS_OID_SERVER_AUTH : MBEDTLS_OID_CLIENT_AUTH);
	usage.buf.len = server ? MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)
			       : MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH);
	r = mbedtls_x509write_crt_set_ext_key_usage(w, &usage);
	return r ? r : mbedtls_x509write_crt_set_key_usage(w, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
}

static void asn1_time(int64_t s, char out[16])
{
	time_t t = (time_t)s;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(out, 16, "%Y%m%d%H%M%S", &tm);
}

static int subject_set(mbedtls_x509write_cert *w, const struct cert_spec *spec, char *subject,
		       size_t size)
{
	if (spec->organization)
		snprintf(subject, size, "O=%s,CN=%s", spec->organization, spec->common_name);
	else
		snprintf(subject, size, "CN=%s", spec->common_name);
	return mbedtls_x509write_crt_set_subject_name(w, subject);
}

static int issuer_set(mbedtls_x509write_cert *w, const struct cert_authority *ca,
		      mbedtls_pk_context *own, const char *subject)
{
	char name[512];
	mbedtls_x509write_crt_set_issuer_key(w, ca ? (mbedtls_pk_context *)&ca->key : own);
	if (ca && mbedtls_x509_dn_gets(name, sizeof(name), &ca->crt.subject) < 0)
		return MBEDTLS_ERR_X509_BUFFER_TOO_SMALL;
	return mbedtls_x509write_crt_set_issuer_name(w, ca ? name : subject);
}

static int cert_fill(mbedtls_x509write_cert *w, const struct cert_spec *spec,
		     mbedtls_pk_context *key)
{
	unsigned char serial[16];
	char subject[512], from[16], to[16];
	rand_bytes(serial, sizeof(serial));
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* positive, and of full length */
	asn1_time(spec->now_s - SLOW_CLOCK_S, from);
	asn1_time(spec->now_s + spec->life_s, to);
	mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(w, key);
	int r = mbedtls_x509write_crt_set_serial_raw(w, serial, sizeof(serial));
	if (r == 0)
		r = mbedtls_x509write_crt_set_validity(w, from, to);
	if (r == 0)
		r = subject_set(w, spec, subject, sizeof(subject));
	if (r == 0)
		r = issuer_set(w, spec->issuer, key, subject);
	if (r == 0)
		r = use_set(w, spec->use);
	if (r == 0)
		r = mbedtls_x509write_crt_set_subject_key_identifier(w);
	if (r == 0)
		r = mbedtls_x509write_crt_set_authority_key_identifier(w);
	return r ? r : names_set(w, spec->names);
}

int cert_issue(const struct cert_spec *spec, mbedtls_pk_context *key, struct buf *pem,
	       struct err *err)
{
	mbedtls_x509write_cert w;
	mbedtls_x509write_crt_init(&w);
	int r = cert_fill(&w, spec, key);
	char *text = mem_alloc(CERT_PEM_MAX);
	if (r == 0)
		r = mbedtls_x509write_crt_pem(&w, (unsigned char *)text, CERT_PEM_MAX, mbed_random,
					      NULL);
	mbedtls_x509write_crt_free(&w);
	if (r == 0)
		buf_puts(pem, text);
	free(text);
	return r ? mbed_error(err, ERR_INTERNAL, r, "issue certificate") : 0;
}

static int crt_parse(struct str pem, mbedtls_x509_crt *out, struct err *err)
{
	struct buf text = { 0 };
	mbedtls_x509_crt_init(out);
	buf_str(&text, pem);
	buf_putc(&text, 0);
	int r = mbedtls_x509_crt_parse(out, (unsigned char *)text.p, text.n);
	buf_free(&text);
	return r ? mbed_error(err, ERR_INTERNAL, r, "parse certificate") : 0;
}

int cert_authority_parse(struct str cert_pem, struct str key_pem, struct cert_authority *out,
			 struct err *err)
{
	mbedtls_pk_init(&out->key);
	int r = crt_parse(cert_pem, &out->crt, err);
	if (r == 0)
		r = key_parse(key_pem, &out->key, err);
	if (r == 0 && mbedtls_pk_check_pair(&out->crt.pk, &out->key, mbed_random, NULL))
		r = err_set(err, ERR_INTERNAL,
			    "the authority's key does not belong to its certificate");
	buf_str(&out->pem, cert_pem);
	return r;
}

void cert_authority_free(struct cert_authority *ca)
{
	mbedtls_x509_crt_free(&ca->crt);
	mbedtls_pk_free(&ca->key);
	buf_free(&ca->pem);
}

static int64_t seconds_of(const mbedtls_x509_time *t)
{
	struct tm tm = { .tm_year = t->year - 1900,
			 .tm_mon = t->mon - 1,
			 .tm_mday = t->day,
			 .tm_hour = t->hour,
			 .tm_min = t->min,
			 .tm_sec = t->sec };
	return (int64_t)timegm(&tm);
}

int cert_facts_of(struct str pem, struct cert_facts *out, struct err *err)
{
	mbedtls_x509_crt crt;
	int r = crt_parse(pem, &crt, err);
	if (r == 0)
		*out = (struct cert_facts){ seconds_of(&crt.valid_from),
					    seconds_of(&crt.valid_to) };
	mbedtls_x509_crt_free(&crt);
	return r;
}

static bool crt_names(const mbedtls_x509_crt *crt, const char *name)
{
	unsigned char address[16];
	size_t length = address_parse(name, address);
	struct str wanted = length ? str_of(address, length) : str_from(name);
	for (const mbedtls_x509_sequence *s = &crt->subject_alt_names; s; s = s->next)
		if (str_eq(wanted, str_of(s->buf.p, s->buf.len)))
			return true;
	return false;
}

bool cert_needs_renewal(struct str pem, const struct cert_authority *ca, const char *const *names,
			int64_t now_s)
{
	mbedtls_x509_crt crt;
	uint32_t flags = 0;
	bool bad = crt_parse(pem, &crt, NULL) < 0;
	if (!bad) {
		int64_t from = seconds_of(&crt.valid_from), to = seconds_of(&crt.valid_to);
		bad = now_s > to - (to - from) / 3;
		bad = bad || mbedtls_x509_crt_verify(&crt, (mbedtls_x509_crt *)&ca->crt, NULL, NULL,
						     &flags, NULL, NULL);
	}
	for (size_t i = 0; !bad && names && names[i]; i++)
		bad = !crt_names(&crt, names[i]);
	mbedtls_x509_crt_free(&crt);
	return bad;
}
