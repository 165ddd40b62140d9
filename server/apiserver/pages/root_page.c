/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pages/root_page.h"

#include <stdlib.h>
#include <string.h>

#include "api/discovery.h"
#include "base/mem.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

struct paths {
	struct arena *arena;
	const char **items; /* malloc */
	size_t n, cap;
};

static void add(struct paths *p, const char *path)
{
	p->items = mem_array_grow(p->items, &p->cap, p->n + 1, sizeof(*p->items));
	p->items[p->n++] = path;
}

static void add_groups(struct paths *p, struct api_request *r)
{
	struct crd_set *now = crd_registry_now(r->server->crds);
	struct discovery d = crd_set_discovery(now);
	for (size_t i = 0; i < d.n; i++) {
		const struct api_resource *res = d.resources[i];
		if (*res->group) {
			add(p, arena_printf(p->arena, "/apis/%s", res->group));
			add(p, arena_printf(p->arena, "/apis/%s/%s", res->group, res->version));
		} else {
			add(p, arena_printf(p->arena, "/api/%s", res->version));
		}
	}
	crd_set_unref(now);
}

struct check_paths {
	struct paths *paths;
	const char *page;
};

static void add_check(void *ctx, const char *name)
{
	struct check_paths *c = ctx;
	add(c->paths, arena_printf(c->paths->arena, "%s/%s", c->page, name));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void root_page_respond(struct api_request *r, const char *const *own, size_t n)
{
	static const struct {
		const char *path;
		enum health_page page;
	} checks[] = { { "/healthz", HEALTH_HEALTHZ },
		       { "/livez", HEALTH_LIVEZ },
		       { "/readyz", HEALTH_READYZ } };
	struct paths paths = { .arena = &r->arena };
	struct buf text = { 0 };
	for (size_t i = 0; i < n; i++)
		add(&paths, own[i]);
	add_groups(&paths, r);
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		health_each(&r->server->health, checks[i].page, add_check,
			    &(struct check_paths){ &paths, checks[i].path });
	qsort(paths.items, paths.n, sizeof(*paths.items), by_text);
	buf_puts(&text, "{\n  \"paths\": [");
	for (size_t i = 0; i < paths.n; i++)
		if (!i || strcmp(paths.items[i], paths.items[i - 1]) != 0)
			buf_printf(&text, "%s\n    \"%s\"", i ? "," : "", paths.items[i]);
	buf_puts(&text, "\n  ]\n}");
	free(paths.items);
	respond_text(r, 200, "application/json", &text);
}
