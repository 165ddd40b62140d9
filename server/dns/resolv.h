/* SPDX-License-Identifier: Apache-2.0 */
/* The name servers of a resolv.conf (resolv.conf(5)), read again when the file changes, looked at every five seconds at most and
 * only when someone asks. Not thread-safe. */
#ifndef SERVER_DNS_RESOLV_H
#define SERVER_DNS_RESOLV_H

#include <sys/socket.h>
#include <sys/stat.h>

#include "base/str.h"

#define RESOLV_SERVERS_MAX 3
struct resolv {
	char *path;
	struct timespec changed;
	int64_t looked_ms; /* 0: never */
	struct sockaddr_storage servers[RESOLV_SERVERS_MAX];
	size_t n;
	int port;
};
void resolv_init(struct resolv *r, const char *path, int port); /* port 0: 53 */
void resolv_free(struct resolv *r);
/* `own`: addresses that are not taken, NULL-terminated. `now_ms`: of any clock that only goes forward. */
void resolv_refresh(struct resolv *r, const char *const *own, int64_t now_ms);
void resolv_parse(struct resolv *r, struct str text, const char *const *own);

#endif
