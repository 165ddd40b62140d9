/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/certificates/certificate_issue.h"

#include <stdlib.h>

#include "agent/kubelet/pod/pod_key.h"
#include "api/decode.h"
#include "api/validation/pem.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define MINUTE_US      (60 * 1000000ll)
#define ABANDON_US     (10 * MINUTE_US) /* a request that is not seen by then was deleted */
#define OVERDUE_US     (10 * MINUTE_US)
#define JITTER_US      (5 * MINUTE_US)
#define RETRY_FIRST_US 1000000ll
#define RETRY_MAX_US   (16 * MINUTE_US)

/* --- life --- */

static void issue_free(struct issue *i)
{
	char *const texts[] = { i->id,     i->ns,       i->pod,         i->uid,     i->account,
				i->signer, i->key_type, i->account_uid, i->request, i->refusal };
	for (size_t k = 0; k < COUNT_OF(texts); k++)
		free(texts[k]);
	buf_free(&i->next_key);
	buf_free(&i->stub);
	buf_free(&i->key);
	buf_free(&i->chain);
	arena_free(&i->arena);
	err_clear(&i->err);
	free(i);
}

static bool is_away(const struct issue *i)
{
	return i->step == ISSUE_ACCOUNT || i->step == ISSUE_KEY || i->step == ISSUE_CREATE;
}

void issue_drop(void *issue)
{
	struct issue *i = issue;
	i->owner = NULL;
	if (!is_away(i))
		issue_free(i);
}

/* False: nobody waits for it any more, it is freed. */
static bool is_back(struct issue *i)
{
	i->step = ISSUE_IDLE;
	if (i->owner)
		return true;
	issue_free(i);
	return false;
}

static int64_t now_us(const struct issue *i)
{
	return clock_wall_us(i->owner->c.clock);
}

static int64_t jitter_us(void)
{
	return (int64_t)(rand_u64() % JITTER_US);
}

static void retry_later(struct issue *i, const char *what, const struct err *err)
{
	log_warn("a pod's certificate is not there, will retry", LOG_S("pod", i->pod),
		 LOG_S("step", what), LOG_S("error", err_text(err)));
	i->backoff_us = i->backoff_us ? i->backoff_us * 2 : RETRY_FIRST_US;
	if (i->backoff_us > RETRY_MAX_US)
		i->backoff_us = RETRY_MAX_US;
	i->retry_at_us = now_us(i) + i->backoff_us;
	certificates_arm(i->owner);
}

/* --- the request --- */

static void write_request(const struct issue *i, struct buf *out)
{
	struct certificates *s = i->owner;
	struct meta_v1_owner_reference pod = { .api_version = STR("v1"),
					       .kind = STR("Pod"),
					       .name = str_from(i->pod),
					       .uid = str_from(i->uid) };
	struct certificates_v1_pod_certificate_request r = { 0 };
	int32_t max_expiration_s = i->max_expiration_s;
	r.metadata.generate_name = STR("req-");
	r.metadata.namespace = str_from(i->ns);
	r.metadata.owner_references.items = &pod;
	r.metadata.owner_references.n = 1;
	r.spec.signer_name = str_from(i->signer);
	r.spec.pod_name = str_from(i->pod);
	r.spec.pod_uid = str_from(i->uid);
	r.spec.service_account_name = str_from(i->account);
	r.spec.service_account_uid = str_from(i->account_uid);
	r.spec.node_name = str_from(s->c.node_name);
	r.spec.node_uid = str_from(s->c.node_uid(s->c.ctx));
	r.spec.max_expiration_seconds = &max_expiration_s;
	r.spec.stub_pkcs10_request = buf_view(&i->stub);
	r.spec.unverified_user_annotations = i->annotations;
	struct_write_json(api_struct_certificates_v1_pod_certificate_request, &r, out);
}

static void on_created(void *ctx, const struct client_result *r)
{
	struct issue *i = ctx;
	auto_arena a = { 0 };
	struct certificates_v1_pod_certificate_request request = { 0 };
	if (!is_back(i))
		return;
	if (r->err || struct_read_json(arena_str(&a, r->body), &a,
				       api_struct_certificates_v1_pod_certificate_request, &request,
				       &i->err) < 0) {
		retry_later(i, "while creating on API", r->err ? r->err : &i->err);
		return;
	}
	free(i->request);
	i->request = str_dup(request.metadata.name);
	i->step = ISSUE_SIGNER;
	i->abandon_at_us = now_us(i) + ABANDON_US + jitter_us();
	issue_look(i); /* the watch may have been faster */
	certificates_arm(i->owner);
}

static void create(struct issue *i)
{
	auto_buf body = { 0 };
	write_request(i, &body);
	i->step = ISSUE_CREATE;
	client_do(i->owner->c.client,
		  &(struct client_call){ .verb = API_CREATE,
					 .resource = API_CERTIFICATES_V1_PODCERTIFICATEREQUESTS,
					 .ns = str_from(i->ns),
					 .body = buf_view(&body),
					 .done = on_created,
					 .ctx = i });
}

static void make_key(void *ctx)
{
	struct issue *i = ctx;
	pod_key_new(str_from(i->key_type), &i->next_key, &i->stub, &i->err);
}

static void key_made(void *ctx)
{
	struct issue *i = ctx;
	if (!is_back(i))
		return;
	if (i->err.reason != ERR_NONE)
		retry_later(i, "while generating keypair", &i->err);
	else
		create(i);
}

static void on_account(void *ctx, const struct client_result *r)
{
	struct issue *i = ctx;
	auto_arena a = { 0 };
	struct core_v1_service_account account = { 0 };
	if (!is_back(i))
		return;
	if (r->err || struct_read_json(arena_str(&a, r->body), &a,
				       api_struct_core_v1_service_account, &account, &i->err) < 0) {
		retry_later(i, "while fetching service account", r->err ? r->err : &i->err);
		return;
	}
	free(i->account_uid);
	i->account_uid = str_dup(account.metadata.uid);
	buf_reset(&i->next_key);
	buf_reset(&i->stub);
	i->step = ISSUE_KEY;
	loop_work(i->owner->c.client->loop, make_key, key_made, i);
}

static void begin(struct issue *i)
{
	err_clear(&i->err);
	i->retry_at_us = 0;
	i->step = ISSUE_ACCOUNT;
	client_do(i->owner->c.client,
		  &(struct client_call){ .verb = API_GET,
					 .resource = API_CORE_V1_SERVICEACCOUNTS,
					 .ns = str_from(i->ns),
					 .name = str_from(i->account),
					 .done = on_account,
					 .ctx = i });
}

/* --- the signer's answer --- */

static void refuse(struct issue *i, const char *event, const char *how,
		   const struct meta_v1_condition *c)
{
	struct certificates *s = i->owner;
	bool denied = !strcmp(event, "Denied");
	auto_free char *told =
		str_printf("PodCertificateRequest %s/%s %s, reason=\"%.*s\", message=\"%.*s\"",
			   i->ns, i->request, denied ? "was denied" : "failed", STR_ARG(c->reason),
			   STR_ARG(c->message));
	free(i->refusal);
	i->refusal = str_printf(
		"PodCertificateRequest was permanently %s: reason=\"%.*s\" message=\"%.*s\"", how,
		STR_ARG(c->reason), STR_ARG(c->message));
	i->step = ISSUE_IDLE;
	s->c.on_event(s->c.ctx, i->uid, event, told);
}

static void take(struct issue *i, const struct certificates_v1_pod_certificate_request_status *st)
{
	struct str rest = st->certificate_chain;
	struct pem_block block;
	buf_reset(&i->chain);
	while (pem_next(&rest, &block)) {
		pem_write(&i->chain, "CERTIFICATE", buf_view(&block.der));
		buf_free(&block.der);
	}
	buf_free(&i->key);
	i->key = i->next_key;
	i->next_key = (struct buf){ 0 };
	i->refresh_at_us = st->begin_refresh_at.us + jitter_us();
	i->not_after_us = st->not_after.us;
	i->told_overdue = i->told_expired = false;
	i->backoff_us = 0;
	i->step = ISSUE_IDLE;
}

void issue_look(struct issue *i)
{
	auto_arena a = { 0 };
	struct certificates *s = i->owner;
	struct certificates_v1_pod_certificate_request r = { 0 };
	const struct object *o =
		i->step == ISSUE_SIGNER
			? informer_get(s->requests, str_from(i->ns), str_from(i->request))
			: NULL;
	if (!o ||
	    object_decode(o, &a, api_struct_certificates_v1_pod_certificate_request, &r, NULL) < 0)
		return;
	for (size_t k = 0; k < r.status.conditions.n && i->step == ISSUE_SIGNER; k++) {
		const struct meta_v1_condition *c = &r.status.conditions.items[k];
		if (str_eqz(c->type, "Denied"))
			refuse(i, "Denied", "denied", c);
		else if (str_eqz(c->type, "Failed"))
			refuse(i, "Failed", "failed", c);
		else if (str_eqz(c->type, "Issued"))
			take(i, &r.status);
	}
	if (i->step == ISSUE_IDLE)
		s->c.on_change(s->c.ctx, i->uid);
}

/* --- what is due --- */

static void complain(struct issue *i, int64_t now)
{
	struct certificates *s = i->owner;
	if (!i->told_overdue && now > i->refresh_at_us + OVERDUE_US) {
		i->told_overdue = true;
		s->c.on_event(s->c.ctx, i->uid, "CertificateOverdueForRefresh",
			      "PodCertificate refresh overdue");
	}
	if (!i->told_expired && now > i->not_after_us) {
		i->told_expired = true;
		s->c.on_event(s->c.ctx, i->uid, "CertificateExpired", "PodCertificate expired");
	}
}

void issue_drive(struct issue *i)
{
	int64_t now = now_us(i);
	if (i->refusal || is_away(i))
		return;
	if (i->chain.n)
		complain(i, now);
	if (i->step == ISSUE_SIGNER) {
		if (now < i->abandon_at_us ||
		    informer_get(i->owner->requests, str_from(i->ns), str_from(i->request)))
			return;
		i->step = ISSUE_IDLE;
	}
	if (i->chain.n && now < i->refresh_at_us)
		return;
	if (now >= i->retry_at_us)
		begin(i);
}

int64_t issue_due_us(const struct issue *i)
{
	if (i->refusal || is_away(i))
		return 0;
	if (i->step == ISSUE_SIGNER)
		return i->abandon_at_us;
	if (i->retry_at_us)
		return i->retry_at_us;
	return i->chain.n ? i->refresh_at_us : 1;
}
