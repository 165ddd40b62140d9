/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/lease.h"

#include "base/buf.h"
#include "base/log.h"
#include "generated/api_tables.h"

static void create(struct lease *l);

static void on_answer(void *ctx, const struct client_result *r)
{
	struct lease *l = ctx;
	l->busy = false;
	if (l->idle) {
		l->idle(l);
		return;
	}
	if (!r->err || r->err->reason == ERR_ALREADY_EXISTS) {
		l->exists = true;
	} else if (r->err->reason == ERR_NOT_FOUND && l->exists) {
		l->exists = false;
		create(l);
	} else {
		log_debug("lease not renewed", LOG_S("error", err_text(r->err)));
	}
}

static void submit(struct lease *l, enum api_verb verb, struct str name, struct str type,
		   const struct buf *body)
{
	l->busy = true;
	client_do(l->client, &(struct client_call){ .verb = verb,
						    .resource = API_COORDINATION_V1_LEASES,
						    .ns = STR("kube-node-lease"),
						    .name = name,
						    .content_type = type,
						    .body = buf_view(body),
						    .done = on_answer,
						    .ctx = l });
}

static void create(struct lease *l)
{
	char now[TIME_TEXT_MAX];
	auto_buf b = { 0 };
	time_format_micro(clock_wall_us(l->clock), now);
	buf_printf(&b,
		   "{\"kind\":\"Lease\",\"apiVersion\":\"coordination.k8s.io/"
		   "v1\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"kube-node-lease\","
		   "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"%s\","
		   "\"uid\":\"%s\"}]},"
		   "\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":%d,\"renewTime\":"
		   "\"%s\"}}",
		   l->node_name, l->node_name, l->node_uid, l->node_name, LEASE_DURATION_S, now);
	submit(l, API_CREATE, (struct str){ 0 }, STR("application/json"), &b);
}

void lease_renew(struct lease *l)
{
	char now[TIME_TEXT_MAX];
	auto_buf b = { 0 };
	if (l->busy)
		return;
	if (!l->exists) {
		create(l);
		return;
	}
	time_format_micro(clock_wall_us(l->clock), now);
	buf_printf(&b,
		   "{\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":%d,\"renewTime\":"
		   "\"%s\"}}",
		   l->node_name, LEASE_DURATION_S, now);
	submit(l, API_PATCH, str_from(l->node_name), STR("application/merge-patch+json"), &b);
}
