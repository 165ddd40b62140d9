/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the queue: "ns/name" of a claim, "name" of a volume. A claim leads to one creation, a released volume to one deletion;
 * both are repeated with back-off until they are so. */
#include "storage/local_path/local_path.h"

#include "api/decode.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/events.h"
#include "client/informer.h"
#include "client/work_queue.h"
#include "generated/api_tables.h"
#include "storage/local_path/volume_plan.h"

struct local_path {
	struct client *client;
	struct informer *claims, *volumes, *classes, *nodes;
	struct work_queue *queue;
	struct event_recorder *events;
	bool classes_made;
};
struct call {
	struct local_path *p;
	char *key;
	const struct object *claim; /* of a creation */
	char *volume, *class;
};

static void say(struct local_path *p, const struct object *claim, const char *type,
		const char *reason, const char *text)
{
	event_record(p->events, claim, type, reason, NULL, "%s", text);
}

static void tell_created(const struct call *c, const struct client_result *r)
{
	auto_free char *text = NULL;

	if (!r->err || r->err->reason == ERR_ALREADY_EXISTS) {
		text = str_printf("Successfully provisioned volume %s", c->volume);
		say(c->p, c->claim, EVENT_NORMAL, "ProvisioningSucceeded", text);
		return;
	}
	text = str_printf("failed to provision volume with StorageClass \"%s\": %s", c->class,
			  err_text(r->err));
	say(c->p, c->claim, EVENT_WARNING, "ProvisioningFailed", text);
}

static void on_answer(void *ctx, const struct client_result *r)
{
	struct call *c = ctx;
	struct local_path *p = c->p;
	bool fine =
		!r->err || r->err->reason == ERR_ALREADY_EXISTS || r->err->reason == ERR_NOT_FOUND;

	if (c->claim)
		tell_created(c, r);
	else if (!fine)
		log_warn("volume was not deleted", LOG_S("volume", c->key),
			 LOG_S("error", err_text(r->err)));
	work_queue_done(p->queue, str_from(c->key), !fine);
	object_unref(c->claim);
	free(c->volume);
	free(c->class);
	free(c->key);
	free(c);
}

static void do_call(struct local_path *p, struct str key, struct client_call *what, struct call *c)
{
	c->p = p;
	c->key = str_dup(key);
	what->done = on_answer;
	what->ctx = c;
	client_do(p->client, what);
}

/* --- a claim --- */

static const struct storage_v1_storage_class *find_class(struct local_path *p, struct arena *a,
							 struct str name)
{
	const struct object *o = informer_get(p->classes, STR(""), name);
	struct storage_v1_storage_class *c = ARENA_NEW(a, struct storage_v1_storage_class);

	return o && object_decode(o, a, api_struct_storage_v1_storage_class, c, NULL) == 0 ? c
											   : NULL;
}

static const struct core_v1_node *find_node(struct local_path *p, struct arena *a, struct str name)
{
	const struct object *o = informer_get(p->nodes, STR(""), name);
	struct core_v1_node *n = ARENA_NEW(a, struct core_v1_node);

	return o && object_decode(o, a, api_struct_core_v1_node, n, NULL) == 0 ? n : NULL;
}

static void refuse(struct local_path *p, const struct object *o, struct str class, const char *why)
{
	auto_free char *text =
		str_printf("failed to provision volume with StorageClass \"%.*s\": %s",
			   STR_ARG(class), why);

	say(p, o, EVENT_WARNING, "ProvisioningFailed", text);
}

static void create(struct local_path *p, struct str key, const struct object *o, struct arena *a,
		   const claim_struct *claim, const struct storage_v1_storage_class *class)
{
	const struct str *selected = annotation_get(&claim->metadata, ANN_SELECTED_NODE);
	const char *why = local_path_refuses(claim);
	const struct core_v1_node *node = why ? NULL : find_node(p, a, *selected);
	auto_buf body = { 0 };
	struct call *c;

	if (!why && !node)
		why = "the selected node does not exist";
	if (!why && !local_path_volume(claim, class, node, &body))
		why = "the claim's name is not a file's name";
	if (why) {
		refuse(p, o, claim_class(claim), why);
		work_queue_done(p->queue, key, false);
		return;
	}
	auto_free char *text =
		str_printf("External provisioner is provisioning volume for claim \"%.*s\"",
			   STR_ARG(key));

	say(p, o, EVENT_NORMAL, "Provisioning", text);
	c = NEW(struct call);
	c->claim = object_ref(o);
	c->volume = str_printf("pvc-%.*s", STR_ARG(o->uid));
	c->class = str_dup(claim_class(claim));
	struct client_call what = { .verb = API_CREATE,
				    .resource = API_CORE_V1_PERSISTENTVOLUMES,
				    .body = buf_view(&body) };

	do_call(p, key, &what, c);
}

static void work_claim(struct local_path *p, struct str key, struct str ns, struct str name)
{
	const struct object *o = informer_get(p->claims, ns, name);
	auto_arena arena = { 0 };
	claim_struct claim = { 0 };
	const struct storage_v1_storage_class *class;
	auto_buf volume = { 0 };

	if (o)
		buf_printf(&volume, "pvc-%.*s", STR_ARG(o->uid));
	if (!o || informer_get(p->volumes, STR(""), buf_view(&volume)) ||
	    object_decode(o, &arena, api_struct_core_v1_persistent_volume_claim, &claim, NULL) <
		    0) {
		work_queue_done(p->queue, key, false);
		return;
	}
	class = find_class(p, &arena, claim_class(&claim));
	if (local_path_wants(&claim, class))
		create(p, key, o, &arena, &claim, class);
	else
		work_queue_done(p->queue, key, false);
}

/* --- a volume --- */

static void work_volume(struct local_path *p, struct str key)
{
	const struct object *o = informer_get(p->volumes, STR(""), key);
	auto_arena arena = { 0 };
	volume_struct v = { 0 };
	auto_buf body = { 0 };

	if (!o || object_decode(o, &arena, api_struct_core_v1_persistent_volume, &v, NULL) < 0 ||
	    !local_path_deletes(&v) ||
	    !local_path_node_listens(find_node(p, &arena, local_path_node(&v)))) {
		work_queue_done(p->queue, key, false);
		return;
	}
	buf_printf(&body,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":"
		   "\"%.*s\"}}",
		   STR_ARG(o->uid));
	struct client_call what = { .verb = API_DELETE,
				    .resource = API_CORE_V1_PERSISTENTVOLUMES,
				    .name = o->name,
				    .body = buf_view(&body) };

	do_call(p, key, &what, NEW(struct call));
}

static void work(void *ctx, struct str key)
{
	size_t slash = str_find(key, '/');

	if (slash < key.n)
		work_claim(ctx, key, str_of(key.p, slash),
			   str_of(key.p + slash + 1, key.n - slash - 1));
	else
		work_volume(ctx, key);
}

/* --- events --- */

static void on_claim(void *ctx, const struct object *old, const struct object *new)
{
	struct local_path *p = ctx;
	auto_buf key = { 0 };

	(void)old;
	if (!new || !str_contains(new->json, STR(LOCAL_PATH_PROVISIONER)))
		return;
	buf_printf(&key, "%.*s/%.*s", STR_ARG(new->ns), STR_ARG(new->name));
	work_queue_add(p->queue, buf_view(&key));
}

static void on_volume(void *ctx, const struct object *old, const struct object *new)
{
	struct local_path *p = ctx;

	(void)old;
	if (new &&str_contains(new->json, STR("\"phase\":\"Released\"")))
		work_queue_add(p->queue, new->name);
}

static bool wake_released(void *ctx, const struct object *o)
{
	on_volume(ctx, NULL, o);
	return true;
}

static bool is_ready(const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_node n = { 0 };

	return o && object_decode(o, &arena, api_struct_core_v1_node, &n, NULL) == 0 &&
	       local_path_node_listens(&n);
}

/* A node that is back, or gone for good, lets its released volumes go. */
static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct local_path *p = ctx;

	if (!informer_count(p->volumes) || (new && !(is_ready(new) && !is_ready(old))))
		return;
	informer_each(p->volumes, STR(""), wake_released, p);
}

/* --- the classes --- */

static void on_class_made(void *ctx, const struct client_result *r)
{
	(void)ctx;
	if (r->err && r->err->reason != ERR_ALREADY_EXISTS)
		log_warn("storage class was not made", LOG_S("error", err_text(r->err)));
}

static void make_class(struct local_path *p, const char *name, bool standard)
{
	auto_buf body = { 0 };

	if (informer_get(p->classes, STR(""), str_from(name)))
		return;
	buf_printf(
		&body,
		"{\"kind\":\"StorageClass\",\"apiVersion\":\"storage.k8s.io/v1\",\"metadata\":{"
		"\"name\":\"%s\"%s},\"provisioner\":\"" LOCAL_PATH_PROVISIONER
		"\",\"reclaimPolicy\":\"Delete\",\"volumeBindingMode\":\"WaitForFirstConsumer\"}",
		name, standard ? ",\"annotations\":{\"" ANN_DEFAULT_CLASS "\":\"true\"}" : "");
	const struct client_call what = { .verb = API_CREATE,
					  .resource = API_STORAGE_V1_STORAGECLASSES,
					  .body = buf_view(&body),
					  .done = on_class_made,
					  .ctx = NULL };

	client_do(p->client, &what);
}

static void on_classes(void *ctx)
{
	struct local_path *p = ctx;

	if (p->classes_made)
		return;
	p->classes_made = true;
	make_class(p, "standard", true);
	make_class(p, "local-path", false);
}

static bool wake_claim(void *ctx, const struct object *o)
{
	on_claim(ctx, NULL, o);
	return true;
}

static void on_class(void *ctx, const struct object *old, const struct object *new)
{
	struct local_path *p = ctx;

	if (new && !old)
		informer_each(p->claims, STR(""), wake_claim, p);
}

/* --- start and stop --- */

static struct informer *watch(struct local_path *p, const struct api_resource *r,
			      informer_hook on_change, void (*on_synced)(void *ctx))
{
	struct informer *i = informer_new(p->client, r, STR(""), STR(""), STR(""));

	informer_hook_add(i, on_change, on_synced, p);
	return i;
}

int local_path_start(struct client *client, struct local_path **out, struct err *err)
{
	struct local_path *p = NEW(struct local_path);
	const struct work_queue_config config = { .loop = client->loop,
						  .name = "local-path",
						  .workers = 5,
						  .work = work,
						  .ctx = p,
						  .backoff_max_ms = 30000 };

	(void)err;
	p->client = client;
	p->queue = work_queue_new(&config);
	p->events = event_recorder_new(client, clock_real(), LOCAL_PATH_PROVISIONER);
	p->claims = watch(p, API_CORE_V1_PERSISTENTVOLUMECLAIMS, on_claim, NULL);
	p->volumes = watch(p, API_CORE_V1_PERSISTENTVOLUMES, on_volume, NULL);
	p->classes = watch(p, API_STORAGE_V1_STORAGECLASSES, on_class, on_classes);
	p->nodes = watch(p, API_CORE_V1_NODES, on_node, NULL);
	informer_start(p->nodes);
	informer_start(p->volumes);
	informer_start(p->claims);
	informer_start(p->classes);
	*out = p;
	return 0;
}
