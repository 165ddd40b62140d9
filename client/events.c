/* SPDX-License-Identifier: Apache-2.0 */
/* Three maps, by text keys: how many tokens an object has left, how many different messages a reason had lately, and which
 * event object stands for a message. What is remembered is bounded by forgetting all of it. */
#include "client/events.h"

#include <stdio.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define BURST          25
#define REFILL_US      (300 * 1000000LL)
#define SIMILAR_MAX    10
#define SIMILAR_US     (600 * 1000000LL)
#define REMEMBERED_MAX 2048
#define EVENT_LIFE_US \
	(3000 * 1000000LL) /* the server deletes events an hour after their last change */
#define MESSAGE_MAX 1024

struct bucket {
	double tokens;
	int64_t at_us;
};
struct similar {
	int64_t since_us;
	struct map messages; /* set */
};
struct known {
	char *ns, *name;
	int64_t count, at_us;
};
struct event_recorder {
	struct client *client;
	struct clock *clock;
	const char *component;
	struct map buckets, similar, known;
};

struct event_recorder *event_recorder_new(struct client *c, struct clock *clock,
					  const char *component)
{
	struct event_recorder *r = NEW(struct event_recorder);

	r->client = c;
	r->clock = clock;
	r->component = component;
	return r;
}

static void similar_free(void *p)
{
	map_free(&((struct similar *)p)->messages, NULL);
	free(p);
}

static void known_free(void *p)
{
	struct known *k = p;

	free(k->ns);
	free(k->name);
	free(k);
}

static void forget_all(struct event_recorder *r)
{
	map_free(&r->buckets, free);
	map_free(&r->similar, similar_free);
	map_free(&r->known, known_free);
}

void event_recorder_free(struct event_recorder *r)
{
	if (!r)
		return;
	forget_all(r);
	free(r);
}

static bool may_send(struct event_recorder *r, const struct object *about)
{
	struct bucket *b = map_get(&r->buckets, about->uid.n ? about->uid : about->key);
	int64_t now = clock_wall_us(r->clock);

	if (!b) {
		b = NEW(struct bucket);
		*b = (struct bucket){ BURST, now };
		map_put(&r->buckets, about->uid.n ? about->uid : about->key, b);
	}
	b->tokens += (double)(now - b->at_us) / REFILL_US;
	b->at_us = now;
	if (b->tokens > BURST)
		b->tokens = BURST;
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}

/* Are there too many different messages of this reason? */
static bool is_one_of_many(struct event_recorder *r, struct str group, struct str message)
{
	struct similar *s = map_get(&r->similar, group);
	int64_t now = clock_wall_us(r->clock);

	if (!s) {
		s = NEW(struct similar);
		s->since_us = now;
		map_put(&r->similar, group, s);
	}
	if (now - s->since_us > SIMILAR_US) {
		map_free(&s->messages, NULL);
		s->messages = (struct map){ 0 };
		s->since_us = now;
	}
	if (s->messages.count < SIMILAR_MAX)
		map_put(&s->messages, message, s);
	return !map_get(&s->messages, message);
}

static void subject_json(const struct object *o, struct buf *b)
{
	const struct api_resource *r = o->resource;

	buf_printf(b, "{\"kind\":\"%s\"", r->kind);
	if (o->ns.n)
		buf_printf(b, ",\"namespace\":\"%.*s\"", STR_ARG(o->ns));
	buf_printf(b,
		   ",\"name\":\"%.*s\",\"uid\":\"%.*s\",\"apiVersion\":\"%s%s%s\","
		   "\"resourceVersion\":\"%lld\"}",
		   STR_ARG(o->name), STR_ARG(o->uid), r->group, r->group[0] ? "/" : "", r->version,
		   (long long)o->revision);
}

struct event_text {
	const struct object *about;
	const char *type, *reason, *action;
	struct str message;
};

static void on_created(void *ctx, const struct client_result *result)
{
	(void)ctx;
	/* a namespace on its way out takes no events; that is nobody's worry */
	if (result->err && result->err->reason != ERR_FORBIDDEN &&
	    result->err->reason != ERR_NOT_FOUND)
		log_debug("event was not recorded", LOG_S("error", err_text(result->err)));
}

static void create(struct event_recorder *r, struct known *k, const struct event_text *e)
{
	auto_buf b = { 0 };
	char now[TIME_TEXT_MAX];

	time_format(clock_wall_s(r->clock), now);
	buf_printf(&b,
		   "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
		   "\"namespace\":\"%s\"},"
		   "\"involvedObject\":",
		   k->name, k->ns);
	subject_json(e->about, &b);
	buf_printf(&b, ",\"reason\":\"%s\",\"message\":", e->reason);
	buf_json_string(&b, e->message);
	buf_printf(&b,
		   ",\"source\":{\"component\":\"%s\"},\"firstTimestamp\":\"%s\",\"lastTimestamp\":"
		   "\"%s\",\"count\":1,"
		   "\"type\":\"%s\",\"eventTime\":null,",
		   r->component, now, now, e->type);
	if (e->action)
		buf_printf(&b, "\"action\":\"%s\",", e->action);
	buf_printf(&b, "\"reportingComponent\":\"%s\",\"reportingInstance\":\"\"}", r->component);
	const struct client_call call = { .verb = API_CREATE,
					  .resource = API_CORE_V1_EVENTS,
					  .ns = str_from(k->ns),
					  .body = buf_view(&b),
					  .done = on_created,
					  .ctx = NULL };
	client_do(r->client, &call);
}

static void raise_count(struct event_recorder *r, struct known *k, struct str message)
{
	auto_buf b = { 0 };
	char now[TIME_TEXT_MAX];

	time_format(clock_wall_s(r->clock), now);
	buf_printf(&b, "{\"count\":%lld,\"lastTimestamp\":\"%s\",\"message\":", (long long)k->count,
		   now);
	buf_json_string(&b, message);
	buf_putc(&b, '}');
	const struct client_call call = { .verb = API_PATCH,
					  .resource = API_CORE_V1_EVENTS,
					  .ns = str_from(k->ns),
					  .name = str_from(k->name),
					  .content_type =
						  STR("application/strategic-merge-patch+json"),
					  .body = buf_view(&b),
					  .done = on_created,
					  .ctx = NULL };
	client_do(r->client, &call);
}

static struct known *known_new(struct event_recorder *r, struct str key, const struct object *about)
{
	struct known *k = NEW(struct known);

	k->ns = about->ns.n ? str_dup(about->ns) : str_dup(STR("default"));
	k->name = str_printf("%.*s.%llx", STR_ARG(about->name),
			     (unsigned long long)clock_wall_us(r->clock) * 1000);
	map_put(&r->known, key, k);
	return k;
}

static void emit(struct event_recorder *r, struct event_text *e)
{
	auto_buf group = { 0 }, key = { 0 }, message = { 0 };
	struct known *k;

	buf_printf(&group, "%.*s/%.*s/%s/%s", STR_ARG(e->about->key), STR_ARG(e->about->uid),
		   e->type, e->reason);
	buf_str(&key, buf_view(&group));
	if (is_one_of_many(r, buf_view(&group), e->message)) {
		buf_puts(&message, "(combined from similar events): ");
		buf_str(&message, e->message);
		e->message = buf_view(&message);
	} else {
		buf_putc(&key, '/');
		buf_str(&key, e->message);
	}
	k = map_get(&r->known, buf_view(&key));
	if (k && clock_wall_us(r->clock) - k->at_us > EVENT_LIFE_US) {
		known_free(map_del(&r->known, buf_view(&key)));
		k = NULL;
	}
	if (!k)
		k = known_new(r, buf_view(&key), e->about);
	k->at_us = clock_wall_us(r->clock);
	if (++k->count == 1)
		create(r, k, e);
	else
		raise_count(r, k, e->message);
}

void event_record(struct event_recorder *r, const struct object *about, const char *type,
		  const char *reason, const char *action, const char *fmt, ...)
{
	struct event_text e = { .about = about, .type = type, .reason = reason, .action = action };
	auto_buf text = { 0 };
	va_list ap;

	if (r->known.count + r->buckets.count + r->similar.count > REMEMBERED_MAX)
		forget_all(r);
	if (!may_send(r, about))
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	e.message = str_of(text.p, text.n < MESSAGE_MAX ? text.n : MESSAGE_MAX);
	emit(r, &e);
}
