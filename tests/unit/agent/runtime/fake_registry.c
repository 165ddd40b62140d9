/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent/runtime/fake_registry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	while (n) {
		ssize_t r = send(fd, at, n, MSG_NOSIGNAL);
		if (r <= 0)
			return;
		at += r;
		n -= (size_t)r;
	}
}

static void answer(int fd, const char *status, const char *fields, struct str body)
{
	char head[1024];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
			 status, body.n, fields);
	send_all(fd, head, (size_t)n);
	send_all(fd, body.p, body.n);
}

static void answer_layer(struct fake_registry *r, int fd, const char *request)
{
	const struct buf *layer = r->wrong_layer ? &r->image.config : &r->image.packed;
	const char *range = strcasestr(request, "\r\nRange: bytes=");
	size_t from = range && !r->no_ranges ? strtoul(range + 15, NULL, 10) : 0;
	char head[256];
	size_t left = layer->n - from, send_n = left;
	r->layer_requests++;
	r->ranges += range != NULL;
	r->token_at_cdn |= strcasestr(request, "\r\nAuthorization:") != NULL;
	if (r->cut_layer_times > 0) {
		r->cut_layer_times--;
		send_n = left / 2;
	}
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
			 from ? "206 Partial Content" : "200 OK", left);
	if (from)
		n += snprintf(head + n, sizeof(head) - (size_t)n,
			      "Content-Range: bytes %zu-%zu/%zu\r\n", from, layer->n - 1, layer->n);
	n += snprintf(head + n, sizeof(head) - (size_t)n, "\r\n");
	send_all(fd, head, (size_t)n);
	send_all(fd, layer->p + from, send_n);
}

static void answer_authorized(struct fake_registry *r, int fd, const char *path)
{
	char location[256];
	if (r->no_image)
		answer(fd, "404 Not Found", "",
		       STR("{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"no such "
			   "thing here\"}]}"));
	else if (strcmp(path, "/v2/app/manifests/1") == 0)
		answer(fd, "200 OK", "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n",
		       buf_view(&r->image.manifest));
	else if (strstr(path, r->image.config_digest))
		answer(fd, "200 OK", "", buf_view(&r->image.config));
	else {
		snprintf(location, sizeof(location), "Location: http://localhost:%d/cdn\r\n",
			 r->port);
		answer(fd, "307 Temporary Redirect", location, STR(""));
	}
}

static void respond(struct fake_registry *r, int fd, const char *request)
{
	char path[512] = "", fields[256];
	sscanf(request, "GET %511s", path);
	if (strncmp(path, "/token?", 7) == 0) {
		r->tokens++;
		snprintf(r->token_query, sizeof(r->token_query), "%s", path + 7);
		answer(fd, "200 OK", "", STR("{\"token\":\"good\"}"));
	} else if (strcmp(path, "/cdn") == 0) {
		answer_layer(r, fd, request);
	} else if (strcasestr(request, "\r\nAuthorization: Bearer good\r\n")) {
		char *query = strchr(path, '?'); /* which registry a mirror is asked for */
		if (query)
			snprintf(r->asked_for, sizeof(r->asked_for), "%s", query + 1);
		if (query)
			*query = '\0';
		answer_authorized(r, fd, path);
	} else {
		snprintf(fields, sizeof(fields),
			 "WWW-Authenticate: Bearer "
			 "realm=\"http://127.0.0.1:%d/token\",service=\"fake\"\r\n",
			 r->port);
		answer(fd, "401 Unauthorized", fields, STR(""));
	}
}

static void *serve(void *ctx)
{
	struct fake_registry *r = ctx;
	for (;;) {
		char request[4096];
		size_t n = 0;
		int fd = accept(r->fd, NULL, NULL);
		if (fd < 0)
			return NULL; /* shut down */
		while (n < sizeof(request) - 1) {
			ssize_t got = recv(fd, request + n, sizeof(request) - 1 - n, 0);
			if (got <= 0)
				break;
			n += (size_t)got;
			request[n] = '\0';
			if (strstr(request, "\r\n\r\n")) {
				respond(r, fd, request);
				break;
			}
		}
		close(fd);
	}
}

void fake_registry_start(struct fake_registry *r)
{
	/* both families: "localhost" may be either */
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
	socklen_t n = sizeof(a);
	int off = 0;
	test_image_make(&r->image, "some content that is worth packing, packing, packing");
	r->fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(r->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(r->fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(r->fd, 16) != 0)
		abort();
	getsockname(r->fd, (struct sockaddr *)&a, &n);
	r->port = ntohs(a.sin6_port);
	pthread_create(&r->thread, NULL, serve, r);
}

void fake_registry_stop(struct fake_registry *r)
{
	shutdown(r->fd, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->fd);
	test_image_free(&r->image);
}
