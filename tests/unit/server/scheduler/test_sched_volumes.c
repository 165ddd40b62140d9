/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/plugins/volume_binding.h"
#include "tests/unit/server/scheduler/sched_fixture.h"
#include "tests/unit/unit.h"

#define CPU "\"cpu\":\"4\""
#define USES(c)                                                                      \
	"\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"" c \
	"\"}}]," CONTAINER("")
#define WAITS "\"provisioner\":\"x.example.com\",\"volumeBindingMode\":\"WaitForFirstConsumer\""
#define STATIC                             \
	"\"provisioner\":\"kubernetes.io/" \
	"no-provisioner\",\"volumeBindingMode\":\"WaitForFirstConsumer\""
#define CLAIM(more)                                                                                \
	"\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"storageClassName\":\"c\",\"resources\":{" \
	"\"requests\":{\"storage\":\"1Gi\"}}" more "}"
#define BOUND ",\"annotations\":{\"pv.kubernetes.io/bind-completed\":\"yes\"}"
#define AFFINE(n)                                                                                  \
	",\"nodeAffinity\":{\"required\":{\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":" \
	"\"zone\",\"operator\":\"In\",\"values\":[\"" n "\"]}]}]}}"
#define VOLUME(size, more)                                                                        \
	"\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"storageClassName\":\"c\",\"capacity\":{" \
	"\"storage\":\"" size "\"}" more "},\"status\":{\"phase\":\"Available\"}"

static void add_claim(struct fixture *f, const char *meta, const char *members)
{
	add_object(f, API_CORE_V1_PERSISTENTVOLUMECLAIMS, "d", "c", meta, members);
}

static void add_class(struct fixture *f, const char *members)
{
	add_object(f, API_STORAGE_V1_STORAGECLASSES, "", "c", "", members);
}

static void two_zones(struct fixture *f)
{
	add_node(f, "a", ZONE("1"), "", CPU);
	add_node(f, "b", ZONE("2"), "", CPU);
}

static void claims_have_to_be_there_and_bound(void **state)
{
	struct fixture *f = *state;

	two_zones(f);
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "persistentvolumeclaim \"c\" not found.");
	add_class(f, "\"provisioner\":\"x.example.com\",\"volumeBindingMode\":\"Immediate\"");
	add_claim(f, "", CLAIM(""));
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "pod has unbound immediate PersistentVolumeClaims.");
	add_claim(f, BOUND, CLAIM(",\"volumeName\":\"pv\""));
	assert_string_equal(decide(f, USES("c")), NODES(2) "persistentvolume \"pv\" not found.");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "pv", "", VOLUME("1Gi", AFFINE("2")));
	assert_string_equal(decide(f, USES("c")), "b");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "pv", "", VOLUME("1Gi", AFFINE("9")));
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "2 node(s) didn't match PersistentVolume's node affinity.");
}

static void the_first_consumer_chooses_a_volume(void **state)
{
	struct fixture *f = *state;
	struct volume_plan plan;

	two_zones(f);
	add_class(f, STATIC);
	add_claim(f, "", CLAIM(""));
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "2 node(s) didn't find available persistent volumes to bind.");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "small", "", VOLUME("512Mi", AFFINE("1")));
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "large", "", VOLUME("9Gi", AFFINE("2")));
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "right", "", VOLUME("2Gi", AFFINE("2")));
	assert_string_equal(decide(f, USES("c")), "b");
	assert_true(volume_binding_plan(&f->look.cycle, f->decision.node, &plan));
	assert_int_equal(plan.n, 1);
	assert_true(str_eqz(plan.items[0].volume->metadata.name, "right"));
	volumes_promise(&f->volumes, STR("right"), "d/other");
	assert_string_equal(decide(f, USES("c")), "b");
	assert_true(volume_binding_plan(&f->look.cycle, f->decision.node, &plan));
	assert_true(str_eqz(plan.items[0].volume->metadata.name, "large"));
}

static void a_volume_that_is_meant_for_the_claim_is_the_only_one(void **state)
{
	struct fixture *f = *state;

	two_zones(f);
	add_class(f, STATIC);
	add_claim(f, "", CLAIM(""));
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "any", "", VOLUME("1Gi", AFFINE("1")));
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "own", "",
		   VOLUME("9Gi", AFFINE("2") ",\"claimRef\":{\"namespace\":\"d\",\"name\":\"c\"}"));
	assert_string_equal(decide(f, USES("c")), "b");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "own", "",
		   VOLUME("9Gi", AFFINE("9") ",\"claimRef\":{\"namespace\":\"d\",\"name\":\"c\"}"));
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "2 node(s) didn't find available persistent volumes to bind.");
}

static void or_has_one_made(void **state)
{
	struct fixture *f = *state;
	struct volume_plan plan;

	two_zones(f);
	add_class(f, WAITS ",\"allowedTopologies\":[{\"matchLabelExpressions\":[{\"key\":\"zone\","
			   "\"values\":[\"2\"]}]}]");
	add_claim(f, "", CLAIM(""));
	assert_string_equal(decide(f, USES("c")), "b");
	assert_true(volume_binding_plan(&f->look.cycle, f->decision.node, &plan));
	assert_null(plan.items[0].volume);
	add_class(f, WAITS);
	volumes_select(&f->volumes, STR("d/c"), STR("a")); /* another pod was faster */
	assert_string_equal(decide(f, USES("c")), "a");
	volumes_select(&f->volumes, STR("d/c"), STR(""));
	add_claim(f, ",\"annotations\":{\"volume.kubernetes.io/selected-node\":\"b\"}", CLAIM(""));
	assert_string_equal(decide(f, USES("c")), "b");
}

static void capacity_is_looked_at_where_the_driver_tells_it(void **state)
{
	struct fixture *f = *state;

	two_zones(f);
	add_class(f, WAITS);
	add_claim(f, "", CLAIM(""));
	add_object(f, API_STORAGE_V1_CSIDRIVERS, "", "x.example.com", "",
		   "\"spec\":{\"storageCapacity\":true}");
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "2 node(s) did not have enough free storage.");
	add_object(f, API_STORAGE_V1_CSISTORAGECAPACITIES, "d", "cap", "",
		   "\"storageClassName\":\"c\",\"capacity\":\"3Gi\",\"nodeTopology\":{"
		   "\"matchLabels\":{\"zone\":\"1\"}}");
	assert_string_equal(decide(f, USES("c")), "a");
}

static void a_claim_for_one_pod_is_for_one_pod(void **state)
{
	struct fixture *f = *state;

	two_zones(f);
	add_class(f, WAITS);
	add_claim(f, BOUND,
		  "\"spec\":{\"accessModes\":[\"ReadWriteOncePod\"],\"storageClassName\":\"c\","
		  "\"volumeName\":\"pv\"}");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "pv", "", VOLUME("1Gi", ""));
	assert_int_equal(strlen(decide(f, USES("c"))), 1);
	place(f, "first", "a", "", USES("c"));
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "2 node(s) unavailable due to PersistentVolumeClaim with "
				     "ReadWriteOncePod access mode already in-use by another pod.");
	cluster_pod_del(&f->cluster, STR("d/first"));
	assert_int_equal(strlen(decide(f, USES("c"))), 1);
}

static void a_disk_is_on_one_node_for_one_pod(void **state)
{
	struct fixture *f = *state;
	const char *disk = "\"volumes\":[{\"name\":\"v\",\"awsElasticBlockStore\":{\"volumeID\":"
			   "\"x\"}}]," CONTAINER("");

	two_zones(f);
	place(f, "first", "a", "", disk);
	assert_string_equal(decide(f, disk), "b");
}

static void a_driver_says_how_many_volumes_a_node_takes(void **state)
{
	struct fixture *f = *state;

	add_node(f, "a", "", "", CPU);
	add_class(f, WAITS);
	add_claim(f, "", CLAIM(""));
	add_object(f, API_STORAGE_V1_CSINODES, "", "a", "",
		   "\"spec\":{\"drivers\":[{\"name\":\"x.example.com\",\"nodeID\":\"a\","
		   "\"allocatable\":{\"count\":1}}]}");
	assert_string_equal(decide(f, USES("c")), "a");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMECLAIMS, "d", "other", BOUND,
		   "\"spec\":{\"volumeName\":\"pv\"}");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "pv", "",
		   VOLUME("1Gi", ",\"csi\":{\"driver\":\"x.example.com\",\"volumeHandle\":\"h\"}"));
	place(f, "first", "a", "", USES("other"));
	assert_string_equal(decide(f, USES("c")), NODES(1) "1 node(s) exceed max volume count.");
}

static void a_volume_keeps_to_its_zone(void **state)
{
	struct fixture *f = *state;

	add_node(f, "a", ",\"labels\":{\"topology.kubernetes.io/zone\":\"1\"}", "", CPU);
	add_node(f, "b", ",\"labels\":{\"topology.kubernetes.io/zone\":\"2\"}", "", CPU);
	add_claim(f, BOUND, CLAIM(",\"volumeName\":\"pv\""));
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "pv",
		   ",\"labels\":{\"topology.kubernetes.io/zone\":\"2__3\"}", VOLUME("1Gi", ""));
	assert_string_equal(decide(f, USES("c")), "b");
	add_object(f, API_CORE_V1_PERSISTENTVOLUMES, "", "pv",
		   ",\"labels\":{\"topology.kubernetes.io/zone\":\"4\"}", VOLUME("1Gi", ""));
	assert_string_equal(decide(f, USES("c")),
			    NODES(2) "2 node(s) had no available volume zone.");
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(claims_have_to_be_there_and_bound),
		T(the_first_consumer_chooses_a_volume),
		T(a_volume_that_is_meant_for_the_claim_is_the_only_one),
		T(or_has_one_made),
		T(capacity_is_looked_at_where_the_driver_tells_it),
		T(a_claim_for_one_pod_is_for_one_pod),
		T(a_disk_is_on_one_node_for_one_pod),
		T(a_driver_says_how_many_volumes_a_node_takes),
		T(a_volume_keeps_to_its_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
