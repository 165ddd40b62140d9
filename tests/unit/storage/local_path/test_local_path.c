/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decode.h"
#include "base/mem.h"
#include "storage/local_path/volume_plan.h"
#include "tests/unit/unit.h"

static void read_json(const char *json, struct arena *a, const struct api_struct *desc, void *out)
{
	assert_int_equal(struct_read_json(arena_str(a, str_from(json)), a, desc, out, NULL), 0);
}

#define CLAIM(name, more)                                                                         \
	"{\"metadata\":{\"name\":\"" name                                                         \
	"\",\"namespace\":\"ns\",\"uid\":\"u-1\",\"annotations\":{"                               \
	"\"volume.kubernetes.io/storage-provisioner\":\"rancher.io/"                              \
	"local-path\",\"volume.kubernetes."                                                       \
	"io/selected-node\":\"n1\"}},\"spec\":{\"storageClassName\":\"standard\",\"resources\":{" \
	"\"requests\":{\"storage\":\"1Gi\"}}" more "}}"
#define ONCE ",\"accessModes\":[\"ReadWriteOnce\"]"
#define CLASS                                                                 \
	"{\"metadata\":{\"name\":\"standard\"},\"provisioner\":\"rancher.io/" \
	"local-path\",\"reclaimPolicy\":\"Delete\",\"volumeBindingMode\":"    \
	"\"WaitForFirstConsumer\"}"

static void the_volume_is_what_rancher_makes(void **state)
{
	auto_arena a = { 0 };
	claim_struct c = { 0 };
	struct storage_v1_storage_class class = { 0 };
	struct core_v1_node n = { 0 };
	volume_struct v = { 0 };
	auto_buf json = { 0 };

	(void)state;
	read_json(CLAIM("data", ONCE), &a, api_struct_core_v1_persistent_volume_claim, &c);
	read_json(CLASS, &a, api_struct_storage_v1_storage_class, &class);
	read_json("{\"metadata\":{\"name\":\"n1\",\"labels\":{\"kubernetes.io/hostname\":\"h1\"},"
		  "\"annotations\":{\"local-path.rancher.io/path\":\"/data/storage\"}}}",
		  &a, api_struct_core_v1_node, &n);
	assert_true(local_path_wants(&c, &class));
	assert_null(local_path_refuses(&c));
	assert_true(local_path_volume(&c, &class, &n, &json));
	read_json(json.p, &a, api_struct_core_v1_persistent_volume, &v);
	assert_true(str_eqz(v.metadata.name, "pvc-u-1"));
	assert_true(str_eqz(v.spec.host_path->path, "/data/storage/pvc-u-1_ns_data"));
	assert_true(str_eqz(v.spec.host_path->type, "DirectoryOrCreate"));
	assert_true(str_eqz(v.spec.claim_ref->uid, "u-1"));
	assert_true(str_eqz(v.spec.persistent_volume_reclaim_policy, "Delete"));
	assert_true(str_eqz(v.spec.node_affinity->required->node_selector_terms.items[0]
				    .match_expressions.items[0]
				    .values.items[0],
			    "h1"));
	assert_true(str_eqz(local_path_node(&v), "n1"));
	assert_int_equal(volume_size(&v), 1 << 30);
}

static void what_a_directory_cannot_be_is_refused(void **state)
{
	const struct {
		const char *claim, *why;
	} cases[] = {
		{ CLAIM("c", ONCE), NULL },
		{ CLAIM("c", ",\"accessModes\":[\"ReadWriteOncePod\"]"), NULL },
		{ CLAIM("c", ",\"accessModes\":[\"ReadWriteMany\"]"),
		  "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access "
		  "modes" },
		{ CLAIM("c", ONCE ",\"volumeMode\":\"Block\""),
		  "does not support block volume provisioning" },
		{ CLAIM("c", ONCE ",\"selector\":{}"), "claim.Spec.Selector is not supported" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_arena a = { 0 };
		claim_struct c = { 0 };
		const char *why;

		read_json(cases[i].claim, &a, api_struct_core_v1_persistent_volume_claim, &c);
		why = local_path_refuses(&c);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			assert_null(why);
	}
}

static void no_name_leaves_the_root(void **state)
{
	static const char *const names[] = { "../x", "a/b", "..", ".", "/etc", "" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		claim_struct c = { .metadata = { .uid = STR("u"), .namespace = STR("ns") } };
		auto_buf out = { 0 };

		c.metadata.name = str_from(names[i]);
		assert_false(local_path_directory(STR("/root"), &c, &out));
		c.metadata.name = STR("fine");
		c.metadata.namespace = str_from(names[i]);
		assert_false(local_path_directory(STR("/root"), &c, &out));
		assert_int_equal(out.n, 0);
	}
}

static void only_released_ones_of_ours_are_deleted(void **state)
{
	const struct {
		const char *by, *phase, *policy;
		bool deletes;
	} cases[] = {
		{ "rancher.io/local-path", "Released", "Delete", true },
		{ "rancher.io/local-path", "Bound", "Delete", false },
		{ "rancher.io/local-path", "Released", "Retain", false },
		{ "x.example.com", "Released", "Delete", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api_str_pair note = { STR("pv.kubernetes.io/provisioned-by"),
					     str_from(cases[i].by) };
		volume_struct v = { .metadata.annotations = { &note, 1 },
				    .status.phase = str_from(cases[i].phase),
				    .spec.persistent_volume_reclaim_policy =
					    str_from(cases[i].policy) };

		assert_int_equal(local_path_deletes(&v), cases[i].deletes);
	}
}

static void a_silent_node_is_waited_for(void **state)
{
	struct core_v1_node_condition ready = { .type = STR("Ready"), .status = STR("True") };
	struct core_v1_node n = { .status.conditions = { &ready, 1 } };

	(void)state;
	assert_true(local_path_node_listens(&n));
	ready.status = STR("Unknown");
	assert_false(local_path_node_listens(&n));
	assert_true(local_path_node_listens(NULL)); /* gone for good: so are its directories */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_volume_is_what_rancher_makes),
		cmocka_unit_test(what_a_directory_cannot_be_is_refused),
		cmocka_unit_test(no_name_leaves_the_root),
		cmocka_unit_test(only_released_ones_of_ours_are_deleted),
		cmocka_unit_test(a_silent_node_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
