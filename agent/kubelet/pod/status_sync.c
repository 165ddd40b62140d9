/* SPDX-License-Identifier: Apache-2.0 */
/* The pod's status at the API server: a patch when what we would report differs from what was accepted last, one at a time,
 * the newest wins. Deletion for good waits for the last status. */
#include "agent/kubelet/pod/pod.h"

#include <stdio.h>

#include "agent/kubelet/pod/pod_status.h"
#include "api/decode.h"
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define RETRY_FIRST_US 100000ll
#define RETRY_MAX_US   30000000ll

static void keep_conditions(struct pod *p, const struct core_v1_pod_status *s)
{
	struct arena fresh = { 0 };
	size_t n = s->conditions.n;
	struct core_v1_pod_condition *list =
		ARENA_ARRAY(&fresh, struct core_v1_pod_condition, n + 1);
	for (size_t i = 0; i < n; i++) {
		list[i] = s->conditions.items[i];
		list[i].type = arena_str(&fresh, list[i].type);
		list[i].status = arena_str(&fresh, list[i].status);
	}
	arena_free(&p->conditions_arena);
	p->conditions_arena = fresh;
	p->conditions = list;
	p->nconditions = n;
}

/* Fields that may have gone must be said to be gone: a merge keeps what it is not told of. So conditions (merged by their type) are
 * written here with every field, and not by the codec, which leaves empty ones out. */
static void write_text(struct buf *b, const char *key, struct str value)
{
	buf_printf(b, ",\"%s\":", key);
	if (value.n)
		buf_json_string(b, value);
	else
		buf_puts(b, "null");
}

static const char *const resize_types[] = { "PodResizePending", "PodResizeInProgress" };

static bool has_condition(const struct core_v1_pod_status *s, const char *type)
{
	for (size_t i = 0; i < s->conditions.n; i++)
		if (str_eqz(s->conditions.items[i].type, type))
			return true;
	return false;
}

static void write_conditions(const struct pod *p, const struct core_v1_pod_status *s, struct buf *b)
{
	char time[TIME_TEXT_MAX];
	buf_puts(b, ",\"conditions\":[");
	for (size_t i = 0; i < s->conditions.n; i++) {
		const struct core_v1_pod_condition *c = &s->conditions.items[i];
		time_format(c->last_transition_time.us / 1000000, time);
		buf_printf(b,
			   "%s{\"type\":\"%.*s\",\"status\":\"%.*s\",\"observedGeneration\":%lld",
			   i ? "," : "", STR_ARG(c->type), STR_ARG(c->status),
			   (long long)c->observed_generation);
		buf_printf(b, ",\"lastProbeTime\":null,\"lastTransitionTime\":\"%s\"", time);
		write_text(b, "reason", c->reason);
		write_text(b, "message", c->message);
		buf_putc(b, '}');
	}
	for (size_t i = 0; p->resize.ever && i < COUNT_OF(resize_types); i++)
		if (!has_condition(s, resize_types[i]))
			buf_printf(b, ",{\"$patch\":\"delete\",\"type\":\"%s\"}", resize_types[i]);
	buf_putc(b, ']');
}

/* Merged by the address itself, which addresses that change would not survive: the list is replaced. */
static void write_ip(struct buf *b, struct str ip)
{
	buf_puts(b, ",{\"ip\":");
	buf_json_string(b, ip);
	buf_putc(b, '}');
}

static void write_addresses(const struct core_v1_pod_status *s, struct buf *b)
{
	buf_puts(b, ",\"hostIPs\":[{\"$patch\":\"replace\"}");
	for (size_t i = 0; i < s->host_ips.n; i++)
		write_ip(b, s->host_ips.items[i].ip);
	buf_puts(b, "],\"podIPs\":[{\"$patch\":\"replace\"}");
	for (size_t i = 0; i < s->pod_ips.n; i++)
		write_ip(b, s->pod_ips.items[i].ip);
	buf_puts(b, s->pod_ip.n ? "]" : "],\"podIP\":null");
}

static void write_rest(const struct pod *p, const struct core_v1_pod_status *s, struct buf *b)
{
	if (!s->reason.p)
		buf_puts(b, ",\"reason\":null");
	if (!s->message.p)
		buf_puts(b, ",\"message\":null");
	write_addresses(s, b);
	write_conditions(p, s, b);
}

static char *build(struct pod *p)
{
	auto_arena a = { 0 };
	auto_buf b = { 0 };
	struct core_v1_pod_status s;
	pod_status_build(p, clock_wall_us(p->k->clock), &a, &s);
	keep_conditions(p, &s);
	struct core_v1_pod_status rest = s;
	rest.conditions.n = rest.host_ips.n = rest.pod_ips.n = 0;
	buf_printf(&b, "{\"metadata\":{\"uid\":\"%s\"},\"status\":", p->uid);
	struct_write_json(api_struct_core_v1_pod_status, &rest, &b);
	b.n--; /* goes on before the closing brace: the phase is always there */
	write_rest(p, &s, &b);
	buf_puts(&b, "}}");
	return buf_take(&b);
}

static struct str status_of(const struct core_v1_pod_condition *list, size_t n, const char *type)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(list[i].type, type))
			return list[i].status;
	return STR("");
}

/* Whoever thought that this node was lost has said that its pods aren't ready: what we know is told again. */
void pod_status_heed(struct pod *p)
{
	const struct core_v1_pod_status *s = &p->api.status;
	if (!p->status_sent || p->status_busy ||
	    str_eq(status_of(s->conditions.items, s->conditions.n, "Ready"),
		   status_of(p->conditions, p->nconditions, "Ready")))
		return;
	free(p->status_sent);
	p->status_sent = NULL;
}

struct patch {
	struct pod *p;
	char *body;
};

static bool is_final(const struct err *e)
{
	return e->reason == ERR_NOT_FOUND || e->reason == ERR_CONFLICT ||
	       e->reason == ERR_INVALID || e->reason == ERR_BAD_REQUEST;
}

static void on_patched(void *ctx, const struct client_result *r)
{
	struct patch *t = ctx;
	struct pod *p = t->p;
	p->status_busy = false;
	if (!r->err) {
		free(p->status_sent);
		p->status_sent = TAKE(t->body);
		p->status_backoff_us = 0;
	} else if (
		is_final(
			r->err)) { /* the pod is gone or another: nothing to tell any more, or nothing that would help */
		if (r->err->reason != ERR_NOT_FOUND && r->err->reason != ERR_CONFLICT)
			log_warn("pod status refused", LOG_S("pod", p->name),
				 LOG_S("error", err_text(r->err)));
		free(p->status_sent);
		p->status_sent = TAKE(t->body);
	} else {
		p->status_backoff_us =
			p->status_backoff_us ? p->status_backoff_us * 2 : RETRY_FIRST_US;
		if (p->status_backoff_us > RETRY_MAX_US)
			p->status_backoff_us = RETRY_MAX_US;
		p->status_retry_us = clock_wall_us(p->k->clock) + p->status_backoff_us;
		log_warn("pod status not stored, will retry", LOG_S("pod", p->name),
			 LOG_S("error", err_text(r->err)));
	}
	free(t->body);
	free(t);
	pod_unhold(p);
}

/* A container that is stopped to be started anew, at once, is one step: what is between its two lives is not told. */
static bool is_replacing(const struct pod *p)
{
	for (size_t i = 0; i < p->ncontainers; i++) {
		const struct pod_container *c = p->containers[i];
		if (c->life == LIFE_STARTING && c->replaces && !c->pulling)
			return true;
	}
	return false;
}

void pod_status_sync(struct pod *p)
{
	if (p->status_busy || p->gone || p->finishing || p->finished ||
	    p->status_retry_us > clock_wall_us(p->k->clock) ||
	    (is_replacing(p) && !pod_is_terminating(p)))
		return;
	char *body = build(p);
	if (p->status_sent && !strcmp(body, p->status_sent)) {
		free(body);
		return;
	}
	struct patch *t = NEW(struct patch);
	t->p = p;
	t->body = body;
	p->status_busy = true;
	pod_hold(p);
	client_do(p->k->client,
		  &(struct client_call){ .verb = API_PATCH,
					 .resource = API_CORE_V1_PODS,
					 .ns = str_from(p->ns),
					 .name = str_from(p->name),
					 .subresource = STR("status"),
					 .content_type =
						 STR("application/strategic-merge-patch+json"),
					 .body = str_from(body),
					 .done = on_patched,
					 .ctx = t });
}

/* --- the last delete --- */

static void on_deleted(void *ctx, const struct client_result *r)
{
	struct pod *p = ctx;
	p->finishing = false;
	if (r->err && (r->err->reason == ERR_NOT_FOUND || r->err->reason == ERR_CONFLICT)) {
		p->gone = true;
	} else if (r->err) {
		log_warn("pod not deleted, will retry", LOG_S("pod", p->name),
			 LOG_S("error", err_text(r->err)));
		p->finish_retry_us = clock_wall_us(p->k->clock) + 1000000;
	} else {
		p->finished = true; /* finalizers may keep the object for a while */
		p->gone = p->api.metadata.finalizers.n == 0;
	}
	pod_unhold(p);
}

void pod_finish(struct pod *p)
{
	char body[256];
	bool rests = p->finish_retry_us > clock_wall_us(p->k->clock);
	if (p->finishing || p->finished || p->gone || p->status_busy || rests)
		return; /* the answer to the status comes first, and syncs */
	if (!p->frozen) {
		auto_free char *last = build(p);
		if (!p->status_sent || strcmp(last, p->status_sent) != 0)
			return; /* the last word is said after this sync */
	}
	snprintf(body, sizeof(body),
		 "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":0,"
		 "\"preconditions\":{\"uid\":\"%s\"}}",
		 p->uid);
	p->finishing = true;
	pod_hold(p);
	client_do(p->k->client, &(struct client_call){ .verb = API_DELETE,
						       .resource = API_CORE_V1_PODS,
						       .ns = str_from(p->ns),
						       .name = str_from(p->name),
						       .body = str_from(body),
						       .done = on_deleted,
						       .ctx = p });
}
