/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_node.h"

#include <stdlib.h>
#include <string.h>

#include "api/decode.h"
#include "base/mem.h"
#include "client/informer.h"
#include "client/selectors.h"
#include "generated/api_structs.h"
#include "generated/api_tables.h"

#define ZONE_LABEL    "topology.kubernetes.io/zone"
#define LEAVING_TAINT "ToBeDeletedByClusterAutoscaler"

static size_t internal_ips(const struct core_v1_node *node, struct ip out[SERVICE_NODE_IPS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < node->status.addresses.n && n < SERVICE_NODE_IPS_MAX; i++) {
		const struct core_v1_node_address *a = &node->status.addresses.items[i];
		char text[IP_TEXT_MAX];
		if (!str_eqz(a->type, "InternalIP") || a->address.n >= sizeof(text))
			continue;
		memcpy(text, a->address.p, a->address.n);
		text[a->address.n] = '\0';
		n += ip_parse(text, &out[n]);
	}
	return n;
}

static bool stays(const struct core_v1_node *node)
{
	for (size_t i = 0; i < node->spec.taints.n; i++)
		if (str_eqz(node->spec.taints.items[i].key, LEAVING_TAINT))
			return false;
	return !node->metadata.deletion_timestamp.us;
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct service_node *n = ctx;
	const struct str *label = new ? object_label(new, STR(ZONE_LABEL)) : NULL;
	struct str zone = label ? *label : STR("");
	struct ip ips[SERVICE_NODE_IPS_MAX] = { 0 };
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	bool known = new &&object_decode(new, &arena, api_struct_core_v1_node, &node, NULL) == 0;
	size_t nips = known ? internal_ips(&node, ips) : 0;
	(void)old;
	n->eligible = known && stays(&node);
	if (str_eqz(zone, n->zone) && nips == n->nips && memcmp(ips, n->ips, sizeof(ips)) == 0)
		return;
	free(n->zone);
	n->zone = str_dup(zone);
	memcpy(n->ips, ips, sizeof(ips));
	n->nips = nips;
	n->changed(n->ctx);
}

static void on_synced(void *ctx)
{
	struct service_node *n = ctx;
	n->changed(n->ctx);
}

void service_node_start(struct service_node *n, struct client *client, const char *name,
			void (*changed)(void *ctx), void *ctx)
{
	auto_free char *me = str_printf("metadata.name=%s", name);
	n->zone = str_dup(STR(""));
	n->changed = changed;
	n->ctx = ctx;
	n->informer = informer_new(client, API_CORE_V1_NODES, STR(""), STR(""), str_from(me));
	informer_hook_add(n->informer, on_node, on_synced, n);
	informer_start(n->informer);
}

bool service_node_synced(const struct service_node *n)
{
	return informer_synced(n->informer);
}

void service_node_stop(struct service_node *n)
{
	informer_free(TAKE(n->informer));
}

void service_node_free(struct service_node *n)
{
	free(n->zone);
}
