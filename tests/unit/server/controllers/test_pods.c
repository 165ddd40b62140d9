/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/expectations.h"
#include "server/controllers/pods.h"
#include "server/controllers/round.h"

#define KEY STR("default/web")

struct fixture { /* a controller, and the API that it asks to remove a pod */
	struct loop loop;
	struct client client;
	struct controller controller;
	struct expectations expected;
	struct object *owner, *pod;
	struct round *round;
	enum api_verb verb;
	struct buf body;
	void (*done)(void *ctx, const struct client_result *r);
	void *ctx;
};

static void take_call(struct client *client, const struct client_call *call)
{
	struct fixture *f = CONTAINER_OF(client, struct fixture, client);
	f->verb = call->verb;
	buf_add(&f->body, call->body.p, call->body.n);
	f->done = call->done;
	f->ctx = call->ctx;
}

static void no_work(void *ctx, struct str key)
{
	(void)ctx;
	(void)key;
}

static struct object *named(const struct api_resource *r, const char *key, const char *name)
{
	auto_free char *json =
		str_printf("{\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\","
			   "\"uid\":\"u-%s\"}}",
			   name, name);
	struct object *o;
	assert_int_equal(object_new(r, str_from(key), str_from(json), &o, NULL), 0);
	object_seal(o, 1);
	return o;
}

static int setup(void **state)
{
	static const struct client_ops ops = { .call = take_call };
	struct fixture *f = NEW(struct fixture);
	assert_int_equal(loop_init(&f->loop, "test", NULL), 0);
	f->client = (struct client){ .ops = &ops, .loop = &f->loop, .user = "test" };
	f->controller.client = &f->client;
	f->controller.queue = work_queue_new(&(struct work_queue_config){
		.loop = &f->loop, .name = "test", .workers = 1, .work = no_work });
	f->owner = named(API_APPS_V1_REPLICASETS, "/registry/replicasets/default/web", "web");
	f->pod = named(API_CORE_V1_PODS, "/registry/pods/default/a", "a");
	const struct pod_owner owner = { .controller = &f->controller,
					 .expected = &f->expected,
					 .object = f->owner,
					 .key = KEY };
	f->round = round_new(&f->controller, KEY);
	pod_delete(f->round, &owner, f->pod);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	round_close(f->round, false, 0);
	work_queue_free(f->controller.queue);
	loop_close(&f->loop);
	expectations_free(&f->expected);
	object_unref(f->owner);
	object_unref(f->pod);
	buf_free(&f->body);
	free(f);
	return 0;
}

static void answer(struct fixture *f, const struct err *err)
{
	f->done(f->ctx, &(struct client_result){ .code = err ? 404 : 200, .err = err });
}

static bool is_seen(const struct fixture *f)
{
	return expectations_met(&f->expected, KEY, clock_mono_ms(clock_real()));
}

static void the_pod_that_was_looked_at_is_removed_and_no_other_of_its_name(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(f->verb, API_DELETE);
	assert_string_equal(f->body.p, "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
				       "\"preconditions\":{\"uid\":\"u-a\"}}");
	answer(f, NULL);
}

/* Until then the view is behind: who looks again would choose anew whom to remove. */
static void a_removal_is_expected_until_it_is_seen(void **state)
{
	struct fixture *f = *state;
	assert_false(is_seen(f));
	answer(f, NULL);
	assert_false(is_seen(f));
	expectation_deletion_seen(&f->expected, KEY, f->pod->uid);
	assert_true(is_seen(f));
}

static void a_removal_that_fails_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	auto_err err = { 0 };
	err_set(&err, ERR_NOT_FOUND, "gone");
	assert_false(is_seen(f));
	answer(f, &err);
	assert_true(is_seen(f));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_pod_that_was_looked_at_is_removed_and_no_other_of_its_name),
		T(a_removal_is_expected_until_it_is_seen),
		T(a_removal_that_fails_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
