/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/shim/message.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

void message_start(struct shim_message *m, const char *verb)
{
	m->n = 0;
	m->nwords = 0;
	m->nfds = 0;
	message_add(m, verb);
}

void message_add(struct shim_message *m, const char *word)
{
	size_t n = word ? strlen(word) : 0;
	size_t room = sizeof(m->text) - m->n;
	if (room == 0 || m->nwords == SHIM_WORDS_MAX)
		return;
	if (n > room - 1)
		n = room - 1;
	if (n)
		memcpy(m->text + m->n, word, n);
	m->text[m->n + n] = '\0';
	m->n += n + 1;
	m->nwords++;
}

const char *i64_digits(int64_t v, char buffer[I64_DIGITS])
{
	char *p = buffer + I64_DIGITS - 1;
	uint64_t u = v < 0 ? (uint64_t)-v : (uint64_t)v;
	*p = '\0';
	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		*--p = '-';
	return p;
}

void message_add_i64(struct shim_message *m, int64_t v)
{
	char digits[I64_DIGITS];
	message_add(m, i64_digits(v, digits));
}

void message_add_fd(struct shim_message *m, int fd)
{
	if (m->nfds < SHIM_FDS_MAX)
		m->fds[m->nfds++] = fd;
}

union control {
	char bytes[CMSG_SPACE(sizeof(int) * SHIM_FDS_MAX)];
	struct cmsghdr align;
};

int message_send(int fd, const struct shim_message *m)
{
	union control control;
	struct iovec iov = { (void *)(uintptr_t)m->text, m->n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (m->nfds) {
		memset(&control, 0, sizeof(control));
		h.msg_control = control.bytes;
		h.msg_controllen = (__typeof__(h.msg_controllen))CMSG_SPACE(sizeof(int) * m->nfds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = (__typeof__(c->cmsg_len))CMSG_LEN(sizeof(int) * m->nfds);
		memcpy(CMSG_DATA(c), m->fds, sizeof(int) * m->nfds);
	}
	ssize_t r;
	do
		r = sendmsg(fd, &h, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* There is one control message at most: the kernel puts all descriptors of a packet into it. */
static void take_fds(struct shim_message *m, struct msghdr *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	m->nfds = 0;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < n; i++) {
		int fd;
		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (m->nfds < SHIM_FDS_MAX)
			m->fds[m->nfds++] = fd;
		else
			close(fd);
	}
}

static void split(struct shim_message *m)
{
	m->nwords = 0;
	m->text[m->n - 1] = '\0';
	for (size_t at = 0; at < m->n && m->nwords < SHIM_WORDS_MAX; at += strlen(m->text + at) + 1)
		m->words[m->nwords++] = m->text + at;
}

int message_receive(int fd, struct shim_message *m)
{
	union control control;
	struct iovec iov = { m->text, sizeof(m->text) };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	ssize_t r;
	do
		r = recvmsg(fd, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (r == 0)
		return 0;
	m->n = (size_t)r;
	take_fds(m, &h);
	split(m);
	return 1;
}

const char *message_word(const struct shim_message *m, size_t i)
{
	return i < m->nwords ? m->words[i] : "";
}

int64_t message_i64(const struct shim_message *m, size_t i)
{
	const char *p = message_word(m, i);
	bool negative = *p == '-';
	int64_t v = 0;
	for (p += negative; *p >= '0' && *p <= '9' && v < INT64_MAX / 16; p++)
		v = v * 10 + (*p - '0');
	return negative ? -v : v;
}

void message_close_fds(struct shim_message *m)
{
	for (size_t i = 0; i < m->nfds; i++)
		close(m->fds[i]);
	m->nfds = 0;
}
