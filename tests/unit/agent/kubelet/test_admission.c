/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/admission.h"

#define NODE                                                                                     \
	"{\"metadata\":{\"name\":\"n\",\"uid\":\"u\",\"labels\":{\"disk\":\"ssd\"}},\"spec\":{"  \
	"\"taints\":[{\"key\":\"t\",\"effect\":\"NoExecute\"},{\"key\":\"s\",\"effect\":"        \
	"\"NoSchedule\"}]},\"status\":{\"allocatable\":{\"pods\":\"3\",\"cpu\":\"2\",\"memory\"" \
	":\"1Gi\",\"ephemeral-storage\":\"1Gi\",\"example.com/gpu\":\"1\"}}}"
#define TOLERATES         "\"tolerations\":[{\"key\":\"t\",\"operator\":\"Exists\"}]"
#define CONTAINER(fields) "{\"spec\":{" TOLERATES ",\"containers\":[{\"name\":\"c\"," fields "}]}}"
#define ASKS(what)        CONTAINER("\"resources\":{\"requests\":{" what "}}")
#define PORT(port, ip)    CONTAINER("\"ports\":[{\"hostPort\":" port ip "}]")

static struct arena arena;

/* "" when it may run; else reason and message. */
static const char *says(const char *json, const char *const *others)
{
	struct core_v1_node node = { 0 };
	const struct core_v1_pod *list[8];
	struct admission v;
	size_t n = 0;
	assert_int_equal(struct_read_json(STR(NODE), &arena, api_struct_core_v1_node, &node, NULL),
			 0);
	for (; others && others[n]; n++)
		list[n] = pod_from(&arena, others[n]);
	admission_check(pod_from(&arena, json), list, n, &node, &arena, &v);
	return v.reason ? arena_printf(&arena, "%s: %s%s", v.reason, v.message,
				       v.only_labels ? " (labels)" : "")
			: "";
}

static void what_fits_may_run(void **state)
{
	(void)state;
	assert_string_equal(says(ASKS("\"cpu\":\"2\",\"memory\":\"1Gi\",\"example.com/gpu\":\"1\""),
				 NULL),
			    "");
	assert_string_equal(says(ASKS("\"example.org/elsewhere\":\"5\""), NULL), "");
	assert_string_equal(says(CONTAINER("\"image\":\"x\""),
				 (const char *[]){ ASKS("\"cpu\":\"2\""), ASKS("\"cpu\":\"5\""),
						   NULL }),
			    "");
}

static void what_is_not_left_is_named(void **state)
{
	(void)state;
	assert_string_equal(
		says(ASKS("\"cpu\":\"600m\""), (const char *[]){ ASKS("\"cpu\":\"1500m\""), NULL }),
		"OutOfcpu: Node didn't have enough resource: cpu, requested: 600, used: "
		"1500, capacity: 2000");
	assert_string_equal(says(ASKS("\"memory\":\"2Gi\""), NULL),
			    "OutOfmemory: Node didn't have enough resource: memory, requested: "
			    "2147483648, used: 0, capacity: 1073741824");
	assert_string_equal(says(ASKS("\"example.com/gpu\":\"2\""), NULL),
			    "OutOfexample.com/gpu: Node didn't have enough resource: "
			    "example.com/gpu, requested: 2, used: 0, capacity: 1");
	const char *p = CONTAINER("\"image\":\"x\"");
	assert_string_equal(
		says(p, (const char *[]){ p, p, p, NULL }),
		"OutOfpods: Node didn't have enough resource: pods, requested: 1, used: "
		"3, capacity: 3");
}

static void host_ports_are_taken_once(void **state)
{
	(void)state;
	const char *taken = "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports "
			    "for the requested pod ports";
	const char *const others[] = { PORT("80", ",\"hostIP\":\"127.0.0.1\""), NULL };
	assert_string_equal(says(PORT("80", ""), others), taken);
	assert_string_equal(says(PORT("80", ",\"hostIP\":\"127.0.0.2\""), others), "");
	assert_string_equal(says(PORT("80", ",\"protocol\":\"UDP\""), others), "");
	assert_string_equal(says(PORT("81", ""), others), "");
}

static void labels_and_taints_of_the_node_count(void **state)
{
	(void)state;
	assert_string_equal(says("{\"spec\":{" TOLERATES ",\"nodeSelector\":{\"disk\":\"hdd\"}}}",
				 NULL),
			    "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match "
			    "Pod's node affinity/selector (labels)");
	assert_string_equal(says("{\"spec\":{" TOLERATES ",\"nodeSelector\":{\"disk\":\"ssd\"}}}",
				 NULL),
			    "");
	assert_string_equal(says("{\"spec\":{}}", NULL),
			    "TaintToleration: Predicate TaintToleration failed: node(s) had taints "
			    "that the pod didn't tolerate");
	assert_string_equal(says("{\"spec\":{" TOLERATES ",\"os\":{\"name\":\"windows\"}}}", NULL),
			    "PodOSNotSupported: Failed to admit pod as the OS field doesn't match "
			    "node OS");
}

static int done(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_fits_may_run, done),
		cmocka_unit_test_teardown(what_is_not_left_is_named, done),
		cmocka_unit_test_teardown(host_ports_are_taken_once, done),
		cmocka_unit_test_teardown(labels_and_taints_of_the_node_count, done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
