/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate signing requests (PKCS#10, RFC 2986): what they ask for, whether a signer's rules allow it, and the certificate. Follows
 * upstream's pkg/apis/certificates/helpers.go and pkg/controller/certificates/{signer,authority}. Any thread. */
#ifndef SERVER_CONTROLLERS_IDENTITY_SIGNING_H
#define SERVER_CONTROLLERS_IDENTITY_SIGNING_H

#include <jansson.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>

#include "base/buf.h"
#include "base/err.h"

#define SIGNER_KUBELET_CLIENT  "kubernetes.io/kube-apiserver-client-kubelet"
#define SIGNER_KUBELET_SERVING "kubernetes.io/kubelet-serving"
#define SIGNER_CLIENT          "kubernetes.io/kube-apiserver-client"
#define SIGNER_LEGACY          "kubernetes.io/legacy-unknown"

struct signing_request { /* start with {0}, signing_request_free() */
	mbedtls_x509_csr csr;
	char common_name[256];
	char organization[256]; /* the first one */
	size_t norganizations;
};
int signing_request_parse(struct str pem, struct signing_request *out, struct err *err);
void signing_request_free(struct signing_request *r);

/* 0, or why a request of this signer with these usages (a list of words) is not valid. False: not a signer of ours. */
bool signing_request_check(const struct signing_request *r, struct str signer, const json_t *usages,
			   const char **why);

/* Whether `name` is the only one that the certificate is to stand for beside its subject. */
bool signing_request_is_for(const struct signing_request *r, struct str name);

struct signing_authority {
	mbedtls_x509_crt crt;
	mbedtls_pk_context key;
};
int signing_authority_parse(struct str cert_pem, struct str key_pem, struct signing_authority *out,
			    struct err *err);
void signing_authority_free(struct signing_authority *a);
/* For how long: what was asked (0: nothing), 10 minutes at least, but never more than `most_s`. */
int64_t signing_life_s(int64_t asked_s, int64_t most_s);
/* Appends PEM. The certificate begins five minutes ago, ends that much sooner if it is for eight hours or more, and never outlives
 * the authority. */
int signing_issue(struct signing_authority *a, struct signing_request *r, const json_t *usages,
		  int64_t now_s, int64_t life_s, struct buf *out, struct err *err);

#endif
