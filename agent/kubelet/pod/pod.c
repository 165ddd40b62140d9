/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a pod object: made when the API first shows it, updated with it, freed when all is over. */
#include "agent/kubelet/pod/pod.h"

#include <stdio.h>

#include "agent/kubelet/pod/refs.h"
#include "api/decode.h"
#include "base/log.h"
#include "base/mem.h"

#define SAME_PLACE(field)                                                     \
	_Static_assert(offsetof(struct core_v1_ephemeral_container, field) == \
			       offsetof(struct core_v1_container, field),     \
		       "an ephemeral container begins as a container does")
SAME_PLACE(name);
SAME_PLACE(env);
SAME_PLACE(security_context);
SAME_PLACE(tty);

/* --- what it refers to --- */

static void want(void *ctx, enum source_kind kind, struct str name)
{
	struct pod *p = ctx;
	sources_want(p->k->sources, kind, str_from(p->ns), name);
}

static void release(void *ctx, enum source_kind kind, struct str name)
{
	struct pod *p = ctx;
	sources_release(p->k->sources, kind, str_from(p->ns), name);
}

void pod_refs_release(struct pod *p, const struct core_v1_pod *version)
{
	refs_each(version, release, p);
}

/* --- containers --- */

struct pod_container *pod_container_find(struct pod *p, struct str name)
{
	for (size_t i = 0; i < p->ncontainers; i++)
		if (str_eqz(name, p->containers[i]->name))
			return p->containers[i];
	return NULL;
}

static void mark_image_change(struct pod_container *c)
{
	if (c->life == LIFE_RUNNING && c->image_wanted && c->role != ROLE_INIT &&
	    !str_eqz(c->spec->image, c->image_wanted) && !c->kill_message)
		c->kill_message =
			str_printf("Container %s definition changed, will be restarted", c->name);
}

static void place(struct pod *p, const struct core_v1_container *spec, enum container_role role)
{
	struct pod_container *c = pod_container_find(p, spec->name);
	if (!c) {
		c = NEW(struct pod_container);
		c->pod = p;
		c->name = str_dup(spec->name);
		c->kill_grace_us = -1;
		p->containers = mem_realloc(p->containers,
					    (p->ncontainers + 1) * sizeof(struct pod_container *));
		p->containers[p->ncontainers++] = c;
	}
	c->role = role;
	c->spec = spec;
	mark_image_change(c);
}

static void place_containers(struct pod *p)
{
	struct core_v1_pod_spec *s = &p->api.spec;
	for (size_t i = 0; i < s->init_containers.n; i++) {
		bool sidecar = str_eqz(s->init_containers.items[i].restart_policy, "Always");
		place(p, &s->init_containers.items[i], sidecar ? ROLE_SIDECAR : ROLE_INIT);
	}
	for (size_t i = 0; i < s->containers.n; i++)
		place(p, &s->containers.items[i], ROLE_MAIN);
	for (size_t i = 0; i < s->ephemeral_containers.n; i++)
		place(p,
		      (const struct core_v1_container *)(const void *)&s->ephemeral_containers
			      .items[i],
		      ROLE_EPHEMERAL);
}

/* --- the object --- */

static bool same_map(const struct api_str_map *x, const struct api_str_map *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!str_eq(x->items[i].key, y->items[i].key) ||
		    !str_eq(x->items[i].value, y->items[i].value))
			return false;
	return true;
}

static int decode(struct pod *p, const struct object *o)
{
	struct arena a = { 0 };
	struct core_v1_pod api = { 0 };
	auto_err err = { 0 };
	int r = object_decode(o, &a, api_struct_core_v1_pod, &api, &err);
	if (r < 0) {
		log_error("a pod cannot be read", LOG_STR("pod", o->key),
			  LOG_S("error", err_text(&err)));
		arena_free(&a);
		return r;
	}
	struct arena old_arena = p->arena;
	struct core_v1_pod old = p->api;
	bool had = p->object != NULL;
	p->arena = a;
	p->api = api;
	refs_each(&p->api, want, p);
	if (had) {
		pod_refs_release(p, &old);
		p->volumes_dirty = p->volumes_dirty ||
				   !same_map(&old.metadata.labels, &api.metadata.labels) ||
				   !same_map(&old.metadata.annotations,
					     &api.metadata.annotations); /* they may be files */
	}
	place_containers(p);
	object_unref(p->object);
	p->object = object_ref(o);
	if (had) {
		pod_resize_changed(p, &old.spec);
		pod_status_heed(p);
	}
	arena_free(&old_arena);
	return 0;
}

static void on_timer(struct loop_timer *t)
{
	struct pod *p = CONTAINER_OF(t, struct pod, timer);
	pod_sync(p);
}

static void on_token(void *ctx, const struct err *err)
{
	struct pod *p = ctx;
	if (err)
		pod_event(p, NULL, true, "FailedMount", "%s", err_text(err));
	p->volumes_dirty = true;
	p->sandbox_retry_us = 0;
	pod_sync(p);
}

static void name_dirs(struct pod *p)
{
	const struct kubelet_config *c = &p->k->config;
	p->dirs.data = str_printf("%s/agent/kubelet/pods/%s", c->data_dir, p->uid);
	p->dirs.run = str_printf("%s/kubelet/pods/%s", c->run_dir, p->uid);
	p->log_dir = str_printf("/var/log/pods/%s_%s_%s", p->ns, p->name, p->uid);
}

static void adopt(struct pod *p)
{
	bool restored = map_del(&p->k->restored, str_from(p->uid)) != NULL;
	bool over =
		str_eqz(p->api.status.phase, "Succeeded") || str_eqz(p->api.status.phase, "Failed");
	p->start_us = p->api.status.start_time.set ? p->api.status.start_time.us
						   : clock_wall_us(p->k->clock);
	p->frozen = over && !restored;
	p->admitted = over || restored;
	if (p->frozen)
		p->sandbox = SANDBOX_REMOVED;
	if (restored) {
		p->sandbox = SANDBOX_READY;
		p->sandbox_tried = p->volumes_dirty =
			true; /* what volumes are made of may have changed meanwhile */
		network_pod_get(p->k->network, p->uid, &p->network);
	}
	for (size_t i = 0; i < p->ncontainers; i++)
		pod_container_adopt(p->containers[i]);
	for (size_t i = 0; restored && i < p->api.status.conditions.n; i++)
		if (str_eqz(p->api.status.conditions.items[i].type, "AllContainersRestarting"))
			p->restart_all = str_eqz(p->api.status.conditions.items[i].status, "True");
	if (restored)
		pod_resize_adopt(p);
	if (restored && !runtime_sandbox_alive(p->k->runtime, p->uid))
		pod_sandbox_lost(p);
}

static struct pod *pod_new(struct kubelet *k, const struct object *o)
{
	struct pod *p = NEW(struct pod);
	p->k = k;
	p->uid = str_dup(o->uid);
	p->ns = str_dup(o->ns);
	p->name = str_dup(o->name);
	name_dirs(p);
	loop_timer_init(k->loop, &p->timer, on_timer);
	map_put(&k->pods, str_from(p->uid), p);
	if (decode(p, o) < 0)
		return p; /* stays as a name without work, until a version comes that can be read */
	struct tokens_config t = {
		.client = k->client,
		.clock = k->clock,
		.ns = o->ns,
		.service_account = p->api.spec.service_account_name,
		.pod_name = o->name,
		.pod_uid = o->uid,
		.on_change = on_token,
		.ctx = p,
	};
	p->tokens = tokens_new(&t);
	adopt(p);
	return p;
}

void pod_on_change(struct kubelet *k, const struct object *old, const struct object *new)
{
	struct pod *p = map_get(&k->pods, (new ? new : old)->uid);
	if (new && !p) {
		p = pod_new(k, new);
	} else if (new) {
		decode(p, new);
	} else if (p) {
		p->gone = true;
	}
	if (p)
		pod_sync(p);
	if (old && new &&p &&
	    !str_eq(old->uid,
		    new->uid)) { /* one name, another pod: the watch saw both as one change */
		struct pod *before = map_get(&k->pods, old->uid);
		if (before) {
			before->gone = true;
			pod_sync(before);
		}
	}
}

/* --- look-ups --- */

struct pod *pod_by_uid(struct kubelet *k, const char *uid)
{
	return map_get(&k->pods, str_from(uid));
}

struct pod *pod_find(struct kubelet *k, struct str ns, struct str name)
{
	struct pod *found = NULL;
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&k->pods, &at));) {
		struct pod *p = e->value;
		if (str_eqz(ns, p->ns) && str_eqz(name, p->name) && (!found || found->gone))
			found = p;
	}
	return found;
}

bool pod_is_terminating(const struct pod *p)
{
	return p->gone || p->stop_reason || p->api.metadata.deletion_timestamp.set;
}

int64_t grace_us_of(int64_t s)
{
	return (s < 1 ? 1 : s > INT32_MAX ? INT32_MAX : s) * 1000000;
}

int64_t pod_grace_us(const struct pod *p)
{
	int64_t s = 30;
	if (p->stop_grace_us)
		return p->stop_grace_us;
	if (p->api.metadata.deletion_grace_period_seconds)
		s = *p->api.metadata.deletion_grace_period_seconds;
	else if (p->api.spec.termination_grace_period_seconds)
		s = *p->api.spec.termination_grace_period_seconds;
	return grace_us_of(s);
}

const char *const *pod_ips(const struct pod *p, struct arena *a)
{
	if (p->api.spec.host_network)
		return p->k->host_ips;
	const char **ips = ARENA_ARRAY(a, const char *, 3);
	for (int i = 0; i < p->network.nips; i++)
		ips[i] = arena_strdup(a, str_from(p->network.ips[i]));
	return ips;
}

void pod_event(struct pod *p, const struct pod_container *c, bool warning, const char *reason,
	       const char *fmt, ...)
{
	char text[1024], path[128];
	static const char *const lists[] = {
		[ROLE_INIT] = "initContainers",
		[ROLE_SIDECAR] = "initContainers",
		[ROLE_MAIN] = "containers",
		[ROLE_EPHEMERAL] = "ephemeralContainers",
	};
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (c)
		snprintf(path, sizeof(path), "spec.%s{%s}", lists[c->role], c->name);
	struct event_subject s = {
		.kind = "Pod",
		.ns = str_from(p->ns),
		.name = str_from(p->name),
		.uid = str_from(p->uid),
		.revision = p->api.metadata.resource_version,
		.field_path = c ? path : NULL,
	};
	(warning ? event_warning : event_normal)(p->k->events, &s, reason, "%s", text);
}
