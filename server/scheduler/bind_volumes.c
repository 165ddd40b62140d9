/* SPDX-License-Identifier: Apache-2.0 */
/* Before a pod is bound: its claims get the volumes that were chosen, or a node on which their volume is made; then it waits until
 * all of them are bound (upstream's PreBind of VolumeBinding). What was promised is taken back when that fails or takes too
 * long.
 *
 *	chosen ─► patch volumes (claimRef), claims (selected-node) ─► all claims bound ─► pods/binding
 *	                              └── refused, undone, 10 minutes ──► pod is tried again */
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/scheduler_state.h"

#define VOLUMES_TIMEOUT_MS (10 * 60 * 1000)

struct awaited {
	char *claim;  /* name, in the pod's namespace */
	char *volume; /* promised; NULL: one is made */
	bool bound;
};
struct volume_binding {
	struct list link;
	struct scheduler *scheduler;
	const struct object *pod;
	char *node;
	struct awaited *items;
	size_t n, calls;
	int64_t until_ms;
	bool over; /* decided; waits for its calls only */
};

static void claim_key(const struct volume_binding *b, const struct awaited *a, struct buf *out)
{
	buf_printf(out, "%.*s/%s", STR_ARG(b->pod->ns), a->claim);
}

static void binding_free(struct volume_binding *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->items[i].claim);
		free(b->items[i].volume);
	}
	list_del(&b->link);
	object_unref(b->pod);
	free(b->items);
	free(b->node);
	free(b);
}

static void take_back(struct volume_binding *b)
{
	for (size_t i = 0; i < b->n; i++) {
		auto_buf key = { 0 };

		claim_key(b, &b->items[i], &key);
		if (b->items[i].volume)
			volumes_promise(&b->scheduler->volumes, str_from(b->items[i].volume), NULL);
		else
			volumes_select(&b->scheduler->volumes, buf_view(&key), STR(""));
	}
}

static void end(struct volume_binding *b, const char *why)
{
	struct scheduler *s = b->scheduler;

	if (b->over)
		return;
	b->over = true;
	take_back(b);
	if (why) {
		auto_free char *text =
			str_printf("running PreBind plugin \"VolumeBinding\": %s", why);

		scheduler_binding_failed(s, b->pod, false, text);
	} else {
		scheduler_bind(s, b->pod, str_from(b->node));
	}
	if (!b->calls)
		binding_free(b);
}

static bool all_bound(const struct volume_binding *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!b->items[i].bound)
			return false;
	return true;
}

static void on_answer(void *ctx, const struct client_result *r)
{
	struct volume_binding *b = ctx;
	struct scheduler *s = b->scheduler;

	s->in_flight--;
	b->calls--;
	if (b->over && !b->calls) {
		binding_free(b);
	} else if (!s->stopped && r->err) {
		auto_free char *why = str_dup(str_from(err_text(r->err)));

		end(b, why);
	} else if (!s->stopped && !b->over && !b->calls && all_bound(b)) {
		end(b, NULL);
	}
	scheduler_free_when_idle(s);
}

static void patch(struct volume_binding *b, const struct api_resource *r, struct str ns,
		  struct str name, struct str body)
{
	const struct client_call call = { .verb = API_PATCH,
					  .resource = r,
					  .ns = ns,
					  .name = name,
					  .content_type = STR("application/merge-patch+json"),
					  .body = body,
					  .done = on_answer,
					  .ctx = b };

	b->scheduler->in_flight++;
	b->calls++;
	client_do(b->scheduler->client, &call);
}

static void give_volume(struct volume_binding *b, const struct claim_plan *p)
{
	const struct meta_v1_object_meta *c = &p->claim->metadata, *v = &p->volume->metadata;
	auto_buf body = { 0 };

	buf_printf(&body,
		   "{\"metadata\":{\"uid\":\"%.*s\",\"resourceVersion\":\"%.*s\"%s},\"spec\":{"
		   "\"claimRef\":{\"kind\":\"PersistentVolumeClaim\",\"apiVersion\":\"v1\","
		   "\"namespace\":\"%.*s\",\"name\":\"%.*s\",\"uid\":\"%.*s\","
		   "\"resourceVersion\":\"%.*s\"}}}",
		   STR_ARG(v->uid), STR_ARG(v->resource_version),
		   p->volume->spec.claim_ref ? ""
					     : ",\"annotations\":{\"" ANN_BOUND_BY_CONTROLLER
					       "\":\"yes\"}",
		   STR_ARG(c->namespace), STR_ARG(c->name), STR_ARG(c->uid),
		   STR_ARG(c->resource_version));
	patch(b, API_CORE_V1_PERSISTENTVOLUMES, STR(""), v->name, buf_view(&body));
}

static void select_node(struct volume_binding *b, const struct claim_plan *p)
{
	const struct str *noted = annotation_get(&p->claim->metadata, ANN_SELECTED_NODE);
	auto_buf body = { 0 };

	if (noted && str_eqz(*noted, b->node))
		return;
	buf_printf(&body,
		   "{\"metadata\":{\"uid\":\"%.*s\",\"annotations\":{\"" ANN_SELECTED_NODE
		   "\":\"%s\"}}}",
		   STR_ARG(p->claim->metadata.uid), b->node);
	patch(b, API_CORE_V1_PERSISTENTVOLUMECLAIMS, b->pod->ns, p->claim->metadata.name,
	      buf_view(&body));
}

/* Others see where the pod is about to go. */
static void tell_node(struct volume_binding *b)
{
	auto_buf body = { 0 };

	buf_printf(&body,
		   "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"nominatedNodeName\":\"%s\"}}",
		   STR_ARG(b->pod->uid), b->node);
	scheduler_patch_pod_status(b->scheduler, b->pod, buf_view(&body));
}

void scheduler_bind_volumes(struct scheduler *s, const struct object *pod, struct str node,
			    const struct volume_plan *plan)
{
	struct volume_binding *b = NEW(struct volume_binding);

	b->scheduler = s;
	b->pod = object_ref(pod);
	b->node = str_dup(node);
	b->items = mem_zalloc(plan->n * sizeof(*b->items));
	b->n = plan->n;
	b->until_ms = scheduler_now_ms() + VOLUMES_TIMEOUT_MS;
	list_init(&b->link);
	list_add_tail(&s->volume_bindings, &b->link);
	b->calls = 1; /* until all are asked */
	tell_node(b);
	for (size_t i = 0; i < plan->n; i++) {
		const struct claim_plan *p = &plan->items[i];
		auto_buf key = { 0 };

		b->items[i].claim = str_dup(p->claim->metadata.name);
		claim_key(b, &b->items[i], &key);
		if (p->volume) {
			b->items[i].volume = str_dup(p->volume->metadata.name);
			volumes_promise(&s->volumes, p->volume->metadata.name, key.p);
		} else {
			volumes_select(&s->volumes, buf_view(&key), node);
		}
	}
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].volume)
			give_volume(b, &plan->items[i]);
		else
			select_node(b, &plan->items[i]);
	b->calls--;
}

/* NULL: it may still come. */
static const char *undone(const struct volume_binding *b, const struct awaited *a,
			  const claim_struct *claim)
{
	const struct str *node = annotation_get(&claim->metadata, ANN_SELECTED_NODE);

	if (a->volume || b->calls)
		return NULL;
	if (!node)
		return "provisioning failed for PVC";
	return str_eqz(*node, b->node) ? NULL : "selectedNode annotation value changed";
}

static void look(struct volume_binding *b, struct str name, const claim_struct *claim)
{
	for (size_t i = 0; i < b->n; i++) {
		struct awaited *a = &b->items[i];
		const char *why;

		if (!str_eqz(name, a->claim))
			continue;
		why = claim ? undone(b, a, claim) : "PVC is gone";
		a->bound = claim && claim_is_bound(claim);
		if (!a->bound && why) {
			end(b, why);
			return;
		}
	}
	if (!b->calls && all_bound(b))
		end(b, NULL);
}

void scheduler_claim_changed(struct scheduler *s, const struct object *o, bool gone)
{
	auto_arena arena = { 0 };
	claim_struct claim = { 0 };

	if (list_empty(&s->volume_bindings) ||
	    (!gone && object_decode(o, &arena, api_struct_core_v1_persistent_volume_claim, &claim,
				    NULL) < 0))
		return;
	LIST_EACH_SAFE(&s->volume_bindings, it)
	{
		struct volume_binding *b = LIST_ITEM(it, struct volume_binding, link);

		if (!b->over && str_eq(b->pod->ns, o->ns))
			look(b, o->name, gone ? NULL : &claim);
	}
}

void scheduler_volume_bindings_due(struct scheduler *s)
{
	LIST_EACH_SAFE(&s->volume_bindings, it)
	{
		struct volume_binding *b = LIST_ITEM(it, struct volume_binding, link);

		if (!b->over && b->until_ms <= scheduler_now_ms())
			end(b, "binding volumes: timed out waiting for the condition");
	}
}

int64_t scheduler_volume_bindings_next_ms(const struct scheduler *s)
{
	int64_t next = INT64_MAX;

	LIST_EACH(&s->volume_bindings, it)
	{
		const struct volume_binding *b = LIST_ITEM(it, struct volume_binding, link);

		next = !b->over && b->until_ms < next ? b->until_ms : next;
	}
	return next;
}

void scheduler_volume_bindings_free(struct scheduler *s)
{
	LIST_EACH_SAFE(&s->volume_bindings, it)
	binding_free(LIST_ITEM(it, struct volume_binding, link));
}
