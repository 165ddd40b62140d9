/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/customs.h"

#include <assert.h>

#include "api/crd/crd.h"
#include "base/list.h"
#include "base/mem.h"

#define USERS_MAX 4

struct custom {
	struct list link;
	const struct api_resource *resource; /* a reference */
	struct informer *informer;
};
struct customs {
	struct client *client;
	struct list all;
	struct customs_user users[USERS_MAX];
	size_t nusers;
};

static void drop(struct custom *k)
{
	list_del(&k->link);
	informer_free(k->informer);
	api_resource_unref(k->resource);
	free(k);
}

static void come(struct customs *c, const struct api_resource *r)
{
	struct custom *k = NEW(struct custom);
	k->resource = api_resource_ref(r);
	k->informer = informer_new(c->client, r, STR(""), STR(""), STR(""));
	list_add_tail(&c->all, &k->link);
	for (size_t i = 0; i < c->nusers; i++)
		c->users[i].on_come(c->users[i].ctx, r, k->informer);
	informer_start(k->informer);
}

static void go(struct customs *c, struct custom *k)
{
	for (size_t i = 0; i < c->nusers; i++)
		c->users[i].on_go(c->users[i].ctx, k->resource);
	drop(k);
}

static bool is_listed(const struct api_resource **all, size_t n, const struct api_resource *r)
{
	for (size_t i = 0; i < n; i++)
		if (all[i] == r)
			return true;
	return false;
}

static bool is_followed(const struct customs *c, const struct api_resource *r)
{
	LIST_EACH(&c->all, it)
	if (LIST_ITEM(it, struct custom, link)->resource == r)
		return true;
	return false;
}

/* A definition that changes has new resources: the old ones go, the new ones come. */
static void follow(struct customs *c)
{
	size_t n;
	const struct api_resource **all = client_custom(c->client, &n);
	LIST_EACH_SAFE(&c->all, it)
	{
		struct custom *k = LIST_ITEM(it, struct custom, link);
		if (!is_listed(all, n, k->resource))
			go(c, k);
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_followed(c, all[i]))
			come(c, all[i]);
		api_resource_unref(all[i]);
	}
	free(all);
}

static void on_definition(void *ctx, const struct object *old, const struct object *new)
{
	(void)old;
	(void)new;
	follow(ctx);
}

static void on_definitions_synced(void *ctx)
{
	follow(ctx);
}

struct customs *customs_new(struct client *client, struct informer *definitions)
{
	struct customs *c = NEW(struct customs);
	c->client = client;
	list_init(&c->all);
	informer_hook_add(definitions, on_definition, on_definitions_synced, c);
	return c;
}

void customs_use(struct customs *c, const struct customs_user *user)
{
	assert(c->nusers < USERS_MAX);
	c->users[c->nusers++] = *user;
}

void customs_free(struct customs *c)
{
	if (!c)
		return;
	LIST_EACH_SAFE(&c->all, it)
	drop(LIST_ITEM(it, struct custom, link));
	free(c);
}
