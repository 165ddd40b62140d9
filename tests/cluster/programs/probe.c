/* SPDX-License-Identifier: Apache-2.0 */
/* Asks and answers over TCP, UDP and SCTP, so that one program in each place tries all ways to all others at once.
 *
 *   probe serve PORT NAME         says NAME to whoever asks, over both families
 *   probe ask SECONDS FILE        each line: what to call it, tcp|udp|sctp, address, port, the names that have to be heard there ("a,b,c"). All lines at
 *                                 once, again and again, until all names were heard or the time is over. Prints what was not; exit 1 if there is any.
 *                                 Lines of protocols that the kernel doesn't have are left out. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX 1024
#define NAMES_MAX 16
#define TRY_MS    1000

static const struct {
	const char *name;
	int type, protocol;
} protocols[] = {
	{ "tcp", SOCK_STREAM, IPPROTO_TCP },
	{ "udp", SOCK_DGRAM, IPPROTO_UDP },
	{ "sctp", SOCK_STREAM, IPPROTO_SCTP },
};
#define PROTOCOLS (sizeof(protocols) / sizeof(*protocols))

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* --- serve --- */

static int open_server(size_t i, const char *port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)atoi(port)) };
	int on = 1, off = 0, fd = socket(AF_INET6, protocols[i].type, protocols[i].protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (protocols[i].type == SOCK_DGRAM)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("bind");
	if (protocols[i].type == SOCK_STREAM && listen(fd, 1024) < 0)
		die("listen");
	return fd;
}

/* Under the address that was asked, whatever the way back is. */
static void answer_datagram(int fd, const char *name)
{
	struct sockaddr_storage from;
	char text[64], control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct iovec data = { text, sizeof(text) };
	struct msghdr m = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &data,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	if (recvmsg(fd, &m, 0) < 0)
		return;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c)
		((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
	data = (struct iovec){ (void *)(uintptr_t)name, strlen(name) };
	if (sendmsg(fd, &m, 0) < 0)
		perror("sendmsg");
}

static void answer(size_t i, int fd, const char *name)
{
	if (protocols[i].type == SOCK_DGRAM) {
		answer_datagram(fd, name);
		return;
	}
	int one = accept(fd, NULL, NULL);
	if (one < 0)
		return;
	if (send(one, name, strlen(name), MSG_NOSIGNAL) < 0)
		perror("send");
	close(one);
}

static int serve(const char *port, const char *name)
{
	struct pollfd fds[PROTOCOLS];
	for (size_t i = 0; i < PROTOCOLS; i++)
		fds[i] = (struct pollfd){ .fd = open_server(i, port), .events = POLLIN };
	while (poll(fds, PROTOCOLS, -1) >= 0 || errno == EINTR)
		for (size_t i = 0; i < PROTOCOLS; i++)
			if (fds[i].revents)
				answer(i, fds[i].fd, name);
	return 1;
}

/* --- ask --- */

struct line {
	char label[64], protocol[8], address[64], port[8], names[256];
	char *missing[NAMES_MAX]; /* names not heard yet; NULL: heard */
	size_t nnames;
	char last[80]; /* what came instead */
	time_t until;
	pthread_t thread;
};

static void heard(struct line *l, const char *name)
{
	bool known = false;
	for (size_t i = 0; i < l->nnames; i++) {
		if (!l->missing[i] || strcmp(l->missing[i], name))
			continue;
		l->missing[i] = NULL;
		known = true;
	}
	if (!known)
		snprintf(l->last, sizeof(l->last), "heard %.60s", name);
}

static bool is_done(const struct line *l)
{
	for (size_t i = 0; i < l->nnames; i++)
		if (l->missing[i])
			return false;
	return true;
}

static void failed(struct line *l, const char *what)
{
	snprintf(l->last, sizeof(l->last), "%s: %s", what, strerror(errno));
}

static socklen_t address_of(const struct line *l, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	uint16_t port = htons((uint16_t)atoi(l->port));
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, l->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, l->address, &v6->sin6_addr) != 1)
		die(l->address);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = port;
	return sizeof(*v6);
}

static void ask_once(struct line *l, size_t protocol)
{
	struct sockaddr_storage to;
	socklen_t size = address_of(l, &to);
	const struct timeval patience = { .tv_sec = TRY_MS / 1000 };
	char text[64];
	int fd = socket(to.ss_family, protocols[protocol].type, protocols[protocol].protocol);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, size) < 0) {
		failed(l, "connect");
	} else if (send(fd, "?", 1, MSG_NOSIGNAL) < 0) {
		failed(l, "send");
	} else {
		ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = '\0';
		if (n < 0)
			failed(l, "receive");
		else
			heard(l, text);
	}
	close(fd);
}

static void *ask_line(void *ctx)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct line *l = ctx;
	size_t i = 0;
	while (i < PROTOCOLS && strcmp(protocols[i].name, l->protocol))
		i++;
	if (i == PROTOCOLS)
		die(l->protocol);
	int fd = socket(AF_INET, protocols[i].type, protocols[i].protocol);
	if (fd < 0) { /* not in this kernel */
		l->nnames = 0;
		return NULL;
	}
	close(fd);
	while (!is_done(l) && time(NULL) < l->until) {
		ask_once(l, i);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static size_t read_lines(const char *path, int seconds, struct line *lines)
{
	size_t n = 0;
	FILE *f = fopen(path, "r");
	if (!f)
		die(path);
	while (n < LINES_MAX) {
		struct line *l = &lines[n];
		if (fscanf(f, "%63s %7s %63s %7s %255s", l->label, l->protocol, l->address, l->port,
			   l->names) != 5)
			break;
		for (char *at = l->names, *name;
		     l->nnames < NAMES_MAX && (name = strtok_r(at, ",", &at));)
			l->missing[l->nnames++] = name;
		l->until = time(NULL) + seconds;
		n++;
	}
	fclose(f);
	return n;
}

static int ask(const char *seconds, const char *path)
{
	static struct line lines[LINES_MAX];
	size_t n = read_lines(path, atoi(seconds), lines), bad = 0;
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&lines[i].thread, NULL, ask_line, &lines[i]) != 0)
			die("thread");
	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[i];
		pthread_join(l->thread, NULL);
		if (is_done(l))
			continue;
		bad++;
		printf("%s %s %s %s: not", l->label, l->protocol, l->address, l->port);
		for (size_t j = 0; j < l->nnames; j++)
			if (l->missing[j])
				printf(" %s", l->missing[j]);
		printf("; %s\n", l->last);
	}
	printf("%zu of %zu ways are open\n", n - bad, n);
	return bad || !n;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3]);
	fprintf(stderr, "probe serve PORT NAME | probe ask SECONDS FILE\n");
	return 2;
}
