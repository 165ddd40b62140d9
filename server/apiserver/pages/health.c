/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pages/health.h"

#include "base/log.h"
#include "base/mem.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

static const char plain[] = "text/plain; charset=utf-8";

void health_init(struct health *h)
{
	pthread_mutex_init(&h->lock, NULL);
}

void health_add(struct health *h, const char *name, unsigned pages, bool (*fn)(void *ctx),
		void *ctx)
{
	struct health_check *c = NEW(struct health_check);
	*c = (struct health_check){
		.name = str_dup(str_from(name)), .fn = fn, .ctx = ctx, .pages = pages
	};
	pthread_mutex_lock(&h->lock);
	struct health_check **at = &h->first;
	while (*at)
		at = &(*at)->next;
	*at = c;
	pthread_mutex_unlock(&h->lock);
}

void health_free(struct health *h)
{
	for (struct health_check *c = h->first, *next; c; c = next) {
		next = c->next;
		free((char *)c->name);
		free(c);
	}
	h->first = NULL;
	pthread_mutex_destroy(&h->lock);
}

bool health_ok(struct health *h, enum health_page page)
{
	bool ok = true;
	pthread_mutex_lock(&h->lock);
	for (struct health_check *c = h->first; c && ok; c = c->next)
		ok = !(c->pages & page) || !c->fn || c->fn(c->ctx);
	pthread_mutex_unlock(&h->lock);
	return ok;
}

void health_each(struct health *h, enum health_page page, void (*fn)(void *ctx, const char *name),
		 void *ctx)
{
	pthread_mutex_lock(&h->lock);
	for (struct health_check *c = h->first; c; c = c->next)
		if (c->pages & page)
			fn(ctx, c->name);
	pthread_mutex_unlock(&h->lock);
}

static void sli_write(struct health *h, enum health_page page, const char *type, struct buf *out)
{
	for (struct health_check *c = h->first; c; c = c->next)
		if (c->pages & page)
			buf_printf(out, "kubernetes_healthcheck{name=\"%s\",type=\"%s\"} %d\n",
				   c->name, type, !c->fn || c->fn(c->ctx));
}

void health_slis(struct health *h, struct buf *out)
{
	buf_puts(out, "# HELP kubernetes_healthcheck [STABLE] What each health check says.\n"
		      "# TYPE kubernetes_healthcheck gauge\n");
	pthread_mutex_lock(&h->lock);
	sli_write(h, HEALTH_HEALTHZ, "healthz", out);
	sli_write(h, HEALTH_LIVEZ, "livez", out);
	sli_write(h, HEALTH_READYZ, "readyz", out);
	pthread_mutex_unlock(&h->lock);
}

struct exclusions {
	struct str names[32];
	bool used[32];
	size_t n;
};

static void exclusion_add(void *ctx, struct str key, struct str value)
{
	struct exclusions *x = ctx;
	if (str_eqz(key, "exclude") && value.n && x->n < COUNT_OF(x->names))
		x->names[x->n++] = value;
}

static bool excluded(struct exclusions *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++) {
		if (!str_eqz(x->names[i], name))
			continue;
		x->used[i] = true;
		return true;
	}
	return false;
}

static bool checks_run(struct health *h, enum health_page page, struct exclusions *x,
		       struct buf *out)
{
	bool ok = true;
	pthread_mutex_lock(&h->lock);
	for (struct health_check *c = h->first; c; c = c->next) {
		if (!(c->pages & page))
			continue;
		if (excluded(x, c->name)) {
			buf_printf(out, "[+]%s excluded: ok\n", c->name);
		} else if (!c->fn || c->fn(c->ctx)) {
			buf_printf(out, "[+]%s ok\n", c->name);
		} else {
			buf_printf(out, "[-]%s failed: reason withheld\n", c->name);
			ok = false;
		}
	}
	pthread_mutex_unlock(&h->lock);
	for (size_t i = 0; i < x->n; i++)
		if (!x->used[i])
			buf_printf(out,
				   "warn: some health checks cannot be excluded: no matches for "
				   "\"%.*s\"\n",
				   STR_ARG(x->names[i]));
	return ok;
}

static struct health_check *check_find(struct health *h, enum health_page page, struct str name)
{
	struct health_check *found = NULL;
	pthread_mutex_lock(&h->lock);
	for (struct health_check *c = h->first; c && !found; c = c->next)
		if (c->pages & page && str_eqz(name, c->name))
			found = c; /* checks are never taken out */
	pthread_mutex_unlock(&h->lock);
	return found;
}

static void respond_plain(struct api_request *r, int status, bool sniff, struct buf *take)
{
	struct http_field nosniff = { STR("x-content-type-options"), STR("nosniff") };
	struct chunk c = chunk_of_buf(take);
	respond_chunks(r, status, plain, &nosniff, sniff ? 0 : 1, &c, 1);
}

static void respond_check(struct api_request *r, enum health_page page, struct str name)
{
	struct buf text = { 0 };
	struct health_check *c = check_find(&r->server->health, page, name);
	bool ok = c && (!c->fn || c->fn(c->ctx));
	if (!c)
		buf_puts(&text, "404 page not found\n");
	else if (ok)
		buf_puts(&text, "ok");
	else
		buf_puts(&text, "internal server error: reason withheld\n");
	respond_plain(r, !c ? 404 : ok ? 200 : 500, ok, &text);
}

void health_respond(struct api_request *r, enum health_page page, const char *page_name,
		    struct str check)
{
	struct exclusions x = { .n = 0 };
	struct buf text = { 0 };
	if (check.n) {
		respond_check(r, page, check);
		return;
	}
	query_each(&r->arena, r->query, exclusion_add, &x);
	bool ok = checks_run(&r->server->health, page, &x, &text);
	if (ok && !query_has(r->query, "verbose"))
		buf_reset(&text), buf_puts(&text, "ok");
	else
		buf_printf(&text, "%s check %s\n", page_name, ok ? "passed" : "failed");
	respond_plain(r, ok ? 200 : 500, false, &text);
}
