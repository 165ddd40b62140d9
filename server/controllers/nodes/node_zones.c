/* SPDX-License-Identifier: Apache-2.0 */
/* Counts are kept per zone as nodes are told of, so that a judgement costs what there are zones. A zone without nodes is gone. */
#include "server/controllers/nodes/node_zones.h"

const struct node_zones_config node_zones_defaults = {
	.rate = 0.1, .secondary_rate = 0.01, .large = 50, .unhealthy = 0.55
};

struct bucket {      /* holds one token at most */
	double rate; /* a second; 0: none is ever given */
	bool full;
	int64_t empty_since_ms;
};
struct zone {
	char *name;
	size_t members; /* all of it */
	size_t size, unhealthy;
	enum zone_state state;
	struct bucket bucket;
	struct list queue; /* struct node */
	uint64_t evictions;
};
struct node {
	char *name;
	struct zone *zone;
	bool ready, excluded;
	struct list link; /* of the queue, or alone */
};

/* --- the token bucket --- */

static int64_t bucket_wait_ms(const struct bucket *b, int64_t now_ms)
{
	if (b->rate <= 0)
		return ZONES_NEVER;
	if (b->full)
		return 0;
	int64_t fills_at = b->empty_since_ms + (int64_t)(1000 / b->rate);
	return fills_at > now_ms ? fills_at - now_ms : 0;
}

static bool bucket_take(struct bucket *b, int64_t now_ms)
{
	if (bucket_wait_ms(b, now_ms) != 0)
		return false;
	*b = (struct bucket){ .rate = b->rate, .empty_since_ms = now_ms };
	return true;
}

/* Another rate begins with a token only if there was one. */
static void bucket_set(struct bucket *b, double rate, int64_t now_ms)
{
	if (b->rate == rate)
		return;
	bool had = bucket_wait_ms(b, now_ms) == 0;
	*b = (struct bucket){ .rate = rate, .full = had, .empty_since_ms = now_ms };
}

/* --- nodes and zones --- */

void node_zones_init(struct node_zones *z, const struct node_zones_config *config)
{
	*z = (struct node_zones){ .config = *config };
}

static void zone_free(void *zone)
{
	free(((struct zone *)zone)->name);
	free(zone);
}

static void node_free(void *node)
{
	free(((struct node *)node)->name);
	free(node);
}

void node_zones_free(struct node_zones *z)
{
	map_free(&z->nodes, node_free);
	map_free(&z->zones, zone_free);
}

static struct zone *zone_named(struct node_zones *z, struct str name)
{
	struct zone *zone = map_get(&z->zones, name);
	if (zone)
		return zone;
	zone = NEW(struct zone);
	zone->bucket = (struct bucket){ .rate = z->config.rate, .full = true };
	list_init(&zone->queue);
	zone->name = str_dup(name);
	map_put(&z->zones, name, zone);
	return zone;
}

static void count(struct node *n, bool in)
{
	size_t by = in ? 1 : (size_t)-1;
	n->zone->members += by;
	if (n->excluded)
		return;
	n->zone->size += by;
	if (!n->ready)
		n->zone->unhealthy += by;
}

static void leave(struct node_zones *z, struct node *n)
{
	struct zone *zone = n->zone;
	count(n, false);
	n->zone = NULL;
	if (zone->members == 0) {
		list_del(&n->link);
		zone_free(map_del(&z->zones, str_from(zone->name)));
	}
}

bool node_zones_put(struct node_zones *z, struct str node, const struct node_zones_fact *f)
{
	struct node *n = map_get(&z->nodes, node);
	if (n && str_eqz(f->zone, n->zone->name) && n->ready == f->ready &&
	    n->excluded == f->excluded)
		return false;
	if (!n) {
		n = NEW(struct node);
		list_init(&n->link);
		n->name = str_dup(node);
		map_put(&z->nodes, node, n);
	}
	bool waits = !list_empty(&n->link), moves = !n->zone || !str_eqz(f->zone, n->zone->name);
	struct zone *to = zone_named(z, f->zone);
	if (n->zone && moves)
		leave(z, n);
	else if (n->zone)
		count(n, false);
	n->zone = to;
	n->ready = f->ready;
	n->excluded = f->excluded;
	count(n, true);
	if (waits && moves) {
		list_del(&n->link);
		list_add_tail(&to->queue, &n->link);
	}
	return true;
}

bool node_zones_drop(struct node_zones *z, struct str node)
{
	struct node *n = map_get(&z->nodes, node);
	if (!n)
		return false;
	list_del(&n->link);
	leave(z, n);
	node_free(map_del(&z->nodes, node));
	return true;
}

/* --- states --- */

static enum zone_state state_of(const struct node_zones *z, const struct zone *zone)
{
	if (zone->size > 0 && zone->unhealthy == zone->size)
		return ZONE_FULL_DISRUPTION;
	if (zone->unhealthy > 2 &&
	    (double)zone->unhealthy / (double)zone->size >= z->config.unhealthy)
		return ZONE_PARTIAL_DISRUPTION;
	return ZONE_NORMAL;
}

static void enter(struct node_zones *z, struct zone *zone, enum zone_state state, int64_t now_ms)
{
	double rate = z->config.rate;
	if (state == ZONE_PARTIAL_DISRUPTION)
		rate = (int64_t)zone->size > z->config.large ? z->config.secondary_rate : 0;
	bucket_set(&zone->bucket, rate, now_ms);
	zone->state = state;
}

enum zones_turn node_zones_judge(struct node_zones *z, int64_t now_ms)
{
	bool all_were = true, all_are = true;
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&z->zones, &at));) {
		struct zone *zone = e->value;
		if (zone->size == 0)
			continue; /* nobody counts in it */
		all_were = all_were && zone->state == ZONE_FULL_DISRUPTION;
		all_are = all_are && state_of(z, zone) == ZONE_FULL_DISRUPTION;
	}
	if (all_are && all_were)
		return ZONES_AS_BEFORE;
	at = 0;
	for (struct map_entry *e; (e = map_next(&z->zones, &at));) {
		struct zone *zone = e->value;
		if (all_are) {
			bucket_set(&zone->bucket, 0, now_ms);
			zone->state = ZONE_FULL_DISRUPTION;
		} else if (all_were || zone->state != state_of(z, zone)) {
			enter(z, zone, state_of(z, zone), now_ms);
		}
	}
	return all_are ? ZONES_ALL_DISRUPTED : all_were ? ZONES_ANSWER_AGAIN : ZONES_AS_BEFORE;
}

/* --- who waits for a taint --- */

bool node_zones_waits(const struct node_zones *z, struct str node)
{
	const struct node *n = map_get(&z->nodes, node);
	return n && !list_empty(&n->link);
}

void node_zones_wait(struct node_zones *z, struct str node)
{
	struct node *n = map_get(&z->nodes, node);
	if (n && list_empty(&n->link))
		list_add_tail(&n->zone->queue, &n->link);
}

void node_zones_forget(struct node_zones *z, struct str node)
{
	struct node *n = map_get(&z->nodes, node);
	if (n)
		list_del(&n->link);
}

bool node_zones_next(struct node_zones *z, int64_t now_ms, struct str *out, int64_t *out_wait_ms)
{
	int64_t soonest = ZONES_NEVER;
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&z->zones, &at));) {
		struct zone *zone = e->value;
		if (list_empty(&zone->queue))
			continue;
		if (bucket_take(&zone->bucket, now_ms)) {
			struct node *n = LIST_ITEM(zone->queue.next, struct node, link);
			list_del(&n->link);
			zone->evictions++;
			*out = str_from(n->name);
			return true;
		}
		int64_t wait = bucket_wait_ms(&zone->bucket, now_ms);
		if (wait != ZONES_NEVER && (soonest == ZONES_NEVER || wait < soonest))
			soonest = wait;
	}
	*out_wait_ms = soonest;
	return false;
}

void node_zones_each(const struct node_zones *z, void (*fn)(void *ctx, const struct zone_report *r),
		     void *ctx)
{
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&z->zones, &at));) {
		const struct zone *zone = e->value;
		const struct zone_report report = { .zone = str_from(zone->name),
						    .size = zone->size,
						    .unhealthy = zone->unhealthy,
						    .evictions = zone->evictions,
						    .state = zone->state };
		fn(ctx, &report);
	}
}
