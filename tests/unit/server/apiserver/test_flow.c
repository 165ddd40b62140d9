/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "server/apiserver/flow.h"
#include "server/apiserver/server.h"

static struct apiserver server;

static struct api_request request(const char *method, enum api_verb verb)
{
	return (struct api_request){
		.server = &server, .method = str_from(method), .verb = verb, .flow = -1
	};
}

static int set_counts(void **state)
{
	(void)state;
	atomic_store(&server.in_flight[FLOW_READ], FLOW_READ_MAX - 1);
	atomic_store(&server.in_flight[FLOW_WRITE], FLOW_WRITE_MAX - 1);
	return 0;
}

static void the_last_place_is_given_and_the_next_one_is_asked_to_wait(void **state)
{
	(void)state;
	auto_err err = { 0 };
	struct api_request last = request("GET", API_GET), late = request("GET", API_LIST_VERB);
	assert_int_equal(flow_acquire(&last, NULL), 0);
	assert_int_equal(flow_acquire(&late, &err), -ERR_TOO_MANY_REQUESTS);
	assert_int_equal(err.retry_after_s, 1);
	assert_int_equal(atomic_load(&server.in_flight[FLOW_READ]),
			 FLOW_READ_MAX); /* the refused one holds nothing */
	flow_release(&last);
	assert_int_equal(flow_acquire(&late, NULL), 0);
}

static void readers_and_writers_are_counted_apart(void **state)
{
	(void)state;
	struct api_request a = request("POST", API_CREATE), b = request("DELETE", API_DELETE),
			   c = request("GET", API_GET);
	assert_int_equal(flow_acquire(&a, NULL), 0);
	assert_int_equal(flow_acquire(&b, NULL), -ERR_TOO_MANY_REQUESTS);
	assert_int_equal(flow_acquire(&c, NULL), 0);
}

static void a_place_is_given_back_once(void **state)
{
	(void)state;
	struct api_request a = request("GET", API_GET);
	assert_int_equal(flow_acquire(&a, NULL), 0);
	flow_release(&a);
	flow_release(&a);
	assert_int_equal(atomic_load(&server.in_flight[FLOW_READ]), FLOW_READ_MAX - 1);
}

static void watches_and_masters_need_no_place(void **state)
{
	(void)state;
	static const struct str groups[] = { STR_INIT("system:masters") };
	atomic_store(&server.in_flight[FLOW_READ], FLOW_READ_MAX);
	struct api_request watch = request("GET", API_WATCH), master = request("GET", API_GET);
	master.user.groups = groups;
	master.user.ngroups = 1;
	assert_int_equal(flow_acquire(&watch, NULL), 0);
	assert_int_equal(flow_acquire(&master, NULL), 0);
	assert_int_equal(atomic_load(&server.in_flight[FLOW_READ]), FLOW_READ_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_last_place_is_given_and_the_next_one_is_asked_to_wait,
				       set_counts),
		cmocka_unit_test_setup(readers_and_writers_are_counted_apart, set_counts),
		cmocka_unit_test_setup(a_place_is_given_back_once, set_counts),
		cmocka_unit_test_setup(watches_and_masters_need_no_place, set_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
