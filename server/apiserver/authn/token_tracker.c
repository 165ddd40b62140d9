/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks is not kept waiting for the label: it is written on the client's loop. Until it is there, further uses of the same token
 * write nothing. */
#include "server/apiserver/authn/token_tracker.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "generated/api_tables.h"

#define DAY_S     86400
#define DAY_CHARS 10 /* 2026-01-31 */

enum { LEGACY, STALE, VALID, MANUAL, AUTOMATIC, INVALID, COUNTERS };
static const struct {
	const char *name, *help;
} counters[COUNTERS] = {
	[LEGACY] = { "serviceaccount_legacy_tokens_total",
		     "Service account tokens without an audience seen." },
	[STALE] = { "serviceaccount_stale_tokens_total",
		    "Mounted service account tokens seen that should have been read anew." },
	[VALID] = { "serviceaccount_valid_tokens_total",
		    "Mounted service account tokens seen that are fresh." },
	[MANUAL] = { "serviceaccount_legacy_manual_token_uses_total",
		     "Uses of tokens of Secrets that somebody created." },
	[AUTOMATIC] = { "serviceaccount_legacy_auto_token_uses_total",
			"Uses of tokens of Secrets that their account names." },
	[INVALID] = { "serviceaccount_invalid_legacy_auto_token_uses_total",
		      "Uses of tokens of Secrets that are marked invalid." },
};

struct token_tracker {
	struct client *client;
	struct metric *metrics[COUNTERS];
	pthread_mutex_t lock;
	struct map writing; /* uid of a Secret whose label is on its way → nothing of worth */
};

struct label {
	struct token_tracker *tracker;
	char *ns, *name, *uid;
	char day[DAY_CHARS + 1];
};

struct token_tracker *token_tracker_new(struct client *client)
{
	struct token_tracker *t = NEW(struct token_tracker);
	t->client = client;
	pthread_mutex_init(&t->lock, NULL);
	for (size_t i = 0; i < COUNTERS; i++)
		t->metrics[i] = metric_with(metric_family(METRIC_COUNTER, counters[i].name,
							  counters[i].help, NULL, NULL, 0),
					    NULL);
	return t;
}

void token_tracker_free(struct token_tracker *t)
{
	if (!t)
		return;
	map_free(&t->writing, NULL);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* --- the label --- */

static void label_free(struct label *l)
{
	free(l->ns);
	free(l->name);
	free(l->uid);
	free(l);
}

static void label_written(void *ctx, const struct client_result *result)
{
	struct label *l = ctx;
	(void)result; /* it failed: the next use writes it */
	pthread_mutex_lock(&l->tracker->lock);
	map_del(&l->tracker->writing, str_from(l->uid));
	pthread_mutex_unlock(&l->tracker->lock);
	label_free(l);
}

static void label_write(void *ctx)
{
	struct label *l = ctx;
	auto_buf body = { 0 };
	buf_printf(&body,
		   "{\"metadata\":{\"labels\":{\"" TOKEN_LAST_USED "\":\"%s\"},\"uid\":\"%s\"}}",
		   l->day, l->uid);
	client_do(l->tracker->client,
		  &(struct client_call){ .verb = API_PATCH,
					 .resource = API_CORE_V1_SECRETS,
					 .ns = str_from(l->ns),
					 .name = str_from(l->name),
					 .content_type = STR("application/merge-patch+json"),
					 .body = buf_view(&body),
					 .done = label_written,
					 .ctx = l });
}

static void day_of(int64_t now_s, char out[DAY_CHARS + 1])
{
	char text[TIME_TEXT_MAX];
	time_format(now_s, text);
	memcpy(out, text, DAY_CHARS);
	out[DAY_CHARS] = '\0';
}

/* Another server's clock may be a day ahead. */
static bool is_labelled(const struct token_report *r, int64_t now_s)
{
	char today[DAY_CHARS + 1], tomorrow[DAY_CHARS + 1];
	day_of(now_s, today);
	day_of(now_s + DAY_S, tomorrow);
	return str_eqz(r->last_used, today) || str_eqz(r->last_used, tomorrow);
}

static void label_start(struct token_tracker *t, const struct token_report *r, int64_t now_s)
{
	pthread_mutex_lock(&t->lock);
	bool busy = map_get(&t->writing, r->uid) != NULL;
	if (!busy)
		map_put(&t->writing, r->uid, t);
	pthread_mutex_unlock(&t->lock);
	if (busy)
		return;
	struct label *l = NEW(struct label);
	*l = (struct label){ t, str_dup(r->ns), str_dup(r->name), str_dup(r->uid), "" };
	day_of(now_s, l->day);
	loop_call(t->client->loop, label_write, l);
}

void token_tracker_note(struct token_tracker *t, const struct token_report *r, int64_t now_s)
{
	if (!t)
		return;
	if (r->age != TOKEN_AGELESS)
		metric_add(t->metrics[r->age == TOKEN_STALE ? STALE : VALID], 1);
	if (r->name.n == 0)
		return;
	metric_add(t->metrics[LEGACY], 1);
	metric_add(t->metrics[r->invalid ? INVALID : r->automatic ? AUTOMATIC : MANUAL], 1);
	if (!is_labelled(r, now_s))
		label_start(t, r, now_s);
}
