/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about other names go to the name servers of the machine (resolv.conf, read again when it changes), one after the
 * other until one answers, from a fresh port and under a fresh id each. Loop thread only. */
#ifndef SERVER_DNS_FORWARD_H
#define SERVER_DNS_FORWARD_H

#include "net/loop.h"
#include "server/dns/message.h"

#define DNS_FORWARDS_MAX 512 /* questions under way; more get SERVFAIL */

struct dns_forwarder;
/* `own`: addresses that are ours and must not be asked. NULL-terminated, copied. port 0: 53. */
struct dns_forwarder *dns_forwarder_new(struct loop *l, const char *resolv_conf, int port,
					const char *const *own);
void dns_forwarder_free(struct dns_forwarder *f); /* questions under way end without a word */

/* `done` gets the answer under the query's own id, or n == 0 when there is none; always later, never in the call. With `whole`
 * an answer that was cut is fetched again over TCP. False: too many under way. */
typedef void (*dns_forwarded)(void *ctx, const void *answer, size_t n);
bool dns_forward(struct dns_forwarder *f, const void *query, size_t n, bool whole,
		 dns_forwarded done, void *ctx);

#endif
