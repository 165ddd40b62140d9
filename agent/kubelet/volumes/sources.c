/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/volumes/sources.h"

#include "agent/kubelet/volumes/claims.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "generated/api_tables.h"

struct sources {
	struct client *client;
	void (*on_change)(void *ctx, enum source_kind kind, struct str ns, struct str name);
	void *ctx;
	struct map entries; /* "k/ns/name" → struct entry */
};
struct entry {
	struct sources *owner;
	enum source_kind kind;
	char *ns, *name;
	int wanted;
	bool synced;
	const struct object *object;
	struct reflector *reflector;
	struct claim_fetch *fetch;
};

static char *key_of(enum source_kind kind, struct str ns, struct str name)
{
	return str_printf("%d/%.*s/%.*s", kind, STR_ARG(ns), STR_ARG(name));
}

static struct entry *find(const struct sources *s, enum source_kind kind, struct str ns,
			  struct str name)
{
	auto_free char *key = key_of(kind, ns, name);
	return map_get(&s->entries, str_from(key));
}

static void tell(const struct entry *e)
{
	if (e->synced)
		e->owner->on_change(e->owner->ctx, e->kind, str_from(e->ns), str_from(e->name));
}

static void on_change(void *ctx, const struct object *old, const struct object *new)
{
	struct entry *e = ctx;
	(void)old;
	object_unref(e->object);
	e->object = new ? object_ref(new) : NULL;
	tell(e);
}

static void on_synced(void *ctx)
{
	struct entry *e = ctx;
	e->synced = true;
	tell(e);
}

static void on_claim(void *ctx, const struct object *volume)
{
	struct entry *e = ctx;
	bool news = !e->synced || volume || e->object;
	object_unref(e->object);
	e->object = volume ? object_ref(volume) : NULL;
	e->synced = true;
	if (news)
		tell(e);
}

static void entry_free(void *p)
{
	struct entry *e = p;
	claim_fetch_end(e->fetch);
	if (e->reflector)
		client_unwatch(e->owner->client, e->reflector);
	object_unref(e->object);
	free(e->ns);
	free(e->name);
	free(e);
}

struct sources *sources_new(struct client *c,
			    void (*changed)(void *ctx, enum source_kind kind, struct str ns,
					    struct str name),
			    void *ctx)
{
	struct sources *s = NEW(struct sources);
	s->client = c;
	s->on_change = changed;
	s->ctx = ctx;
	return s;
}

static void watch(struct entry *e)
{
	if (e->kind == SOURCE_CLAIM) {
		e->fetch = claim_fetch_start(e->owner->client, str_from(e->ns), str_from(e->name),
					     on_claim, e);
		return;
	}
	auto_free char *selector = str_printf("metadata.name=%s", e->name);
	struct watch_handler h = {
		.resource = e->kind == SOURCE_SECRET ? API_CORE_V1_SECRETS : API_CORE_V1_CONFIGMAPS,
		.ns = str_from(e->ns),
		.field_selector = str_from(selector),
		.on_change = on_change,
		.on_synced = on_synced,
		.ctx = e,
	};
	e->reflector = client_watch(e->owner->client, &h);
}

void sources_want(struct sources *s, enum source_kind kind, struct str ns, struct str name)
{
	struct entry *e = find(s, kind, ns, name);
	if (!e) {
		auto_free char *key = key_of(kind, ns, name);
		e = NEW(struct entry);
		e->owner = s;
		e->kind = kind;
		e->ns = str_dup(ns);
		e->name = str_dup(name);
		map_put(&s->entries, str_from(key), e);
		watch(e);
	}
	e->wanted++;
}

void sources_release(struct sources *s, enum source_kind kind, struct str ns, struct str name)
{
	struct entry *e = find(s, kind, ns, name);
	if (!e || --e->wanted > 0)
		return;
	auto_free char *key = key_of(kind, ns, name);
	entry_free(map_del(&s->entries, str_from(key)));
}

enum source_state sources_get(const struct sources *s, enum source_kind kind, struct str ns,
			      struct str name, const struct object **out)
{
	const struct entry *e = find(s, kind, ns, name);
	if (!e || !e->synced)
		return SOURCE_UNKNOWN;
	if (!e->object)
		return SOURCE_ABSENT;
	*out = e->object;
	return SOURCE_PRESENT;
}
