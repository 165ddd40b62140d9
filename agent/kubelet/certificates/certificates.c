/* SPDX-License-Identifier: Apache-2.0 */
/* The list of all issues, the watch of this node's requests, and one timer for what is due first. */
#include "agent/kubelet/certificates/certificates.h"

#include <stdlib.h>

#include "agent/kubelet/certificates/certificate_issue.h"
#include "api/decode.h"
#include "base/mem.h"
#include "generated/api_tables.h"

#define PASS_MS                  60000 /* at the latest; complaints about overdue ones are told then, too */
#define MAX_EXPIRATION_DEFAULT_S 86400

/* --- what is due --- */

void certificates_arm(struct certificates *s)
{
	int64_t due = 0, now = clock_wall_us(s->c.clock);
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&s->issues, &at));) {
		int64_t one = issue_due_us(e->value);
		if (one && (!due || one < due))
			due = one;
	}
	if (!due) {
		loop_timer_stop(&s->timer);
		return;
	}
	int64_t ms = due > now ? (due - now + 999) / 1000 : 1;
	loop_timer_start(&s->timer, ms < PASS_MS ? (uint64_t)ms : PASS_MS);
}

static void on_timer(struct loop_timer *t)
{
	struct certificates *s = CONTAINER_OF(t, struct certificates, timer);
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&s->issues, &at));)
		issue_drive(e->value);
	certificates_arm(s);
}

/* --- this node's requests --- */

static void on_request(void *ctx, const struct object *old, const struct object *new)
{
	struct certificates *s = ctx;
	const struct object *o = new ? new : old;
	size_t at = 0;
	for (struct map_entry *e; (e = map_next(&s->issues, &at));) {
		struct issue *i = e->value;
		if (i->request && str_eqz(o->name, i->request) && str_eqz(o->ns, i->ns)) {
			issue_look(i);
			break; /* the pod may have changed the list meanwhile */
		}
	}
	certificates_arm(s);
}

static void watch(struct certificates *s)
{
	auto_free char *own = str_printf("spec.nodeName=%s", s->c.node_name);
	s->requests = informer_new(s->c.client, API_CERTIFICATES_V1_PODCERTIFICATEREQUESTS,
				   (struct str){ 0 }, (struct str){ 0 }, str_from(own));
	informer_hook_add(s->requests, on_request, NULL, s);
	informer_start(s->requests);
}

/* --- life --- */

struct certificates *certificates_new(const struct certificates_config *c)
{
	struct certificates *s = NEW(struct certificates);
	s->c = *c;
	loop_timer_init(c->client->loop, &s->timer, on_timer);
	return s;
}

static void timer_closed(struct loop_timer *t)
{
	free(CONTAINER_OF(t, struct certificates, timer));
}

void certificates_free(struct certificates *s)
{
	if (!s)
		return;
	map_free(&s->issues, issue_drop);
	if (s->requests)
		informer_free(s->requests);
	loop_timer_close(&s->timer, timer_closed);
}

void certificates_forget(struct certificates *s, const char *pod_uid)
{
	size_t at = 0, n = 0;
	struct issue **gone = mem_alloc((s->issues.count + 1) * sizeof(*gone));
	for (struct map_entry *e; (e = map_next(&s->issues, &at));) {
		struct issue *i = e->value;
		if (!strcmp(i->uid, pod_uid))
			gone[n++] = i;
	}
	for (size_t k = 0; k < n; k++)
		issue_drop(map_del(&s->issues, str_from(gone[k]->id)));
	free(gone);
}

/* --- asking --- */

static struct api_str_map copy_map(const struct api_str_map *m, struct arena *a)
{
	struct api_str_map out = { .n = m->n };
	out.items = ARENA_ARRAY(a, struct api_str_pair, m->n + 1);
	for (size_t i = 0; i < m->n; i++) {
		out.items[i].key = arena_str(a, m->items[i].key);
		out.items[i].value = arena_str(a, m->items[i].value);
	}
	return out;
}

static struct issue *issue_new(struct certificates *s, const struct certificate_want *w,
			       const char *id)
{
	struct issue *i = NEW(struct issue);
	const struct core_v1_pod_certificate_projection *p = w->projection;
	struct str account = w->pod->spec.service_account_name;
	i->owner = s;
	i->id = str_dup(str_from(id));
	i->ns = str_dup(w->pod->metadata.namespace);
	i->pod = str_dup(w->pod->metadata.name);
	i->uid = str_dup(w->pod->metadata.uid);
	i->account = str_dup(account.n ? account : STR("default"));
	i->signer = str_dup(p->signer_name);
	i->key_type = str_dup(p->key_type);
	i->annotations = copy_map(&p->user_annotations, &i->arena);
	i->max_expiration_s =
		p->max_expiration_seconds ? *p->max_expiration_seconds : MAX_EXPIRATION_DEFAULT_S;
	return i;
}

int certificates_get(struct certificates *s, const struct certificate_want *w,
		     struct credentials *out, struct err *err)
{
	auto_free char *id = str_printf("%.*s/%.*s/%zu", STR_ARG(w->pod->metadata.uid),
					STR_ARG(w->volume), w->index);
	struct issue *i = map_get(&s->issues, str_from(id));
	if (!s->requests)
		watch(s);
	if (!i) {
		i = issue_new(s, w, id);
		map_put(&s->issues, str_from(id), i);
		certificates_arm(s);
	}
	if (i->refusal)
		return err_set(err, ERR_FORBIDDEN, "%s", i->refusal);
	if (!i->chain.n)
		return err_set(err, ERR_UNAVAILABLE, "credential bundle is not issued yet");
	*out = (struct credentials){ buf_view(&i->key), buf_view(&i->chain) };
	return 0;
}
