/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/join/pair.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <time.h>

#include "base/encode.h"
#include "base/file.h"
#include "net/mbed.h"

#define PEM_MAX  4096
#define FILE_MAX (1u << 20)

static int key_make(mbedtls_pk_context *key, struct buf *pem, struct err *err)
{
	unsigned char text[PEM_MAX];
	int r = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
	if (r == 0)
		r = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbed_random,
					NULL);
	if (r == 0)
		r = mbedtls_pk_write_key_pem(key, text, sizeof(text));
	if (r)
		return mbed_error(err, ERR_INVALID, r, "make a key");
	buf_puts(pem, (char *)text);
	explicit_bzero(text, sizeof(text));
	return 0;
}

static int request_write(const struct pair_subject *s, mbedtls_pk_context *key, struct buf *pem,
			 struct err *err)
{
	char subject[640];
	unsigned char text[PEM_MAX];
	mbedtls_x509write_csr w;
	mbedtls_x509_san_list name = { .node.type = MBEDTLS_X509_SAN_DNS_NAME };
	mbedtls_x509write_csr_init(&w);
	const char *org = s->organization ? s->organization : "";
	snprintf(subject, sizeof(subject), "%s%s%sCN=%s", *org ? "O=" : "", org, *org ? "," : "",
		 s->common_name);
	int r = mbedtls_x509write_csr_set_subject_name(&w, subject);
	mbedtls_x509write_csr_set_key(&w, key);
	mbedtls_x509write_csr_set_md_alg(&w, MBEDTLS_MD_SHA256);
	if (r == 0 && s->dns_name) {
		name.node.san.unstructured_name.p = (unsigned char *)(uintptr_t)s->dns_name;
		name.node.san.unstructured_name.len = strlen(s->dns_name);
		r = mbedtls_x509write_csr_set_subject_alternative_name(&w, &name);
	}
	if (r == 0)
		r = mbedtls_x509write_csr_pem(&w, text, sizeof(text), mbed_random, NULL);
	mbedtls_x509write_csr_free(&w);
	if (r)
		return mbed_error(err, ERR_INVALID, r, "make a certificate request");
	buf_puts(pem, (char *)text);
	return 0;
}

int pair_request(const struct pair_subject *s, struct buf *key_pem, struct buf *request_pem,
		 struct err *err)
{
	mbedtls_pk_context key;
	mbedtls_pk_init(&key);
	int r = key_make(&key, key_pem, err);
	if (r == 0)
		r = request_write(s, &key, request_pem, err);
	mbedtls_pk_free(&key);
	return r;
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

static int pair_check(const struct buf *pem, struct pair_life *life, struct err *err)
{
	mbedtls_x509_crt crt;
	mbedtls_pk_context key;
	const unsigned char *text = (const unsigned char *)pem->p;
	mbedtls_x509_crt_init(&crt);
	mbedtls_pk_init(&key);
	int r = mbedtls_x509_crt_parse(&crt, text, pem->n + 1);
	if (r == 0)
		r = mbedtls_pk_parse_key(&key, text, pem->n + 1, NULL, 0, mbed_random, NULL);
	if (r == 0)
		r = mbedtls_pk_check_pair(&crt.pk, &key, mbed_random, NULL);
	if (r == 0)
		*life = (struct pair_life){ seconds_of(&crt.valid_from),
					    seconds_of(&crt.valid_to) };
	mbedtls_pk_free(&key);
	mbedtls_x509_crt_free(&crt);
	return r ? mbed_error(err, ERR_INVALID, r, "certificate and key") : 0;
}

int pair_read(const char *path, struct buf *pem, struct pair_life *life, struct err *err)
{
	int r = file_read(path, FILE_MAX, pem, err);
	if (r == 0 && pem->n == 0)
		r = err_set(err, ERR_INVALID, "it is empty");
	if (r == 0)
		r = pair_check(pem, life, err);
	return r < 0 ? err_wrap(err, r, "read %s", path) : 0;
}

int pair_write(const char *path, struct str cert_pem, struct str key_pem, struct err *err)
{
	auto_buf all = { 0 };
	buf_str(&all, cert_pem);
	if (all.n && all.p[all.n - 1] != '\n')
		buf_putc(&all, '\n');
	buf_str(&all, key_pem);
	int r = file_write_atomic(path, all.p, all.n, 0600, err);
	explicit_bzero(all.p, all.n);
	return r;
}

int64_t pair_due_s(const struct pair_life *life, uint64_t spread)
{
	int64_t whole = life->to_s - life->from_s;
	return life->from_s + whole * 7 / 10 + (int64_t)(spread % 1000) * (whole / 5) / 1000;
}
