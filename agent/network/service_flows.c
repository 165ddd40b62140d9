/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_flows.h"

#include <arpa/inet.h>
#include <string.h>

/* Keys of maps are those of the elements: front: address . protocol . port; backend: address . port before that. */

static size_t front_size(bool v6)
{
	return (v6 ? 16u : 4u) + 8u;
}

static size_t backend_size(bool v6)
{
	return (v6 ? 16u : 4u) + 4u;
}

static struct str front_of(const struct service_element *e)
{
	size_t skip = e->set == SERVICE_SERVED ? backend_size(e->v6) : 0;
	return str_of((const char *)e->key + skip, front_size(e->v6));
}

static struct str key_of(const struct service_element *e)
{
	return str_of((const char *)e->key, e->nkey);
}

static bool is_udp_front(const struct service_element *e)
{
	return (e->set == SERVICE_FRONTS || e->set == SERVICE_REFUSED) &&
	       e->key[e->v6 ? 16 : 4] == IPPROTO_UDP;
}

static void on_change(void *ctx, const struct service_element *e, bool remove)
{
	struct service_flows *f = ctx;
	if (!is_udp_front(e) && e->set != SERVICE_SERVED)
		return;
	map_put(&f->fronts, front_of(e), f);
	if (remove && e->set == SERVICE_SERVED)
		map_put(&f->left, key_of(e), f);
}

void service_flows_add(struct service_flows *f, const struct service_elements *before,
		       const struct service_elements *after)
{
	service_elements_diff(before, after, on_change, f);
	for (size_t i = 0; i < after->n; i++)
		if (after->items[i].set == SERVICE_SERVED &&
		    map_get(&f->fronts, front_of(&after->items[i]))) {
			map_put(&f->served, key_of(&after->items[i]), f);
			map_put(&f->served, front_of(&after->items[i]), f);
		}
}

struct place {
	uint8_t key[SERVICE_KEY_MAX];
	size_t backend, front; /* bytes of each */
};

static void add_port(uint8_t *p, uint16_t port)
{
	port = htons(port);
	memcpy(p, &port, sizeof(port));
}

static void place_of(const struct conntrack_flow *flow, bool node, struct place *out)
{
	size_t a = ip_size(&flow->front);
	*out = (struct place){ .backend = backend_size(a == 16), .front = front_size(a == 16) };
	uint8_t *front = out->key + out->backend;
	memcpy(out->key, flow->backend.bytes, a);
	add_port(out->key + a, flow->backend_port);
	if (!node)
		memcpy(front, flow->front.bytes, a);
	front[a] = IPPROTO_UDP;
	add_port(front + a + 4, flow->front_port);
}

bool service_flows_stale(const void *flows, const struct conntrack_flow *flow)
{
	const struct service_flows *f = flows;
	for (int node = 0; node < 2; node++) {
		struct place p;
		place_of(flow, node, &p);
		struct str front = str_of((const char *)p.key + p.backend, p.front),
			   all = str_of((const char *)p.key, p.backend + p.front);
		if (!map_get(&f->fronts, front) || map_get(&f->served, all))
			continue;
		if (!node || map_get(&f->served, front) || map_get(&f->left, all))
			return true;
	}
	return false;
}

void service_flows_free(struct service_flows *f)
{
	map_free(&f->fronts, NULL);
	map_free(&f->served, NULL);
	map_free(&f->left, NULL);
}
