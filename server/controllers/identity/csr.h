/* SPDX-License-Identifier: Apache-2.0 */
/* What the controllers of CertificateSigningRequests share: their queue, and reading requests. Trees: any thread. */
#ifndef SERVER_CONTROLLERS_IDENTITY_CSR_H
#define SERVER_CONTROLLERS_IDENTITY_CSR_H

#include <jansson.h>

#include "server/controllers/controller.h"
#include "server/controllers/identity/signing.h"

json_t *csr_condition(const json_t *csr, const char *type); /* that is true; or NULL */
bool csr_has_certificate(const json_t *csr);
void csr_add_condition(json_t *csr, const char *type, const char *reason, const char *message);
/* The request in spec.request. */
int csr_request(const json_t *csr, struct signing_request *out, struct err *err);

/* Each request that comes or changes goes into the queue, by its name; for start(). */
void csr_watch(struct controller *c);

#endif
