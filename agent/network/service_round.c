/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_round.h"

#include <stdlib.h>

#include "agent/network/conntrack.h"
#include "agent/network/service_flows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

struct service_change *service_round_add(struct service_round *r, struct str key)
{
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	struct service_change *c = &r->items[r->n++];
	*c = (struct service_change){ .key = str_dup(key) };
	return c;
}

static void forget_flows(struct service_round *r)
{
	struct service_flows flows = { 0 };
	auto_err err = { 0 };
	for (size_t i = 0; i < r->n; i++)
		service_flows_add(&flows, &r->items[i].before, &r->items[i].after);
	if (service_flows_any(&flows) &&
	    conntrack_forget_udp(service_flows_stale, &flows, &err) < 0)
		log_warn("clients may keep sending to endpoints that are gone",
			 LOG_S("error", err_text(&err)));
	service_flows_free(&flows);
}

void service_round_run(struct service_round *r, struct service_rules *rules)
{
	int64_t begin = clock_real()->mono_us(clock_real());
	if (r->new_ranges)
		service_rules_ranges(rules, r->ranges, r->nranges);
	for (size_t i = 0; i < r->n; i++)
		service_rules_change(rules, &r->items[i].before, &r->items[i].after);
	r->failed = service_rules_commit(rules, &r->err) < 0;
	if (!r->failed)
		forget_flows(r);
	r->took_us = clock_real()->mono_us(clock_real()) - begin;
}

void service_round_free(struct service_round *r)
{
	for (size_t i = 0; i < r->n; i++) {
		service_elements_free(&r->items[i].before);
		service_elements_free(&r->items[i].after);
		free(r->items[i].key);
	}
	err_clear(&r->err);
	free(r->ranges);
	free(r->items);
	free(r);
}
