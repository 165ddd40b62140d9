/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/restart.h"

static struct core_v1_pod_spec pod(const char *policy)
{
	return (struct core_v1_pod_spec){ .restart_policy = str_from(policy) };
}

static void the_pods_policy_decides_for_those_that_say_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *policy;
		enum container_role role;
		int exit_code;
		enum restart restart;
	} rows[] = {
		{ "", ROLE_MAIN, 0, RESTART_ITSELF },
		{ "Always", ROLE_MAIN, 0, RESTART_ITSELF },
		{ "Always", ROLE_MAIN, 1, RESTART_ITSELF },
		{ "OnFailure", ROLE_MAIN, 0, RESTART_NOT },
		{ "OnFailure", ROLE_MAIN, 1, RESTART_ITSELF },
		{ "Never", ROLE_MAIN, 3, RESTART_NOT },
		{ "Always", ROLE_INIT, 0, RESTART_NOT },
		{ "Always", ROLE_INIT, 1, RESTART_ITSELF },
		{ "Never", ROLE_INIT, 1, RESTART_NOT },
		{ "Always", ROLE_EPHEMERAL, 1, RESTART_NOT },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_v1_pod_spec spec = pod(rows[i].policy);
		struct core_v1_container c = { 0 };
		assert_int_equal(restart_after(&spec, &c, rows[i].role, rows[i].exit_code),
				 rows[i].restart);
	}
}

static void a_containers_own_policy_comes_first(void **state)
{
	(void)state;
	struct core_v1_pod_spec never = pod("Never"), always = pod("Always");
	struct core_v1_container c = { .restart_policy = STR("OnFailure") };
	assert_int_equal(restart_after(&never, &c, ROLE_MAIN, 1), RESTART_ITSELF);
	assert_int_equal(restart_after(&always, &c, ROLE_MAIN, 0), RESTART_NOT);
	c.restart_policy = STR("Always");
	assert_int_equal(restart_after(&never, &c, ROLE_SIDECAR, 0), RESTART_ITSELF);
}

static void the_first_rule_that_matches_comes_before_any_policy(void **state)
{
	(void)state;
	int32_t two[] = { 42, 43 }, zero[] = { 0 };
	struct core_v1_container_restart_rule_on_exit_codes in = { STR("In"), { two, 2 } };
	struct core_v1_container_restart_rule_on_exit_codes not_in = { STR("NotIn"), { zero, 1 } };
	struct core_v1_container_restart_rule rules[] = {
		{ STR("Restart"), &in },
		{ STR("RestartAllContainers"), &not_in },
	};
	struct core_v1_container c = { .restart_policy = STR("Never"),
				       .restart_policy_rules = { rules, 2 } };
	struct core_v1_pod_spec spec = pod("Always");
	assert_int_equal(restart_after(&spec, &c, ROLE_MAIN, 43), RESTART_ITSELF);
	assert_int_equal(restart_after(&spec, &c, ROLE_MAIN, 1), RESTART_ALL);
	assert_int_equal(restart_after(&spec, &c, ROLE_MAIN, 0), RESTART_NOT);
	spec.containers.items = &c;
	spec.containers.n = 1;
	assert_true(restart_all_possible(&spec));
	c.restart_policy_rules.n = 1;
	assert_false(restart_all_possible(&spec));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pods_policy_decides_for_those_that_say_nothing),
		cmocka_unit_test(a_containers_own_policy_comes_first),
		cmocka_unit_test(the_first_rule_that_matches_comes_before_any_policy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
