/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/node/eviction_rank.h"
#include "agent/kubelet/node/local_storage.h"

static struct pressure_thresholds defaults(void)
{
	struct pressure_thresholds t = { 0 };
	assert_int_equal(pressure_parse(STR(PRESSURE_DEFAULTS), &t, NULL), 0);
	return t;
}

static void thresholds_are_amounts_or_parts(void **state)
{
	(void)state;
	struct pressure_thresholds t = defaults();
	assert_int_equal(pressure_limit(&t, PRESSURE_MEMORY, 1 << 30), 100 << 20);
	assert_int_equal(pressure_limit(&t, PRESSURE_IMAGEFS, 1000), 150);
	assert_int_equal(pressure_limit(&t, PRESSURE_PIDS, 1000), 0);
}

static void what_is_no_threshold_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "memory.available",      "memory.available<x",
					   "memory.available<100%", "memory.available<-1",
					   "memory.available<-1%",  "moon<1" };
	struct pressure_thresholds t;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_true(pressure_parse(str_from(bad[i]), &t, NULL) < 0);
}

static void what_is_below_its_threshold_is_met(void **state)
{
	(void)state;
	struct pressure_thresholds t = defaults();
	struct pressure_amount now[PRESSURE_SIGNALS] = {
		[PRESSURE_MEMORY] = { (100 << 20) - 1, 1 << 30 },
		[PRESSURE_NODEFS] = { 100, 1000 },
		[PRESSURE_NODEFS_INODES] = { 0, 0 }, /* a file system that counts none */
		[PRESSURE_IMAGEFS] = { 149, 1000 },
	};
	assert_int_equal(pressure_met(&t, now), 1u << PRESSURE_MEMORY | 1u << PRESSURE_IMAGEFS);
}

static void a_condition_stays_for_the_transition_period(void **state)
{
	(void)state;
	int64_t seen[PRESSURE_CONDITIONS] = { 0 };
	bool is[PRESSURE_CONDITIONS];
	pressure_conditions(0, 1000, seen, is);
	assert_false(is[NODE_MEMORY_PRESSURE]);
	pressure_conditions(1u << PRESSURE_MEMORY, 1000, seen, is);
	assert_true(is[NODE_MEMORY_PRESSURE] && !is[NODE_DISK_PRESSURE]);
	pressure_conditions(0, 1000 + PRESSURE_TRANSITION_US - 1, seen, is);
	assert_true(is[NODE_MEMORY_PRESSURE]);
	pressure_conditions(0, 1000 + PRESSURE_TRANSITION_US, seen, is);
	assert_false(is[NODE_MEMORY_PRESSURE]);
}

static bool admits(bool memory, bool disk, const struct core_v1_pod *pod, const char *why)
{
	const bool conditions[PRESSURE_CONDITIONS] = {
		[NODE_MEMORY_PRESSURE] = memory, [NODE_DISK_PRESSURE] = disk
	};
	auto_buf b = { 0 };
	bool ok = pressure_admits(conditions, pod, &b);
	if (!ok)
		assert_string_equal(b.p, why);
	return ok;
}

static void memory_pressure_keeps_out_who_asks_for_nothing(void **state)
{
	(void)state;
	int32_t critical = 2000000000;
	struct core_v1_pod pod = { 0 };
	assert_true(admits(false, false, &pod, ""));
	assert_false(admits(true, false, &pod, "The node had condition: [MemoryPressure]. "));
	struct core_v1_toleration all = { .operator= STR("Exists") };
	pod.spec.tolerations.items = &all;
	pod.spec.tolerations.n = 1;
	assert_true(admits(true, false, &pod, ""));
	assert_false(admits(true, true, &pod,
			    "The node had condition: [MemoryPressure DiskPressure]. "));
	pod.spec.priority = &critical;
	assert_true(admits(true, true, &pod, ""));
}

static void beyond_the_request_then_priority_then_excess(void **state)
{
	(void)state;
	int a, b, c, d;
	struct eviction_candidate l[] = {
		{ &a, 0, 90, 100 }, { &b, 5, 500, 0 }, { &c, 0, 20, 10 }, { &d, 0, 60, 10 }
	};
	eviction_rank(l, 4, PRESSURE_MEMORY);
	assert_ptr_equal(l[0].pod, &d);
	assert_ptr_equal(l[1].pod, &c);
	assert_ptr_equal(l[2].pod, &b);
	assert_ptr_equal(l[3].pod, &a);
	eviction_rank(l, 4, PRESSURE_PIDS);
	assert_ptr_equal(l[0].pod, &a);
	assert_ptr_equal(l[3].pod, &b);
}

static void the_message_names_who_uses_too_much(void **state)
{
	(void)state;
	const struct eviction_usage u[] = { { "good", 10, 20 }, { "bad", 3 << 20, 1 << 20 } };
	auto_buf b = { 0 };
	eviction_message(PRESSURE_MEMORY, 100 << 20, 50 << 20, u, 2, &b);
	assert_string_equal(b.p,
			    "The node was low on resource: memory. Threshold quantity: 100Mi, "
			    "available: 50Mi. Container bad was using 3Mi, request is 1Mi, has "
			    "larger consumption of memory. ");
}

static void limits_of_volume_pod_and_container_are_told_apart(void **state)
{
	(void)state;
	struct local_part parts[] = {
		{ .kind = LOCAL_WRITABLE, .name = "c", .limit = 2048, .bytes = 1000 },
		{ .kind = LOCAL_LOGS, .name = "c", .bytes = 1000 },
		{ .kind = LOCAL_VOLUME, .name = "v", .limit = 1024, .bytes = 1024 },
	};
	struct local_storage s = { .parts = parts, .n = 3 };
	auto_buf b = { 0 };
	assert_false(local_storage_exceeds(&s, &b));
	parts[1].bytes = 1049;
	assert_true(local_storage_exceeds(&s, &b));
	assert_string_equal(b.p,
			    "Container c exceeded its local ephemeral storage limit \"2Ki\". ");
	buf_reset(&b);
	s.limit = 3072;
	assert_true(local_storage_exceeds(&s, &b));
	assert_string_equal(b.p, "Pod ephemeral local storage usage exceeds the total limit of "
				 "containers 3Ki. ");
	buf_reset(&b);
	parts[2].bytes = 1025;
	assert_true(local_storage_exceeds(&s, &b));
	assert_string_equal(b.p, "Usage of EmptyDir volume \"v\" exceeds the limit \"1Ki\". ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thresholds_are_amounts_or_parts),
		cmocka_unit_test(what_is_no_threshold_is_refused),
		cmocka_unit_test(what_is_below_its_threshold_is_met),
		cmocka_unit_test(a_condition_stays_for_the_transition_period),
		cmocka_unit_test(memory_pressure_keeps_out_who_asks_for_nothing),
		cmocka_unit_test(beyond_the_request_then_priority_then_excess),
		cmocka_unit_test(the_message_names_who_uses_too_much),
		cmocka_unit_test(limits_of_volume_pod_and_container_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
