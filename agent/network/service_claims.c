/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_claims.h"

#include <string.h>

#include "base/mem.h"

#define PLACE_MAX 19 /* address, protocol, port */

struct service_claim {
	struct service_claim *next; /* of the same Service */
	char *service;
	bool wanted; /* in this round */
	uint8_t n;
	uint8_t place[PLACE_MAX];
};

static struct str place_of(const struct service_claim *c)
{
	return str_of((const char *)c->place, c->n);
}

static void place_set(struct service_claim *c, const struct ip *ip, uint8_t protocol, uint16_t port)
{
	size_t n = ip_size(ip);
	memcpy(c->place, ip->bytes, n);
	c->place[n++] = protocol;
	memcpy(c->place + n, &port, sizeof(port));
	c->n = (uint8_t)(n + sizeof(port));
}

static void claim_free(struct service_claim *c)
{
	free(c->service);
	free(c);
}

void service_claims_begin(struct service_claims *c, struct str service)
{
	c->service = service;
	c->held = map_get(&c->by_service, service);
	for (struct service_claim *x = c->held; x; x = x->next)
		x->wanted = false;
}

bool service_claims_take(struct service_claims *c, const struct ip *ip, uint8_t protocol,
			 uint16_t port)
{
	struct service_claim new = { 0 };
	place_set(&new, ip, protocol, port);
	struct service_claim *there = map_get(&c->by_place, place_of(&new));
	if (there) {
		if (str_eqz(c->service, there->service))
			return there->wanted = true;
		map_put(&c->waiting, c->service, c);
		return false;
	}
	there = NEW(struct service_claim);
	*there = new;
	there->service = str_dup(c->service);
	there->wanted = true;
	there->next = c->held;
	c->held = there;
	map_put(&c->by_place, place_of(there), there);
	return true;
}

bool service_claims_end(struct service_claims *c)
{
	bool let_go = false;
	for (struct service_claim **at = &c->held; *at;) {
		struct service_claim *x = *at;
		if (x->wanted) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		map_del(&c->by_place, place_of(x));
		claim_free(x);
		let_go = true;
	}
	if (c->held)
		map_put(&c->by_service, c->service, c->held);
	else
		map_del(&c->by_service, c->service);
	return let_go && c->waiting.count;
}

static void free_value(void *value)
{
	claim_free(value);
}

void service_claims_free(struct service_claims *c)
{
	map_free(&c->by_service, NULL);
	map_free(&c->waiting, NULL);
	map_free(&c->by_place, free_value);
}
