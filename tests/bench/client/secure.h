/* SPDX-License-Identifier: Apache-2.0 */
/* A blocking TLS 1.3 connection to the target, as the kubeconfig's client: the handshake by mbedTLS, then records by tls_record.h. What
 * can't be done ends the program. */
#ifndef TESTS_BENCH_CLIENT_SECURE_H
#define TESTS_BENCH_CLIENT_SECURE_H

#include "net/tls_record.h"

struct trust; /* what handshakes share */
struct trust *trust_new(void);
void trust_free(struct trust *t);

struct secure {
	int fd;
	struct tls_records *records;
};
void secure_connect(struct secure *c, struct trust *t);
void secure_say(struct secure *c, const char *text); /* less than 2 KB */
void secure_close(struct secure *c);

#endif
