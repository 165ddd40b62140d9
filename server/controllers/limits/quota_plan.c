/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/limits/quota_plan.h"

#include <stdio.h>

#include "api/decode.h"
#include "base/buf.h"
#include "base/mem.h"
#include "client/amounts.h"
#include "server/controllers/limits/quota_scope.h"

/* Old names of counts. */
static const struct {
	const char *name, *group, *plural;
} counted[] = {
	{ "services", "", "services" },
	{ "secrets", "", "secrets" },
	{ "configmaps", "", "configmaps" },
	{ "persistentvolumeclaims", "", "persistentvolumeclaims" },
	{ "replicationcontrollers", "", "replicationcontrollers" },
	{ "resourcequotas", "", "resourcequotas" },
};

void quota_usage_init(struct quota_usage *u, const struct core_v1_resource_quota *q, int64_t now_us,
		      struct arena *a)
{
	u->quota = q;
	u->now_us = now_us;
	u->n = q->spec.hard.n;
	u->items = ARENA_ARRAY(a, struct quota_use, u->n + 1);
	for (size_t i = 0; i < u->n; i++) {
		bool bytes = str_contains(q->spec.hard.items[i].key, STR("memory")) ||
			     str_contains(q->spec.hard.items[i].key, STR("storage"));

		u->items[i].name = q->spec.hard.items[i].key;
		u->items[i].used.format = bytes ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI;
	}
}

static bool is_resource(const struct api_resource *r, const char *group, const char *plural)
{
	return !strcmp(r->group, group) && !strcmp(r->plural, plural);
}

/* "count/deployments.apps", or an old name. */
static bool counts(struct str name, const struct api_resource *r)
{
	auto_buf full = { 0 };

	buf_printf(&full, "count/%s%s%s", r->plural, r->group[0] ? "." : "", r->group);
	if (str_eq(name, buf_view(&full)))
		return true;
	for (size_t i = 0; i < COUNT_OF(counted); i++)
		if (str_eqz(name, counted[i].name))
			return is_resource(r, counted[i].group, counted[i].plural);
	return false;
}

static void add(struct quota_use *u, struct quantity q)
{
	enum quantity_format format = u->used.format;

	u->used = quantity_add(u->used, q);
	u->used.format = format;
}

static void add_number(struct quota_use *u, int64_t n)
{
	add(u, quantity_from_i64(n, QUANTITY_DECIMAL_SI));
}

static void add_pod_amount(struct quota_use *u, const struct amounts *requests,
			   const struct amounts *limits)
{
	struct str name = u->name;
	const struct amounts *a = requests;

	if (str_cut_prefix(&name, STR("limits.")))
		a = limits;
	else
		str_cut_prefix(&name, STR("requests."));
	if (str_eqz(name, "cpu"))
		add(u, quantity_from_milli(a->milli_cpu, QUANTITY_DECIMAL_SI));
	else if (str_eqz(name, "memory"))
		add_number(u, a->memory);
	else if (str_eqz(name, "ephemeral-storage"))
		add_number(u, a->ephemeral);
	else if (str_starts(u->name, STR("requests.")) || str_starts(u->name, STR("limits.")) ||
		 str_starts(name, STR("hugepages-")))
		add_number(u, amounts_other(a, name.p));
}

/* One that has ended takes nothing; nor one whose time to end is over, its node may be lost. */
static bool takes_nothing(const struct core_v1_pod *p, int64_t now_us)
{
	const struct meta_v1_object_meta *m = &p->metadata;

	if (str_eqz(p->status.phase, "Succeeded") || str_eqz(p->status.phase, "Failed"))
		return true;
	return m->deletion_timestamp.set && m->deletion_grace_period_seconds &&
	       now_us > m->deletion_timestamp.us + *m->deletion_grace_period_seconds * 1000000;
}

static void add_pod(struct quota_usage *u, const struct core_v1_pod *p)
{
	bool over = takes_nothing(p, u->now_us);
	struct pod_usage usage;
	struct amounts limits;

	if (!quota_scopes_pod(u->quota, p))
		return;
	pod_usage_read(p, &usage);
	pod_limits(&p->spec, &limits);
	for (size_t i = 0; i < u->n; i++) {
		if (str_eqz(u->items[i].name, "count/pods"))
			add_number(&u->items[i], 1);
		else if (over)
			continue;
		else if (str_eqz(u->items[i].name, "pods"))
			add_number(&u->items[i], 1);
		else
			add_pod_amount(&u->items[i], &usage.request, &limits);
	}
	pod_usage_free(&usage);
	amounts_free(&limits);
}

static void add_service(struct quota_usage *u, const struct core_v1_service *s)
{
	bool balancer = str_eqz(s->spec.type, "LoadBalancer");
	int64_t ports = str_eqz(s->spec.type, "NodePort") ? (int64_t)s->spec.ports.n : 0;

	for (size_t i = 0; balancer && i < s->spec.ports.n; i++)
		ports += s->spec.ports.items[i].node_port != 0;
	for (size_t i = 0; i < u->n; i++) {
		if (str_eqz(u->items[i].name, "services.nodeports"))
			add_number(&u->items[i], ports);
		else if (str_eqz(u->items[i].name, "services.loadbalancers"))
			add_number(&u->items[i], balancer);
	}
}

#define OF_CLASS ".storageclass.storage.k8s.io/"

static void add_count(struct quota_usage *u, const struct api_resource *r)
{
	for (size_t i = 0; i < u->n; i++)
		if (counts(u->items[i].name, r))
			add_number(&u->items[i], 1);
}

static void storage_of(const struct api_quantity_map *amounts, struct quantity *out)
{
	for (size_t i = 0; i < amounts->n; i++)
		if (str_eqz(amounts->items[i].key, "storage"))
			quantity_parse(amounts->items[i].value.text, out, NULL);
}

static void add_claim(struct quota_usage *u, const struct api_resource *r,
		      const struct core_v1_persistent_volume_claim *c)
{
	struct quantity size = { 0 }, allocated = { 0 };
	auto_buf claims = { 0 }, storage = { 0 };

	add_count(u, r);
	storage_of(&c->spec.resources.requests, &size);
	storage_of(&c->status.allocated_resources, &allocated);
	if (quantity_cmp(allocated, size) > 0)
		size = allocated;
	buf_printf(&claims, "%.*s" OF_CLASS "persistentvolumeclaims",
		   STR_ARG(c->spec.storage_class_name));
	buf_printf(&storage, "%.*s" OF_CLASS "requests.storage",
		   STR_ARG(c->spec.storage_class_name));
	for (size_t i = 0; i < u->n; i++) {
		struct str name = u->items[i].name;

		if (str_eqz(name, "requests.storage") ||
		    (c->spec.storage_class_name.n && str_eq(name, buf_view(&storage))))
			add(&u->items[i], size);
		else if (c->spec.storage_class_name.n && str_eq(name, buf_view(&claims)))
			add_number(&u->items[i], 1);
	}
}

bool quota_concerns(const struct core_v1_resource_quota *q, const struct api_resource *r)
{
	if (is_resource(r, "", "pods"))
		return true;
	if (quota_has_scopes(q) && !is_resource(r, "", "persistentvolumeclaims"))
		return false;
	for (size_t i = 0; i < q->spec.hard.n; i++) {
		struct str name = q->spec.hard.items[i].key;

		if (counts(name, r) ||
		    (is_resource(r, "", "services") && str_starts(name, STR("services."))) ||
		    (is_resource(r, "", "persistentvolumeclaims") &&
		     str_contains(name, STR("storage"))))
			return true;
	}
	return false;
}

void quota_usage_add(struct quota_usage *u, const struct object *o)
{
	auto_arena arena = { 0 };
	const struct api_resource *r = o->resource;

	if (is_resource(r, "", "pods")) {
		struct core_v1_pod p = { 0 };

		if (object_decode(o, &arena, api_struct_core_v1_pod, &p, NULL) == 0)
			add_pod(u, &p);
		return;
	}
	if (is_resource(r, "", "persistentvolumeclaims")) {
		struct core_v1_persistent_volume_claim c = { 0 };

		if (object_decode(o, &arena, api_struct_core_v1_persistent_volume_claim, &c,
				  NULL) == 0 &&
		    quota_scopes_claim(u->quota, &c))
			add_claim(u, r, &c);
		return;
	}
	if (quota_has_scopes(u->quota))
		return;
	add_count(u, r);
	if (is_resource(r, "", "services")) {
		struct core_v1_service s = { 0 };

		if (object_decode(o, &arena, api_struct_core_v1_service, &s, NULL) == 0)
			add_service(u, &s);
	}
}

void quota_usage_write(const struct quota_usage *u, struct arena *a,
		       struct core_v1_resource_quota_status *out)
{
	out->hard = u->quota->spec.hard;
	out->used = (struct api_quantity_map){ ARENA_ARRAY(a, struct api_quantity_pair, u->n + 1),
					       u->n };
	for (size_t i = 0; i < u->n; i++) {
		char text[QUANTITY_TEXT_MAX];
		size_t n = quantity_text(u->items[i].used, text);

		out->used.items[i].key = u->items[i].name;
		out->used.items[i].value.text = arena_str(a, str_of(text, n));
	}
}
