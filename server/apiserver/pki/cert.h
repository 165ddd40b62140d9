/* SPDX-License-Identifier: Apache-2.0 */
/* Issues X.509 certificates. Blocking, any thread. */
#ifndef SERVER_APISERVER_PKI_CERT_H
#define SERVER_APISERVER_PKI_CERT_H

#include <mbedtls/x509_crt.h>

#include "server/apiserver/pki/key.h"

enum cert_use { CERT_CA, CERT_SERVER, CERT_CLIENT };
struct cert_authority {
	mbedtls_x509_crt crt;
	mbedtls_pk_context key;
	struct buf pem; /* of the certificate */
};
struct cert_spec {
	enum cert_use use;
	const char *common_name;
	const char *organization; /* NULL: none */
	const char *const *
		names; /* subject alternative names, DNS names or addresses; NULL-terminated, may be NULL */
	int64_t now_s, life_s;
	const struct cert_authority *issuer; /* NULL: self-signed */
};
int cert_issue(const struct cert_spec *spec, mbedtls_pk_context *key, struct buf *pem,
	       struct err *err);

int cert_authority_parse(struct str cert_pem, struct str key_pem, struct cert_authority *out,
			 struct err *err);
void cert_authority_free(struct cert_authority *ca);

struct cert_facts {
	int64_t not_before_s, not_after_s;
};
int cert_facts_of(struct str pem, struct cert_facts *out,
		  struct err *err); /* of the first certificate */
/* Whether less than a third of its life is left, or it does not name one of `names`, or `ca` did not issue it. */
bool cert_needs_renewal(struct str pem, const struct cert_authority *ca, const char *const *names,
			int64_t now_s);

#endif
