/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of service addresses: each gets a finalizer and is Ready; one that is deleted stays, and says so, while it is the only one for
 * an address in use. Then it goes, ten seconds later, when the API server gives nothing out of it any more. Key: the ServiceCIDR.
 * Follows upstream's pkg/controller/servicecidrs. */
#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/controllers/controller.h"
#include "server/controllers/owners.h"
#include "server/controllers/services/service_cidr_plan.h"

#define FINALIZER  "networking.k8s.io/service-cidr-finalizer"
#define MANAGED_BY "ipaddress.kubernetes.io/managed-by"
#define ALLOCATOR  "ipallocator.k8s.io"
#define GRACE_MS   10000
#define RANGES_MAX 2 /* of one object */

struct ranges {
	struct cidr_prefix prefix[RANGES_MAX];
	size_t n;
};

static struct ranges ranges_of(const struct object *o)
{
	struct ranges r = { 0 };
	json_t *tree = object_tree(o, NULL), *one;
	size_t i;
	json_array_foreach (json_object_get(json_object_get(tree, "spec"), "cidrs"), i, one)
		if (r.n < RANGES_MAX && json_is_string(one) &&
		    cidr_prefix_parse(str_from(json_string_value(one)), &r.prefix[r.n]))
			r.n++;
	json_decref(tree);
	return r;
}

/* ---- whether another range has what this one has ---- */

struct question {
	struct controller *c;
	const struct object *self;
	struct ranges own;
	const struct cidr_prefix *prefix; /* asked about: a range, or */
	struct str address;
	bool other, orphan;
};

static bool range_visit(void *ctx, const struct object *o)
{
	struct question *q = ctx;
	if (str_eq(o->name, q->self->name))
		return true;
	struct ranges r = ranges_of(o);
	for (size_t i = 0; i < r.n; i++)
		q->other = q->other || (q->prefix ? cidr_prefix_covers(&r.prefix[i], q->prefix)
						  : cidr_prefix_gives(&r.prefix[i], q->address));
	return !q->other;
}

static bool elsewhere(struct question *q)
{
	q->other = false;
	informer_each(controller_informer(q->c, API_NETWORKING_V1_SERVICECIDRS), STR(""),
		      range_visit, q);
	return q->other;
}

static bool is_allocated(const struct object *o)
{
	for (size_t i = 0; i < o->nlabels; i++)
		if (str_eqz(o->labels[i].key, MANAGED_BY))
			return str_eqz(o->labels[i].value, ALLOCATOR);
	return false;
}

static bool address_visit(void *ctx, const struct object *o)
{
	struct question *q = ctx;
	bool ours = false;
	for (size_t i = 0; i < q->own.n; i++)
		ours = ours || cidr_prefix_gives(&q->own.prefix[i], o->name);
	if (!ours || !is_allocated(o))
		return true;
	q->prefix = NULL;
	q->address = o->name;
	q->orphan = !elsewhere(q);
	return !q->orphan;
}

static bool may_go(struct controller *c, const struct object *o)
{
	struct question q = { .c = c, .self = o, .own = ranges_of(o) };
	bool covered = true;
	for (size_t i = 0; i < q.own.n && covered; i++) {
		q.prefix = &q.own.prefix[i];
		covered = elsewhere(&q);
	}
	if (covered)
		return true;
	informer_each(controller_informer(c, API_NETWORKING_V1_IPADDRESSES), STR(""), address_visit,
		      &q);
	return !q.orphan;
}

/* ---- writing ---- */

static void patch_finalizer(struct controller *c, struct str key, bool present)
{
	const struct controller_write w = {
		.verb = API_PATCH,
		.resource = API_NETWORKING_V1_SERVICECIDRS,
		.name = key,
		.content_type = STR("application/strategic-merge-patch+json"),
		.body = present ? STR("{\"metadata\":{\"finalizers\":[\"" FINALIZER "\"]}}")
				: STR("{\"metadata\":{\"$deleteFromPrimitiveList/"
				      "finalizers\":[\"" FINALIZER "\"]}}"),
		.harmless = ERR_NOT_FOUND,
	};
	controller_write(c, key, &w);
}

struct state {
	const char *status, *reason, *message;
};
static const struct state ready = { "True", "", "Kubernetes Service CIDR is ready" };
static const struct state terminating = {
	"False", "Terminating",
	"There are still IPAddresses referencing the ServiceCIDR, please remove them or create a "
	"new ServiceCIDR"
};

static bool says(const json_t *condition, const char *member, const char *text)
{
	const char *there = json_string_value(json_object_get(condition, member));
	return there && !strcmp(there, text);
}

static bool is_said(const struct object *o, const struct state *s)
{
	json_t *tree = object_tree(o, NULL), *one;
	bool same = false;
	size_t i;
	json_array_foreach (json_object_get(json_object_get(tree, "status"), "conditions"), i, one)
		if (says(one, "type", "Ready"))
			same = says(one, "status", s->status) && says(one, "reason", s->reason) &&
			       says(one, "message", s->message);
	json_decref(tree);
	return same;
}

static void say(struct controller *c, struct str key, const struct object *o, const struct state *s)
{
	char now[TIME_TEXT_MAX];
	if (is_said(o, s)) {
		controller_done(c, key, false);
		return;
	}
	time_format(clock_wall_s(clock_real()), now);
	json_t *tree =
		json_pack("{s:s,s:s,s:{s:s#},s:{s:[{s:s,s:s,s:s,s:s,s:s}]}}", "apiVersion",
			  "networking.k8s.io/v1", "kind", "ServiceCIDR", "metadata", "name", key.p,
			  (int)key.n, "status", "conditions", "type", "Ready", "status", s->status,
			  "reason", s->reason, "message", s->message, "lastTransitionTime", now);
	auto_free char *body = json_dumps(tree, JSON_COMPACT);
	const struct controller_write w = {
		.verb = API_PATCH,
		.resource = API_NETWORKING_V1_SERVICECIDRS,
		.name = key,
		.subresource = STR("status"),
		.query = STR("fieldManager=service-cidr-controller&force=true"),
		.content_type = STR("application/apply-patch+yaml"),
		.body = str_from(body),
		.harmless = ERR_NOT_FOUND,
	};
	json_decref(tree);
	controller_write(c, key, &w);
}

/* ---- the work ---- */

static int64_t grace_left_ms(const struct object *o)
{
	json_t *tree = object_tree(o, NULL);
	const char *text = json_string_value(
		json_object_get(json_object_get(tree, "metadata"), "deletionTimestamp"));
	int64_t at_us = 0;
	if (text)
		time_parse(str_from(text), &at_us);
	json_decref(tree);
	return GRACE_MS - (clock_wall_s(clock_real()) * 1000 - at_us / 1000);
}

static void work_deleted(struct controller *c, struct str key, const struct object *o)
{
	if (!may_go(c, o)) {
		say(c, key, o, &terminating);
		return;
	}
	int64_t left = grace_left_ms(o);
	if (left > 0) {
		work_queue_add_after(c->queue, key, left);
		controller_done(c, key, false);
	} else if (object_has_finalizer(o, STR(FINALIZER))) {
		patch_finalizer(c, key, false);
	} else {
		controller_done(c, key, false);
	}
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_NETWORKING_V1_SERVICECIDRS), STR(""), key);
	if (!o || !informer_synced(controller_informer(c, API_NETWORKING_V1_IPADDRESSES)))
		controller_done(c, key, o != NULL);
	else if (o->deleting)
		work_deleted(c, key, o);
	else if (!object_has_finalizer(o, STR(FINALIZER)))
		patch_finalizer(c, key, true);
	else
		say(c, key, o, &ready);
}

static bool add_deleted(void *ctx, const struct object *o)
{
	struct controller *c = ctx;
	if (o->deleting)
		work_queue_add(c->queue, o->name);
	return true;
}

/* What comes or goes may be what another one that is to go has waited for. */
static void look_again(struct controller *c)
{
	informer_each(controller_informer(c, API_NETWORKING_V1_SERVICECIDRS), STR(""), add_deleted,
		      c);
}

static void on_range(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	if (new)
		work_queue_add(c->queue, new->name);
	if (!old || !new)
		look_again(c);
}

static void on_address(void *ctx, const struct object *old, const struct object *new)
{
	if (!old || !new)
		look_again(ctx);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_NETWORKING_V1_SERVICECIDRS), on_range, NULL,
			  c);
	informer_hook_add(controller_informer(c, API_NETWORKING_V1_IPADDRESSES), on_address, NULL,
			  c);
	return 0;
}

const struct controller_row controller_service_cidr = { .name = "service-cidr-controller",
							.start = start,
							.account = "service-cidrs-controller" };
