/* SPDX-License-Identifier: Apache-2.0 */
/* The last RECENT_MAX events are remembered in a ring: who comes again is patched, who falls out is made anew. */
#include "agent/kubelet/events.h"

#include "base/encode.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define RECENT_MAX  256
#define AGAIN_US    (600 * 1000000ll)
#define MESSAGE_MAX 1024

struct recent {
	uint64_t hash; /* of everything that makes two events the same; 0: free */
	char *ns, *name;
	int count;
	int64_t last_us;
};
struct events {
	struct client *client;
	struct clock *clock;
	char *node;
	struct recent ring[RECENT_MAX];
	size_t next;
};

struct events *events_new(struct client *c, struct clock *clock, const char *node_name)
{
	struct events *e = NEW(struct events);
	e->client = c;
	e->clock = clock;
	e->node = str_dup(str_from(node_name));
	return e;
}

static uint64_t hash_of(const struct event_subject *s, const char *type, const char *reason,
			const char *message)
{
	auto_buf b = { 0 };
	buf_printf(&b, "%s\n%.*s\n%.*s\n%s\n%s\n%s\n%s", s->kind, STR_ARG(s->ns), STR_ARG(s->uid),
		   s->field_path ? s->field_path : "", type, reason, message);
	return fnv1a64(b.p, b.n) | 1;
}

static struct recent *find(struct events *e, uint64_t hash, int64_t now_us)
{
	for (size_t i = 0; i < RECENT_MAX; i++)
		if (e->ring[i].hash == hash && now_us - e->ring[i].last_us < AGAIN_US)
			return &e->ring[i];
	return NULL;
}

static struct recent *remember(struct events *e, uint64_t hash, struct str ns, const char *name,
			       int64_t now_us)
{
	struct recent *r = &e->ring[e->next++ % RECENT_MAX];
	free(r->ns);
	free(r->name);
	*r = (struct recent){ .hash = hash,
			      .ns = str_dup(ns),
			      .name = str_dup(str_from(name)),
			      .count = 1,
			      .last_us = now_us };
	return r;
}

static void add_field(struct buf *b, const char *key, struct str value)
{
	if (!value.n)
		return;
	buf_printf(b, "%s\"%s\":", b->p[b->n - 1] == '{' ? "" : ",", key);
	buf_json_string(b, value);
}

static void ignore(void *ctx, const struct client_result *r)
{
	(void)ctx;
	(void)r; /* an event that cannot be stored (its namespace is going, …) is lost, as upstream's are */
}

static void post(struct events *e, struct str ns, const struct buf *body)
{
	client_do(e->client, &(struct client_call){ .verb = API_CREATE,
						    .resource = API_CORE_V1_EVENTS,
						    .ns = ns,
						    .body = buf_view(body),
						    .done = ignore });
}

static void create(struct events *e, const struct event_subject *s, const char *type,
		   const char *reason, const char *message, uint64_t hash, int64_t now_us)
{
	char time[TIME_TEXT_MAX], name[300];
	struct str ns = s->ns.n ? s->ns : STR("default");
	auto_buf b = { 0 };
	time_format(now_us / 1000000, time);
	snprintf(name, sizeof(name), "%.*s.%llx", STR_ARG(s->name),
		 (unsigned long long)(now_us * 1000 + (int64_t)(e->next % 1000)));
	buf_puts(&b, "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{");
	add_field(&b, "name", str_from(name));
	add_field(&b, "namespace", ns);
	buf_puts(&b, "},\"involvedObject\":{");
	add_field(&b, "kind", str_from(s->kind));
	add_field(&b, "namespace", s->ns);
	add_field(&b, "name", s->name);
	add_field(&b, "uid", s->uid);
	add_field(&b, "apiVersion", STR("v1"));
	add_field(&b, "resourceVersion", s->revision);
	add_field(&b, "fieldPath", str_from(s->field_path));
	buf_putc(&b, '}');
	add_field(&b, "reason", str_from(reason));
	add_field(&b, "message", str_from(message));
	buf_puts(&b, ",\"source\":{\"component\":\"kubelet\"");
	add_field(&b, "host", str_from(e->node));
	buf_putc(&b, '}');
	add_field(&b, "firstTimestamp", str_from(time));
	add_field(&b, "lastTimestamp", str_from(time));
	buf_puts(&b, ",\"count\":1");
	add_field(&b, "type", str_from(type));
	buf_puts(&b, ",\"eventTime\":null,\"reportingComponent\":\"kubelet\"");
	add_field(&b, "reportingInstance", str_from(e->node));
	buf_putc(&b, '}');
	remember(e, hash, ns, name, now_us);
	post(e, ns, &b);
}

static void raise_count(struct events *e, struct recent *r, int64_t now_us)
{
	char time[TIME_TEXT_MAX];
	auto_buf b = { 0 };
	r->count++;
	r->last_us = now_us;
	time_format(now_us / 1000000, time);
	buf_printf(&b, "{\"count\":%d,\"lastTimestamp\":\"%s\"}", r->count, time);
	client_do(e->client,
		  &(struct client_call){ .verb = API_PATCH,
					 .resource = API_CORE_V1_EVENTS,
					 .ns = str_from(r->ns),
					 .name = str_from(r->name),
					 .body = buf_view(&b),
					 .done = ignore,
					 .content_type = STR("application/merge-patch+json") });
}

static void record(struct events *e, const struct event_subject *s, const char *type,
		   const char *reason, const char *fmt, va_list ap)
{
	char message[MESSAGE_MAX];
	int64_t now_us = clock_wall_us(e->clock);
	vsnprintf(message, sizeof(message), fmt, ap);
	uint64_t hash = hash_of(s, type, reason, message);
	struct recent *r = find(e, hash, now_us);
	if (r)
		raise_count(e, r, now_us);
	else
		create(e, s, type, reason, message, hash, now_us);
}

void event_normal(struct events *e, const struct event_subject *s, const char *reason,
		  const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	record(e, s, "Normal", reason, fmt, ap);
	va_end(ap);
}

void event_warning(struct events *e, const struct event_subject *s, const char *reason,
		   const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	record(e, s, "Warning", reason, fmt, ap);
	va_end(ap);
}
