/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/events.h"
#include "client/informer.h"
#include "generated/api_tables.h"

/* A client that keeps what it was asked and lets the test answer. */
struct fake {
	struct client client;
	struct watch_handler handler;
	struct buf calls;
	int unwatched;
};

static struct reflector *fake_watch(struct client *c, const struct watch_handler *h)
{
	struct fake *f = CONTAINER_OF(c, struct fake, client);

	f->handler = *h;
	return (struct reflector *)f;
}

static void fake_unwatch(struct client *c, struct reflector *r)
{
	assert_ptr_equal(c, r);
	CONTAINER_OF(c, struct fake, client)->unwatched++;
}

static void fake_call(struct client *c, const struct client_call *call)
{
	struct fake *f = CONTAINER_OF(c, struct fake, client);

	buf_printf(&f->calls, "%s %.*s %.*s\n", call->verb == API_CREATE ? "create" : "patch",
		   STR_ARG(call->name), STR_ARG(call->body));
}

static const struct client_ops fake_ops = { fake_call, fake_watch, fake_unwatch };

static struct object *map(const char *ns, const char *name, const char *label)
{
	auto_free char *key = str_printf("/registry/configmaps/%s/%s", ns, name);
	auto_free char *json = str_printf("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","
					  "\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\","
					  "\"uid\":\"u-%s\",\"labels\":{\"l\":\"%s\"}}}",
					  name, ns, name, label);
	struct object *o;

	assert_int_equal(object_new(API_CORE_V1_CONFIGMAPS, str_from(key), str_from(json), &o,
				    NULL),
			 0);
	object_seal(o, 1);
	return o;
}

static size_t by_label(const struct object *o, struct str *out, size_t max)
{
	assert_true(max > 0);
	out[0] = o->labels[0].value;
	return 1;
}

struct fixture {
	struct fake fake;
	struct informer *informer;
	int index;
	struct buf seen;
};

static void hook(void *ctx, const struct object *old, const struct object *new)
{
	struct fixture *f = ctx;
	const struct object *o = new ? new : old;

	buf_printf(&f->seen, "%c%.*s ", !old ? '+' : !new ? '-' : '~', STR_ARG(o->name));
	/* the view shows the change already */
	assert_ptr_equal(informer_get(f->informer, o->ns, o->name), new);
}

static void synced(void *ctx)
{
	buf_puts(&((struct fixture *)ctx)->seen, "synced ");
}

static int setup(void **state)
{
	struct fixture *f = NEW(struct fixture);

	f->fake.client.ops = &fake_ops;
	f->informer =
		informer_new(&f->fake.client, API_CORE_V1_CONFIGMAPS, STR(""), STR(""), STR(""));
	f->index = informer_index_add(f->informer, by_label);
	assert_int_equal(informer_index_add(f->informer, by_label), f->index);
	informer_hook_add(f->informer, hook, synced, f);
	informer_start(f->informer);
	buf_puts(&f->seen, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	informer_free(f->informer);
	assert_int_equal(f->fake.unwatched, 1);
	buf_free(&f->seen);
	buf_free(&f->fake.calls);
	free(f);
	return 0;
}

static void change(struct fixture *f, struct object *old, struct object *new)
{
	f->fake.handler.on_change(f->fake.handler.ctx, old, new);
}

static bool name_one(void *ctx, const struct object *o)
{
	buf_str(ctx, o->name);
	return true;
}

static void assert_indexed(struct fixture *f, const char *value, const char *want)
{
	auto_buf b = { 0 };

	buf_puts(&b, "");
	informer_each_indexed(f->informer, f->index, str_from(value), name_one, &b);
	assert_string_equal(b.p, want);
}

static void the_view_follows_changes(void **state)
{
	struct fixture *f = *state;
	struct object *a = map("x", "a", "1"), *b = map("y", "b", "1"), *a2 = map("x", "a", "2");
	auto_buf in_x = { 0 };

	change(f, NULL, a);
	change(f, NULL, b);
	assert_false(informer_synced(f->informer));
	f->fake.handler.on_synced(f->fake.handler.ctx);
	assert_true(informer_synced(f->informer));
	assert_int_equal(informer_count(f->informer), 2);
	change(f, a, a2);
	assert_indexed(f, "1", "b");
	assert_indexed(f, "2", "a");
	informer_each(f->informer, STR("x"), name_one, &in_x);
	assert_string_equal(in_x.p, "a");
	change(f, a2, NULL);
	assert_indexed(f, "2", "");
	assert_null(informer_get(f->informer, STR("x"), STR("a")));
	assert_string_equal(f->seen.p, "+a +b synced ~a -a ");
	object_unref(a);
	object_unref(a2);
	object_unref(b);
}

static void objects_are_kept_by_reference(void **state)
{
	struct fixture *f = *state;
	struct object *a = map("x", "a", "1");

	change(f, NULL, a);
	object_unref(a); /* the informer has one of its own */
	assert_true(str_eqz(informer_get(f->informer, STR("x"), STR("a"))->name, "a"));
}

static void the_same_event_again_is_counted(void **state)
{
	struct fixture *f = *state;
	struct clock_fake clock;
	struct object *o = map("x", "a", "1");
	struct event_recorder *r;

	clock_fake_init(&clock, 1000000000);
	r = event_recorder_new(&f->fake.client, &clock.clock, "tester");
	event_record(r, o, EVENT_WARNING, "Reason", NULL, "text %d", 1);
	assert_non_null(strstr(f->fake.calls.p, "create  "));
	assert_non_null(strstr(f->fake.calls.p,
			       "\"message\":\"text 1\",\"source\":{\"component\":\"tester\"}"));
	buf_reset(&f->fake.calls);
	event_record(r, o, EVENT_WARNING, "Reason", NULL, "text %d", 1);
	assert_true(strncmp(f->fake.calls.p, "patch a.", 8) == 0);
	assert_non_null(strstr(f->fake.calls.p, "\"count\":2"));
	event_recorder_free(r);
	object_unref(o);
}

static void many_similar_events_become_one_and_floods_end(void **state)
{
	struct fixture *f = *state;
	struct clock_fake clock;
	struct object *o = map("x", "a", "1");
	struct event_recorder *r;
	int lines = 0;

	clock_fake_init(&clock, 1000000000);
	r = event_recorder_new(&f->fake.client, &clock.clock, "tester");
	for (int i = 0; i < 100; i++)
		event_record(r, o, EVENT_WARNING, "Reason", NULL, "text %d", i);
	for (const char *p = f->fake.calls.p; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 25);
	assert_non_null(strstr(f->fake.calls.p, "(combined from similar events): text 10"));
	clock.us += 300 * 1000000LL; /* one more */
	buf_reset(&f->fake.calls);
	event_record(r, o, EVENT_WARNING, "Other", NULL, "x");
	event_record(r, o, EVENT_WARNING, "Other", NULL, "y");
	assert_null(strstr(f->fake.calls.p, "\"message\":\"y\""));
	event_recorder_free(r);
	object_unref(o);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_view_follows_changes),
		T(objects_are_kept_by_reference),
		T(the_same_event_again_is_counted),
		T(many_similar_events_become_one_and_floods_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
