/* SPDX-License-Identifier: Apache-2.0 */
/* Watches. Each loop has a hub, each hub a group per watched resource. A commit posts one message per hub; the hub takes the
 * new events of a ring once, in portions, and walks its watchers: watchers outside, events inside, so that what a watcher's
 * delivery touches, from its selection down to its connection, is fetched once for all of a portion's events.
 *
 * Pace: what a pass makes its watchers write goes out at the end of the loop's turn, as one record and one system call each. A hub may
 * spend a share of its loop's time on them, saved up to BURST_US: then, and only then, the next pass waits until its share has
 * grown, PAUSE_MAX_US at most, while events gather in the ring. So events are delivered at once while they are few, or their
 * watchers are; many of both share records, and most of the loop is left to requests.
 *
 * A watcher joins at the start of a pass, never in its middle. `cursor` is the next watcher of the walk under way; taking a
 * watcher out moves it, so callbacks may take out any watcher. */
#include "base/clock.h"
#include "base/mem.h"
#include "storage/cache/cache_set.h"

#define PORTION      64
#define WRITE_US     8    /* what a watcher's write costs, about */
#define SHARE        16   /* of the loop's time, one part */
#define BURST_US     4000 /* of writes that are never held back */
#define PAUSE_MAX_US 25000

struct watch_group {
	struct list link; /* in the hub */
	struct watch_hub *hub;
	struct cache *cache;
	struct list active, joining;
};

struct watch_hub {
	struct loop_msg msg;
	_Atomic bool posted;
	struct loop *loop;
	struct cache_set *set;
	struct watch_hub *next; /* of the same loop, other sets */
	uint64_t bit;
	struct list groups;
	struct list *cursor;
	struct cache_watcher *served; /* NULL once it is taken out */
	uint64_t pass;                /* number of the last one */
	size_t writes;                /* watchers that wrote in it */
	int64_t spent_us, now_us;     /* on writes and not earned yet, at that time */
	struct loop_delay delay;
};

static struct cache_watcher *watcher_of(struct list *link)
{
	return LIST_ITEM(link, struct cache_watcher, link);
}

static void watcher_unlink(struct cache_watcher *w)
{
	struct watch_group *g = w->group;

	if (g->hub->cursor == &w->link)
		g->hub->cursor = w->link.next;
	if (g->hub->served == w)
		g->hub->served = NULL;
	list_del(&w->link);
	w->closed = true;
	if (!list_empty(&g->active) || !list_empty(&g->joining))
		return;
	pthread_mutex_lock(&g->hub->set->lock);
	g->cache->hubs &= ~g->hub->bit;
	pthread_mutex_unlock(&g->hub->set->lock);
}

/* `for (it = walk_start(g); it != end; it = walk_next(g))`, in which watchers may go. */
static struct list *walk_next(struct watch_group *g)
{
	struct list *it = g->hub->cursor;

	g->hub->cursor = it->next;
	return it;
}

static struct list *walk_start(struct watch_group *g)
{
	g->hub->cursor = g->active.next;
	return walk_next(g);
}

static void expire(struct watch_group *g, int64_t floor)
{
	for (struct list *it = walk_start(g); it != &g->active; it = walk_next(g)) {
		struct cache_watcher *w = watcher_of(it);

		if (w->seen >= floor)
			continue;
		watcher_unlink(w);
		w->on_expired(w);
	}
}

/* Until the watcher has them all or is taken out. */
static void deliver(struct watch_hub *h, struct cache_watcher *w, const struct ring_event *events,
		    size_t n)
{
	h->served = w;
	for (size_t i = 0; i < n && h->served; i++) {
		const struct ring_event *r = &events[i];
		const struct cache_event ev = { r->type, r->revision, r->object, r->previous };

		if (w->seen >= r->revision)
			continue;
		w->seen = r->revision;
		if (str_starts(r->object->key, w->prefix))
			w->on_event(w, &ev);
	}
	h->served = NULL;
}

static int64_t least_seen(struct watch_group *g)
{
	int64_t least = INT64_MAX;

	LIST_EACH(&g->active, it)
	{
		if (watcher_of(it)->seen < least)
			least = watcher_of(it)->seen;
	}
	return least;
}

static void end_batch(struct watch_group *g, int64_t revision)
{
	for (struct list *it = walk_start(g); it != &g->active; it = walk_next(g)) {
		struct cache_watcher *w = watcher_of(it);

		if (w->seen < revision)
			w->seen = revision;
		if (w->on_batch_end)
			w->on_batch_end(w, w->seen);
	}
}

/* One portion. True: there may be more. */
static bool portion(struct watch_group *g, bool *any, int64_t *revision)
{
	struct ring_event events[PORTION];
	size_t n = 0;

	if (list_empty(&g->active))
		return false;
	if (cache_take(g->cache, least_seen(g), events, PORTION, &n, revision) < 0) {
		expire(g, *revision);
		return true;
	}
	for (struct list *it = walk_start(g); it != &g->active; it = walk_next(g))
		deliver(g->hub, watcher_of(it), events, n);
	for (size_t i = 0; i < n; i++) {
		object_unref(events[i].object);
		object_unref(events[i].previous);
	}
	*any = *any || n > 0;
	return n == PORTION;
}

static void group_run(struct watch_group *g)
{
	bool any = !list_empty(&g->joining);
	int64_t revision = 0;

	while (!list_empty(&g->joining)) {
		struct list *it = g->joining.next;

		list_del(it);
		list_add_tail(&g->active, it);
	}
	while (portion(g, &any, &revision))
		;
	if (any)
		end_batch(g, revision);
}

static int64_t now_us(void)
{
	return clock_real()->mono_us(clock_real());
}

/* For how long the next pass has to wait. */
static int64_t pause_us(struct watch_hub *h)
{
	int64_t earned = (now_us() - h->now_us) / SHARE;

	h->now_us += earned * SHARE;
	h->spent_us = h->spent_us > earned ? h->spent_us - earned : 0;
	return h->spent_us > BURST_US ? (h->spent_us - BURST_US) * SHARE : 0;
}

static void hub_pass(struct watch_hub *h)
{
	h->pass++;
	h->writes = 0;
	LIST_EACH(&h->groups, it)
	group_run(LIST_ITEM(it, struct watch_group, link));
	h->cursor = NULL;
	h->spent_us += (int64_t)h->writes * WRITE_US;
	if (h->spent_us > BURST_US + PAUSE_MAX_US / SHARE)
		h->spent_us = BURST_US + PAUSE_MAX_US / SHARE;
}

static void delay_over(struct loop_delay *d)
{
	hub_pass(CONTAINER_OF(d, struct watch_hub, delay));
}

static void hub_run(struct loop_msg *m)
{
	struct watch_hub *h = CONTAINER_OF(m, struct watch_hub, msg);

	atomic_store(&h->posted, false);
	if (!h->set) { /* freed while this message was under way */
		free(h);
		return;
	}
	if (!list_empty(&h->delay.link))
		return;
	int64_t pause = pause_us(h);
	if (pause > 0)
		loop_delay_start(h->loop, &h->delay, (uint64_t)(pause + 999) / 1000);
	else
		hub_pass(h);
}

void cache_watch_wrote(struct cache_watcher *w)
{
	struct watch_hub *h = w->group->hub;

	if (w->wrote == h->pass)
		return;
	w->wrote = h->pass;
	h->writes++;
}

static void hub_wake(struct watch_hub *h)
{
	if (!atomic_exchange(&h->posted, true))
		loop_post(h->loop, &h->msg);
}

void watch_hubs_wake(struct cache_set *s, uint64_t hubs)
{
	for (unsigned i = 0; hubs; i++, hubs >>= 1)
		if (hubs & 1)
			hub_wake(s->hubs[i]);
}

static struct watch_hub *hub_add(struct loop *l, struct cache_set *s)
{
	struct watch_hub *h = NEW(struct watch_hub);

	h->msg.run = hub_run;
	h->loop = l;
	h->set = s;
	h->next = l->user[LOOP_SLOT_WATCH_HUB];
	list_init(&h->groups);
	loop_delay_init(&h->delay, delay_over);
	pthread_mutex_lock(&s->lock);
	if (s->nhubs == CACHE_HUBS_MAX)
		abort(); /* loops are made by the program, not by its users */
	h->bit = 1ull << s->nhubs;
	s->hubs[s->nhubs++] = h;
	pthread_mutex_unlock(&s->lock);
	l->user[LOOP_SLOT_WATCH_HUB] = h;
	return h;
}

static struct watch_group *group_of(struct loop *l, struct cache *c)
{
	struct watch_hub *h = l->user[LOOP_SLOT_WATCH_HUB];
	struct watch_group *g;

	while (h && h->set != c->set)
		h = h->next;
	if (!h)
		h = hub_add(l, c->set);
	LIST_EACH(&h->groups, it)
	{
		if (LIST_ITEM(it, struct watch_group, link)->cache == c)
			return LIST_ITEM(it, struct watch_group, link);
	}
	g = NEW(struct watch_group);
	g->hub = h;
	g->cache = c;
	list_init(&g->active);
	list_init(&g->joining);
	list_add_tail(&h->groups, &g->link);
	return g;
}

static void join(struct watch_group *g, struct cache_watcher *w, int64_t since)
{
	w->group = g;
	w->seen = since;
	w->wrote = 0;
	w->closed = false;
	list_add_tail(&g->joining, &w->link);
	hub_wake(g->hub);
}

int cache_watch(struct loop *l, struct cache *c, struct cache_watcher *w, int64_t since,
		struct err *err)
{
	struct watch_group *g = group_of(l, c);
	int64_t floor;

	pthread_mutex_lock(&c->set->lock);
	floor = c->ring.floor;
	if (since >= floor)
		c->hubs |= g->hub->bit;
	pthread_mutex_unlock(&c->set->lock);
	if (since < floor)
		return err_set(err, ERR_EXPIRED, "too old resource version: %lld (%lld)",
			       (long long)since, (long long)floor);
	join(g, w, since);
	return 0;
}

void cache_watch_from_now(struct loop *l, struct cache *c, struct cache_watcher *w)
{
	struct watch_group *g = group_of(l, c);
	int64_t now;

	pthread_mutex_lock(&c->set->lock);
	now = c->set->revision;
	c->hubs |= g->hub->bit;
	pthread_mutex_unlock(&c->set->lock);
	join(g, w, now);
}

void cache_unwatch(struct cache_watcher *w)
{
	if (w->group && !w->closed)
		watcher_unlink(w);
}

int64_t cache_watch_progress(struct cache_watcher *w)
{
	struct cache *c = w->group->cache;

	pthread_mutex_lock(&c->set->lock);
	if (ring_newest(&c->ring) <= w->seen && w->seen < c->set->revision)
		w->seen = c->set->revision;
	pthread_mutex_unlock(&c->set->lock);
	return w->seen;
}

void watch_hubs_free(struct cache_set *s)
{
	for (unsigned i = 0; i < s->nhubs; i++) {
		struct watch_hub *h = s->hubs[i],
				 **at = (struct watch_hub **)&h->loop->user[LOOP_SLOT_WATCH_HUB];

		while (*at && *at != h)
			at = &(*at)->next;
		if (*at)
			*at = h->next;
		LIST_EACH_SAFE(&h->groups, it)
		free(LIST_ITEM(it, struct watch_group, link));
		loop_delay_cancel(&h->delay);
		h->set = NULL;
		if (!atomic_load(&h->posted))
			free(h);
	}
}
