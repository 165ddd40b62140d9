/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/kubelet/node/eviction_rank.h"
#include "agent/kubelet/node/local_storage.h"
#include "api/decode.h"
#include "base/file.h"
#include "base/mem.h"

#define PRESSURE_TRANSITION_US 300000000ll

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
	pressure_conditions(0, 1000, PRESSURE_TRANSITION_US, seen, is);
	assert_false(is[NODE_MEMORY_PRESSURE]);
	pressure_conditions(1u << PRESSURE_MEMORY, 1000, PRESSURE_TRANSITION_US, seen, is);
	assert_true(is[NODE_MEMORY_PRESSURE] && !is[NODE_DISK_PRESSURE]);
	pressure_conditions(0, 1000 + PRESSURE_TRANSITION_US - 1, PRESSURE_TRANSITION_US, seen, is);
	assert_true(is[NODE_MEMORY_PRESSURE]);
	pressure_conditions(0, 1000 + PRESSURE_TRANSITION_US, PRESSURE_TRANSITION_US, seen, is);
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

static void tasks_are_counted_as_the_kernel_writes_them(void **state)
{
	(void)state;
	assert_int_equal(pressure_tasks(STR("0.20 0.18 0.12 1/70000 11206\n")), 70000);
	assert_int_equal(pressure_tasks(STR("0.20 0.18 0.12 1 11206")), -1);
	assert_int_equal(pressure_tasks(STR("0.20 0.18")), -1);
}

static void a_pods_limit_is_that_of_its_largest_moment(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const struct {
		const char *spec;
		int64_t limit;
	} rows[] = {
#define LIMIT(n) "{\"name\":\"c\",\"resources\":{\"limits\":{\"ephemeral-storage\":\"" n "\"}}}"
#define SIDECAR(n)                                                                             \
	"{\"name\":\"s\",\"restartPolicy\":\"Always\",\"resources\":{\"limits\":{\"ephemeral-" \
	"storage\":\"" n "\"}}}"
		{ "{\"containers\":[{\"name\":\"c\"}]}", 0 },
		{ "{\"containers\":[" LIMIT("1k") "," LIMIT("2k") "]}", 3000 },
		{ "{\"containers\":[" LIMIT("1k") "],\"initContainers\":[" LIMIT("5k") "]}", 5000 },
		{ "{\"containers\":[" LIMIT("1k") "],\"initContainers\":[" SIDECAR("2k") "," LIMIT(
			  "5k") "]}",
		  7000 },
		{ "{\"containers\":[" LIMIT("1k") "],\"initContainers\":[" SIDECAR("2k") "]}",
		  3000 },
		{ "{\"containers\":[" LIMIT("1k") "],\"overhead\":{\"ephemeral-storage\":\"1\"}}",
		  1001 },
		{ "{\"containers\":[" LIMIT("9E") "," LIMIT("9E") "]}", INT64_MAX },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct core_v1_pod_spec spec = { 0 };
		assert_int_equal(struct_read_json(arena_str(&a, str_from(rows[i].spec)), &a,
						  api_struct_core_v1_pod_spec, &spec, NULL),
				 0);
		assert_int_equal(local_storage_limit(&spec), rows[i].limit);
	}
}

/* One file with two names, a link out of the tree: what lies there counts, and once. */
static void a_directory_is_measured_without_its_links(void **state)
{
	(void)state;
	char path[] = "/tmp/allinone-test-XXXXXX";
	static const char text[8192] = { 1 };
	assert_non_null(mkdtemp(path));
	auto_free char *inner = str_printf("%s/inner", path), *file = str_printf("%s/f", path),
		       *name = str_printf("%s/inner/g", path), *out = str_printf("%s/out", path);
	assert_int_equal(mkdir(inner, 0755), 0);
	assert_int_equal(file_write_atomic(file, text, sizeof(text), 0600, NULL), 0);
	assert_int_equal(link(file, name), 0);
	assert_int_equal(symlink("/", out), 0);
	struct local_part part = { .path = path };
	struct local_storage s = { .parts = &part, .n = 1 };
	local_storage_measure(&s);
	assert_int_equal(part.inodes, 4); /* itself, inner, f, out */
	struct stat st;
	int64_t blocks = 0;
	const char *const all[] = { path, inner, file, out };
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		assert_int_equal(lstat(all[i], &st), 0);
		blocks += st.st_blocks;
	}
	assert_int_equal(part.bytes, blocks * 512);
	assert_int_equal(dir_remove(path, NULL), 0);
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
		cmocka_unit_test(tasks_are_counted_as_the_kernel_writes_them),
		cmocka_unit_test(a_pods_limit_is_that_of_its_largest_moment),
		cmocka_unit_test(a_directory_is_measured_without_its_links),
		cmocka_unit_test(limits_of_volume_pod_and_container_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
