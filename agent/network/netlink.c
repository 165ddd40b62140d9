/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is one buffer of aligned messages. Lengths are patched when a message or nest is closed; the message being built is
 * always the last one, so closing means writing its length after each attribute. */
#include "agent/network/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/file.h"

#define ANSWER_BYTES 32768
#define TIMEOUT_S    5
#define ACK_BYTES    1024 /* what the kernel counts for one that waits to be read, and some more */
#define ACKS_AT_ONCE 100  /* that many wait in any socket */

int netlink_open(struct netlink *nl, int protocol, struct err *err)
{
	auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return err_sys(err, "open a netlink socket");
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)); /* short acknowledgements */
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, "bind a netlink socket");
	nl->fd = TAKE_FD(fd);
	nl->seq = 0;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

void netlink_batch_free(struct netlink_batch *b)
{
	buf_free(&b->bytes);
	*b = (struct netlink_batch){ 0 };
}

static void add_padded(struct netlink_batch *b, const void *p, size_t n)
{
	static const char zeros[NLMSG_ALIGNTO];
	buf_add(&b->bytes, p, n);
	buf_add(&b->bytes, zeros, NLMSG_ALIGN(n) - n);
}

static struct nlmsghdr *message_of(struct netlink_batch *b)
{
	return (struct nlmsghdr *)(void *)(b->bytes.p + b->message);
}

static void close_message(struct netlink_batch *b)
{
	message_of(b)->nlmsg_len = (uint32_t)(b->bytes.n - b->message);
}

void netlink_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header,
		   size_t n)
{
	struct nlmsghdr m = {
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST),
		.nlmsg_seq = b->count++, /* relative: netlink_commit() adds the socket's own */
	};
	b->message = b->bytes.n;
	if (flags & NLM_F_ACK)
		b->acks++;
	add_padded(b, &m, sizeof(m));
	add_padded(b, header, n);
	close_message(b);
}

void netlink_ask_ack(struct netlink_batch *b)
{
	message_of(b)->nlmsg_flags |= NLM_F_ACK;
	b->acks++;
}

void netlink_attr(struct netlink_batch *b, uint16_t type, const void *p, size_t n)
{
	struct nlattr a = { .nla_len = (uint16_t)(NETLINK_ATTR_HEADER + n), .nla_type = type };
	add_padded(b, &a, sizeof(a));
	add_padded(b, p, n);
	close_message(b);
}

void netlink_attr_u32(struct netlink_batch *b, uint16_t type, uint32_t v)
{
	netlink_attr(b, type, &v, sizeof(v));
}

void netlink_attr_be32(struct netlink_batch *b, uint16_t type, uint32_t v)
{
	netlink_attr_u32(b, type, htonl(v));
}

void netlink_attr_text(struct netlink_batch *b, uint16_t type, const char *text)
{
	netlink_attr(b, type, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink_batch *b, uint16_t type)
{
	size_t at = b->bytes.n;
	netlink_attr(b, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void netlink_nest_end(struct netlink_batch *b, size_t nest)
{
	((struct nlattr *)(void *)(b->bytes.p + nest))->nla_len = (uint16_t)(b->bytes.n - nest);
}

static void number_messages(struct netlink *nl, struct netlink_batch *b)
{
	b->first_seq = nl->seq + 1;
	nl->seq += b->count;
	for (size_t at = 0; at < b->bytes.n;) {
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)(b->bytes.p + at);
		m->nlmsg_seq += b->first_seq;
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
}

static void make_space(int fd, int forced, int option, size_t n)
{
	int space = (int)n;
	if (setsockopt(fd, SOL_SOCKET, forced, &space, sizeof(space)) < 0)
		setsockopt(fd, SOL_SOCKET, option, &space, sizeof(space));
}

/* The kernel has carried out the batch, and queued all its answers, when sendto() returns. */
static int send_batch(struct netlink *nl, struct netlink_batch *b, struct err *err)
{
	number_messages(nl, b);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	if (b->bytes.n > ANSWER_BYTES)
		make_space(nl->fd, SO_SNDBUFFORCE, SO_SNDBUF, b->bytes.n + ANSWER_BYTES);
	if (b->acks > ACKS_AT_ONCE)
		make_space(nl->fd, SO_RCVBUFFORCE, SO_RCVBUF, (size_t)b->acks * ACK_BYTES);
	if (sendto(nl->fd, b->bytes.p, b->bytes.n, 0, (struct sockaddr *)&kernel, sizeof(kernel)) <
	    0)
		return err_sys(err, "send to netlink");
	return 0;
}

static int receive(struct netlink *nl, char *space, size_t *out, struct err *err)
{
	ssize_t n;
	do
		n = recv(nl->fd, space, ANSWER_BYTES, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "receive from netlink");
	*out = (size_t)n;
	return 0;
}

/* Answers that were not read stand in the way of the next ones, silently: the kernel says only once that there is no more room. */
static void drop_answers(struct netlink *nl, char *space)
{
	while (recv(nl->fd, space, ANSWER_BYTES, MSG_DONTWAIT) >= 0 || errno == EINTR ||
	       errno == ENOBUFS)
		;
}

static bool is_ours(const struct netlink_batch *b, const struct nlmsghdr *m)
{
	return m->nlmsg_seq - b->first_seq < b->count;
}

static int errno_of(const struct nlmsghdr *m)
{
	return -((const struct nlmsgerr *)NLMSG_DATA(m))->error;
}

int netlink_commit(struct netlink *nl, struct netlink_batch *b, int ignore, int *out_errno,
		   struct err *err)
{
	_Alignas(8) char space[ANSWER_BYTES];
	int failed = 0;
	int r = send_batch(nl, b, err);
	/* nf_tables answers a failed batch with one error per bad message and may leave out the acknowledgements of the others */
	for (uint32_t left = b->acks; r == 0 && left > 0;) {
		size_t n = 0;
		if ((r = receive(nl, space, &n, err)) < 0)
			break;
		unsigned rest = (unsigned)n;
		for (struct nlmsghdr *m = (void *)space; NLMSG_OK(m, rest);
		     m = NLMSG_NEXT(m, rest)) {
			if (m->nlmsg_type != NLMSG_ERROR || !is_ours(b, m))
				continue;
			left--;
			int code = errno_of(m);
			if (code && code != ignore && !failed)
				failed = code;
		}
		if (failed && b->count != b->acks)
			break; /* a transaction: nothing of it was done */
	}
	netlink_batch_free(b);
	if (r < 0 || failed)
		drop_answers(nl, space);
	if (r < 0)
		return r;
	if (out_errno)
		*out_errno = failed;
	if (!failed)
		return 0;
	errno = failed;
	return err_sys(err, "netlink");
}

int netlink_query(struct netlink *nl, struct netlink_batch *b,
		  void (*fn)(void *ctx, const struct nlmsghdr *m), void *ctx, struct err *err)
{
	_Alignas(8) char space[ANSWER_BYTES];
	int code = 0;
	int r = send_batch(nl, b, err);
	for (bool more = true; r == 0 && more;) {
		size_t n = 0;
		if ((r = receive(nl, space, &n, err)) < 0)
			break;
		unsigned rest = (unsigned)n;
		for (struct nlmsghdr *m = (void *)space; NLMSG_OK(m, rest);
		     m = NLMSG_NEXT(m, rest)) {
			if (!is_ours(b, m))
				continue;
			if (m->nlmsg_type == NLMSG_ERROR)
				code = errno_of(m);
			else if (m->nlmsg_type != NLMSG_DONE)
				fn(ctx, m);
			more = more && m->nlmsg_type != NLMSG_ERROR &&
			       m->nlmsg_type != NLMSG_DONE && (m->nlmsg_flags & NLM_F_MULTI);
		}
	}
	netlink_batch_free(b);
	if (r == 0 && code) {
		errno = code;
		return err_sys(err, "netlink");
	}
	return r;
}

static const struct nlattr *find(const char *p, size_t n, uint16_t type)
{
	size_t at = 0;
	while (at + NETLINK_ATTR_HEADER <= n) {
		const struct nlattr *a = (const void *)(p + at);
		if (a->nla_len < NETLINK_ATTR_HEADER || at + a->nla_len > n)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		at += (a->nla_len + 3u) & ~(size_t)3u;
	}
	return NULL;
}

const struct nlattr *netlink_find(const struct nlmsghdr *m, size_t skip, uint16_t type)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(skip);
	return m->nlmsg_len < at ? NULL : find((const char *)m + at, m->nlmsg_len - at, type);
}

const struct nlattr *netlink_find_in(const struct nlattr *nest, uint16_t type)
{
	return find(netlink_data(nest), nest->nla_len - NETLINK_ATTR_HEADER, type);
}
