/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer that is told of an object and, before it returns, sees the store go on further than the ring reaches back. */
#include "tests/unit/unit.h"

#include <semaphore.h>
#include <stdio.h>

#include "base/mem.h"
#include "server/apiserver/server.h"
#include "storage/store.h"
#include "tests/unit/server/apiserver/server_fixture.h"

#define KEY       "/registry/configmaps/default/"
#define BIG_BYTES (1024 * 1024)
#define TIMES     5 /* more than the ring's bytes */

static struct fixture fixture;

static int start(void **state)
{
	(void)state;
	return fixture_start(&fixture);
}

static int stop(void **state)
{
	(void)state;
	fixture_stop(&fixture);
	return 0;
}

struct waiting {
	struct store_txn txn;
	sem_t done;
};

static void on_done(struct store_txn *t)
{
	sem_post(&CONTAINER_OF(t, struct waiting, txn)->done);
}

/* Without the loop, which stands still. */
static void commit(struct store_op op)
{
	struct waiting w = { .txn = { .ops = &op, .nops = 1, .done = on_done } };
	struct store *s = fixture.server->store;
	op.expect = STORE_ANY;
	sem_init(&w.done, 0, 0);
	s->ops->txn(s, &w.txn);
	while (sem_wait(&w.done) != 0)
		;
	sem_destroy(&w.done);
	assert_int_equal(w.txn.err.reason, ERR_NONE);
}

static void put(const char *name, const char *label, const char *data)
{
	auto_free char *key = str_printf(KEY "%s", name);
	auto_free char *value =
		str_printf("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
			   "\"%s\",\"namespace\":\"default\",\"uid\":\"u-%s\",\"labels\":{\"w\":"
			   "\"%s\"}},\"data\":{\"d\":\"%s\"}}",
			   name, name, label, data);
	commit((struct store_op){
		.type = STORE_PUT, .key = str_from(key), .value = str_from(value) });
}

static void del(const char *name)
{
	auto_free char *key = str_printf(KEY "%s", name);
	commit((struct store_op){ .type = STORE_DELETE, .key = str_from(key) });
}

static void fill_ring(void)
{
	auto_free char *data = mem_alloc(BIG_BYTES + 1);
	memset(data, 'x', BIG_BYTES);
	data[BIG_BYTES] = '\0';
	for (int i = 0; i < TIMES; i++)
		put("big", "other", data);
}

struct seen {
	struct buf text;
	bool synced;
};

static void on_change(void *ctx, const struct object *old, const struct object *new)
{
	struct seen *s = ctx;
	const struct object *o = new ? new : old;
	buf_printf(&s->text, "%c%.*s ", !old ? '+' : !new ? '-' : '~', STR_ARG(o->name));
	if (old || !str_eqz(o->name, "short"))
		return;
	del("short");
	put("next", "1", "");
	fill_ring();
}

static void on_synced(void *ctx)
{
	((struct seen *)ctx)->synced = true;
}

static bool has_synced(void *ctx)
{
	return ((struct seen *)ctx)->synced;
}

static bool saw_the_next(void *ctx)
{
	struct seen *s = ctx;
	return s->text.n && str_contains(buf_view(&s->text), STR("next"));
}

static struct reflector *watch(struct seen *s)
{
	const struct watch_handler h = { .resource = fixture_resource("v1/configmaps"),
					 .ns = STR("default"),
					 .label_selector = STR("w=1"),
					 .on_change = on_change,
					 .on_synced = on_synced,
					 .ctx = s };
	return client_watch(fixture.admin, &h);
}

static void expect(struct seen *s, struct reflector *r, const char *text)
{
	fixture_run_until(&fixture, saw_the_next, s);
	client_unwatch(fixture.admin, r);
	assert_string_equal(s->text.p, text);
	buf_free(&s->text);
	del("next");
}

static void what_goes_while_the_first_ones_are_told_is_told_as_gone(void **state)
{
	(void)state;
	struct seen s = { 0 };
	put("short", "1", "");
	expect(&s, watch(&s), "+short +next -short ");
}

static void what_goes_with_the_ring_while_its_event_is_told_is_told_as_gone(void **state)
{
	(void)state;
	struct seen s = { 0 };
	struct reflector *r = watch(&s);
	fixture_run_until(&fixture, has_synced, &s);
	put("short", "1", "");
	expect(&s, r, "+short +next -short ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_while_the_first_ones_are_told_is_told_as_gone),
		cmocka_unit_test(what_goes_with_the_ring_while_its_event_is_told_is_told_as_gone),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
