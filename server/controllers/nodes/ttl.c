/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the annotation node.alpha.kubernetes.io/ttl to nodes (upstream's ttl controller). A change of the number for all reaches a node
 * with its next change. Key: the node. */
#include <stdio.h>

#include "base/mem.h"
#include "server/controllers/controller.h"
#include "server/controllers/nodes/node_ttl.h"

#define ANNOTATION "node.alpha.kubernetes.io/ttl"

struct ttl {
	size_t nodes, step;
};

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct ttl *t = c->state;

	t->nodes += !old;
	t->nodes -= !new;
	t->step = node_ttl_step(t->step, t->nodes);
	if (new)
		work_queue_add(c->queue, new->name);
}

static bool has(const struct object *o, const char *text)
{
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };

	if (object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0)
		return true;
	for (size_t i = 0; i < node.metadata.annotations.n; i++)
		if (str_eqz(node.metadata.annotations.items[i].key, ANNOTATION))
			return str_eqz(node.metadata.annotations.items[i].value, text);
	return false;
}

static void work(void *ctx, struct str name)
{
	struct controller *c = ctx;
	const struct ttl *t = c->state;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), name);
	char text[16];
	auto_buf body = { 0 };

	snprintf(text, sizeof(text), "%d", node_ttl_seconds(t->step));
	if (!o || has(o, text)) {
		controller_done(c, name, false);
		return;
	}
	buf_printf(&body, "{\"metadata\":{\"annotations\":{\"" ANNOTATION "\":\"%s\"}}}", text);
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_CORE_V1_NODES,
					    .name = name,
					    .content_type =
						    STR("application/strategic-merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	controller_write(c, name, &w);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->state = NEW(struct ttl);
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	free(c->state);
}

const struct controller_row controller_ttl = { .name = "ttl-controller",
					       .start = start,
					       .stop = stop };
