/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate with its key in one PEM file, so that both change at once; and the request (PKCS#10) for a new one. Any thread. */
#ifndef AGENT_JOIN_PAIR_H
#define AGENT_JOIN_PAIR_H

#include "base/buf.h"
#include "base/err.h"

struct pair_subject {
	const char *common_name;
	const char *organization, *dns_name; /* NULL: none */
};
/* A fresh P-256 key and the request that it signs, PEM both. */
int pair_request(const struct pair_subject *s, struct buf *key_pem, struct buf *request_pem,
		 struct err *err);

struct pair_life {
	int64_t from_s, to_s; /* since 1970 */
};
/* NOT_FOUND: no such file. INVALID: not a certificate with its key. */
int pair_read(const char *path, struct buf *pem, struct pair_life *life, struct err *err);
int pair_write(const char *path, struct str cert_pem, struct str key_pem, struct err *err);
/* When to ask for the next one: after 70 to 90 % of its life, as upstream's certificate manager; `spread` is any number. */
int64_t pair_due_s(const struct pair_life *life, uint64_t spread);

#endif
