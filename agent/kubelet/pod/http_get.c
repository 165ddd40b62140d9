/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/http_get.h"

#include "base/mem.h"
#include "net/tls.h"

#define OUTPUT_MAX    10240
#define REDIRECTS_MAX 10

struct http_get {
	struct http_client *client;
	struct arena arena; /* of what is asked for */
	const char *host, *target, *url;
	int port;
	bool tls;
	struct str authority; /* of the Host header, if the spec names one */
	struct http_field *fields;
	size_t nfields;
	int redirects;
	struct http_call *call;
	struct tls_client *session;
	http_get_done done; /* NULL: cancelled */
	void *ctx;
	/* of the answer */
	int status;
	char *location;
	struct buf output;
};

static void http_get_free(struct http_get *g)
{
	tls_client_free(g->session);
	free(g->location);
	buf_free(&g->output);
	arena_free(&g->arena);
	free(g);
}

const char *http_get_url(const struct http_get *g)
{
	return g->url;
}

static const char *authority_of(struct http_get *g)
{
	bool v6 = strchr(g->host, ':') != NULL;
	return arena_printf(&g->arena, v6 ? "[%s]:%d" : "%s:%d", g->host, g->port);
}

/* --- redirects --- */

/* "HOST:PORT", "HOST", "[HOST]:PORT": is it the one that is being asked? */
static bool take_authority(struct http_get *g, struct str authority, bool tls)
{
	struct str host = authority, port = { 0 };
	int64_t n = tls ? 443 : 80;
	size_t colon = str_rfind(authority, ':');
	bool bracket = authority.n && authority.p[0] == '[';
	if (colon < authority.n && !(bracket && authority.p[authority.n - 1] == ']')) {
		host.n = colon;
		port = str_of(authority.p + colon + 1, authority.n - colon - 1);
	}
	if (bracket && host.n > 1)
		host = str_of(host.p + 1, host.n - 2);
	if (!str_ieq(host, str_from(g->host)) ||
	    (port.n && (!str_to_i64(port, &n) || n < 1 || n > 65535)))
		return false;
	g->port = (int)n;
	g->tls = tls;
	g->authority = (struct str){ 0 };
	return true;
}

static const char *relative_to(struct http_get *g, struct str where)
{
	struct str path = str_from(g->target);
	path.n = str_find(path, '?');
	path.n = str_rfind(path, '/') + 1;
	return arena_printf(&g->arena, "%.*s%.*s", STR_ARG(path), STR_ARG(where));
}

/* False: it leads to another host. */
static bool take_location(struct http_get *g)
{
	struct str where = str_from(g->location), authority;
	bool tls = str_cut_prefix(&where, STR("https://"));
	bool absolute = tls || str_cut_prefix(&where, STR("http://"));
	where.n = str_find(where, '#');
	if (!absolute && str_cut_prefix(&where, STR("//"))) {
		absolute = true;
		tls = g->tls;
	}
	if (absolute) {
		size_t n = str_find(where, '/');
		authority = str_of(where.p, n);
		where = str_of(where.p + n, where.n - n);
		if (!take_authority(g, authority, tls))
			return false;
	}
	if (where.n && where.p[0] == '/')
		g->target = arena_strdup(&g->arena, where);
	else
		g->target = absolute ? "/" : relative_to(g, where);
	return true;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* --- the call --- */

static void finish(struct http_get *g, int status, const char *output)
{
	struct http_get_answer a = { status, output };
	http_get_done done = TAKE(g->done);
	if (done)
		done(g->ctx, &a);
	http_get_free(g);
}

static void fail(struct http_get *g, const char *why)
{
	auto_buf text = { 0 };
	buf_printf(&text, "Get \"%s\": %s", g->url, why);
	finish(g, 0, text.p);
}

static void on_response(struct http_call *call, const struct http_response *r)
{
	struct http_get *g = http_call_ctx(call);
	g->status = r->status;
	free(g->location);
	g->location = NULL;
	buf_reset(&g->output);
	for (size_t i = 0; i < r->nfields && !g->location; i++)
		if (str_eqz(r->fields[i].name, "location"))
			g->location = str_dup(r->fields[i].value);
}

static void on_data(struct http_call *call, const char *p, size_t n)
{
	struct http_get *g = http_call_ctx(call);
	size_t room = OUTPUT_MAX - g->output.n;
	buf_add(&g->output, p, n < room ? n : room);
}

static int begin(struct http_get *g, struct err *err);

static void on_done(struct http_call *call, const struct err *err)
{
	struct http_get *g = http_call_ctx(call);
	auto_err again = { 0 };
	g->call = NULL;
	if (err || !g->done) {
		fail(g, err ? err_text(err) : "cancelled");
		return;
	}
	if (!is_redirect(g->status) || !g->location || !take_location(g))
		finish(g, g->status, g->output.n ? g->output.p : "");
	else if (++g->redirects >= REDIRECTS_MAX)
		fail(g, "stopped after 10 redirects");
	else if (begin(g, &again) < 0)
		fail(g, err_text(&again));
}

static int begin(struct http_get *g, struct err *err)
{
	static const struct http_call_ops ops = { .response = on_response,
						  .data = on_data,
						  .done = on_done };
	tls_client_free(TAKE(g->session));
	if (g->tls) {
		struct tls_client_config t = { .server_name = g->host, .insecure = true };
		int r = tls_client_new(&t, &g->session, err);
		if (r < 0)
			return r;
	}
	struct http_call_spec spec = {
		.tls = g->session,
		.host = g->host,
		.port = g->port,
		.method = STR("GET"),
		.target = str_from(g->target),
		.authority = g->authority.n ? g->authority : str_from(authority_of(g)),
		.fields = g->fields,
		.nfields = g->nfields,
		.ops = &ops,
		.ctx = g,
	};
	g->call = http_call_start(g->client, &spec);
	return 0;
}

static void take_fields(struct http_get *g, const struct core_v1_http_get_action *action,
			const char *purpose)
{
	struct arena *a = &g->arena;
	bool has_agent = false, has_accept = false;
	size_t n = 0;
	g->fields = ARENA_ARRAY(a, struct http_field, action->http_headers.n + 3);
	for (size_t i = 0; i < action->http_headers.n; i++) {
		const struct core_v1_http_header *f = &action->http_headers.items[i];
		if (str_ieq(f->name, STR("host"))) {
			g->authority = arena_str(a, f->value);
			continue;
		}
		has_agent = has_agent || str_ieq(f->name, STR("user-agent"));
		has_accept = has_accept || str_ieq(f->name, STR("accept"));
		g->fields[n++] =
			(struct http_field){ arena_str(a, f->name), arena_str(a, f->value) };
	}
	if (!has_agent)
		g->fields[n++] =
			(struct http_field){ STR("user-agent"),
					     str_from(arena_printf(a, "kube-%s/1.37", purpose)) };
	if (!has_accept)
		g->fields[n++] = (struct http_field){ STR("accept"), STR("*/*") };
	g->fields[n++] = (struct http_field){ STR("connection"), STR("close") };
	g->nfields = n;
}

struct http_get *http_get_start(const struct http_get_spec *s, http_get_done done, void *ctx,
				struct err *err)
{
	struct http_get *g = NEW(struct http_get);
	struct str path = s->action->path;
	g->client = s->client;
	g->done = done;
	g->ctx = ctx;
	g->tls = str_eqz(s->action->scheme, "HTTPS");
	g->host = arena_strdup(&g->arena, str_from(s->address));
	g->port = s->port;
	g->target = arena_printf(&g->arena, "%s%.*s", path.n && path.p[0] == '/' ? "" : "/",
				 STR_ARG(path));
	g->url = arena_printf(&g->arena, "%s://%s%s", g->tls ? "https" : "http", authority_of(g),
			      g->target);
	take_fields(g, s->action, s->purpose);
	if (begin(g, err) < 0) {
		http_get_free(g);
		return NULL;
	}
	return g;
}

void http_get_cancel(struct http_get *g)
{
	if (TAKE(g->done))
		http_call_cancel(g->call);
}
