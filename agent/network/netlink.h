/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink spoken directly: a growing batch of messages with attributes, sent at once, with acknowledgements waited for. What
 * rtnetlink (link.h) and nf_tables (nft.h) stand on. A socket belongs to the network namespace in which its thread was when it was
 * opened and works from any other. One user at a time; blocking, a few microseconds per message.
 * Follows the kernel's Documentation/userspace-api/netlink/intro.rst and <linux/netlink.h>. */
#ifndef AGENT_NETWORK_NETLINK_H
#define AGENT_NETWORK_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct netlink {
	int fd;
	uint32_t seq;
};
int netlink_open(struct netlink *nl, int protocol,
		 struct err *err); /* NETLINK_ROUTE, NETLINK_NETFILTER */
void netlink_close(struct netlink *nl);

/* A batch under construction: start with {0}. Offsets, not pointers, since the buffer moves. */
struct netlink_batch {
	struct buf bytes;
	size_t message; /* offset of the message being built */
	uint32_t first_seq, count;
	uint32_t acks; /* how many of them ask for an acknowledgement */
};
void netlink_batch_free(struct netlink_batch *b);
/* Starts the next message; `header` is the family's fixed part (struct ifinfomsg, …). NLM_F_REQUEST is added. */
void netlink_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header,
		   size_t n);
void netlink_attr(struct netlink_batch *b, uint16_t type, const void *p, size_t n);
void netlink_attr_u32(struct netlink_batch *b, uint16_t type, uint32_t v);
void netlink_attr_be32(struct netlink_batch *b, uint16_t type, uint32_t v);
void netlink_attr_text(struct netlink_batch *b, uint16_t type, const char *text); /* with its NUL */
/* The message being built is to be acknowledged, as with NLM_F_ACK. Of a transaction of nf_tables only the last one needs that:
 * what fails is told in any case, before it. */
void netlink_ask_ack(struct netlink_batch *b);
size_t netlink_nest(struct netlink_batch *b,
		    uint16_t type); /* until netlink_nest_end(b, what this gave) */
void netlink_nest_end(struct netlink_batch *b, size_t nest);

/* Sends the batch and waits for its acknowledgements. The first message that failed gives its negative errno through
 * out_errno (may be NULL) and an err; `ignore`: an errno that counts as success (EEXIST, ENOENT, …), 0: none. */
int netlink_commit(struct netlink *nl, struct netlink_batch *b, int ignore, int *out_errno,
		   struct err *err);
/* Sends one request and hands each answer message to fn until the answer is complete. */
int netlink_query(struct netlink *nl, struct netlink_batch *b,
		  void (*fn)(void *ctx, const struct nlmsghdr *m), void *ctx, struct err *err);
/* The attribute `type` among those after a fixed header of `skip` bytes; NULL if absent. */
const struct nlattr *netlink_find(const struct nlmsghdr *m, size_t skip, uint16_t type);
/* The same inside a nested attribute. */
const struct nlattr *netlink_find_in(const struct nlattr *nest, uint16_t type);
#define NETLINK_ATTR_HEADER 4u /* NLA_HDRLEN, unsigned */
static inline const void *netlink_data(const struct nlattr *a)
{
	return (const char *)a + NETLINK_ATTR_HEADER;
}

#endif
