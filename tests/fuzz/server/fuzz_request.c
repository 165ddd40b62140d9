/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of an administrator to a whole API server in this process: a digit for the body's media type, then "METHOD PATH?QUERY"
 * up to the end of the line, then the body. Watches are left out: they don't end by themselves. */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "server/apiserver/request.h"
#include "server/apiserver/server.h"

static struct loop loop;
static struct apiserver *server;
static char dir[] = "/dev/shm/allinone-fuzz-XXXXXX";
static bool answered;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void clean(void)
{
	dir_remove(dir, NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	auto_err err = { 0 };
	(void)argc;
	(void)argv;
	log_set_level(LOG_LEVEL_ERROR);
	if (!mkdtemp(dir) || loop_init(&loop, "fuzz", &err) < 0)
		abort();
	atexit(clean);
	loop.thread = pthread_self();
	struct apiserver_config c = { .data_dir = dir,
				      .bind_addresses = addresses,
				      .loops = (struct loop *[]){ &loop },
				      .nloops = 1 };
	if (apiserver_start(&c, &server, &err) < 0) {
		fprintf(stderr, "%s\n", err_text(&err));
		abort();
	}
	while (!apiserver_ready(server))
		uv_run(&loop.uv, UV_RUN_ONCE);
	return 0;
}

static void reply(struct api_request *r, int status, const struct http_field *f, size_t nf,
		  struct chunk *body, size_t n)
{
	(void)f;
	(void)nf;
	if (status < 200 || status > 599)
		abort();
	for (size_t i = 0; i < n; i++)
		chunk_release(&body[i]);
	answered = true;
	r->gone = true;
	request_unref(r);
}

static void body(struct api_request *r, void (*next)(struct api_request *r))
{
	next(r);
}

static const struct responder to_nobody = { .reply = reply, .body = body };

static const char *const types[] = { "application/json",
				     "application/yaml",
				     "application/vnd.kubernetes.protobuf",
				     "application/merge-patch+json",
				     "application/json-patch+json",
				     "application/strategic-merge-patch+json",
				     "application/apply-patch+yaml" };

static bool request_fill(struct api_request *r, struct str input)
{
	static const struct str groups[] = { STR_INIT("system:masters") };
	struct str line, method;
	r->content_type = str_from(types[(unsigned char)input.p[0] % COUNT_OF(types)]);
	input = str_of(input.p + 1, input.n - 1);
	size_t end = str_find(input, '\n');
	line = str_of(input.p, end);
	r->body = end < input.n ? arena_str(&r->arena, str_of(input.p + end + 1, input.n - end - 1))
				: STR("");
	if (!str_next(&line, ' ', &method) || !line.p)
		return false;
	size_t question = str_find(line, '?');
	r->method = arena_str(&r->arena, method);
	r->query =
		question < line.n
			? arena_str(&r->arena, str_of(line.p + question + 1, line.n - question - 1))
			: STR("");
	r->user = (struct api_user){ .name = STR("fuzz"), .groups = groups, .ngroups = 1 };
	return percent_decode(&r->arena, str_of(line.p, question), false, &r->path);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	if (size < 2)
		return 0;
	struct api_request *r = request_new(server, &loop, &to_nobody);
	if (!request_fill(r, str_of(data, size))) {
		request_unref(r);
		return 0;
	}
	request_route(r);
	if (r->verb == API_WATCH || r->verb == API_CONNECT) {
		request_unref(r);
		return 0;
	}
	answered = false;
	request_ref(r);
	request_enter(r);
	request_unref(r);
	while (!answered)
		uv_run(&loop.uv, UV_RUN_ONCE);
	uv_run(&loop.uv, UV_RUN_NOWAIT);
	return 0;
}
