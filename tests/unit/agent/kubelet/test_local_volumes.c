/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/volumes/local_volumes.h"

#include "base/mem.h"
#include "tests/unit/unit.h"

static void only_a_directory_right_below_the_root_goes(void **state)
{
	const struct {
		const char *by, *node, *policy, *phase, *path;
		bool gone;
		const char *want;
	} cases[] = {
		{ "rancher.io/local-path", "n", "Delete", "Released", "/r/pvc-1_ns_c", false,
		  "pvc-1_ns_c" },
		{ "rancher.io/local-path", "n", "Delete", "Bound", "/r/pvc-1_ns_c", false, "" },
		{ "rancher.io/local-path", "n", "Delete", "Bound", "/r/pvc-1_ns_c", true,
		  "pvc-1_ns_c" }, /* its object went before we saw it released */
		{ "rancher.io/local-path", "n", "Retain", "Released", "/r/pvc-1_ns_c", true, "" },
		{ "rancher.io/local-path", "m", "Delete", "Released", "/r/pvc-1_ns_c", false, "" },
		{ "x.example.com", "n", "Delete", "Released", "/r/pvc-1_ns_c", false, "" },
		{ "rancher.io/local-path", "n", "Delete", "Released", "/r/pvc-1/../../etc", false,
		  "" },
		{ "rancher.io/local-path", "n", "Delete", "Released", "/r/..", false, "" },
		{ "rancher.io/local-path", "n", "Delete", "Released", "/r/", false, "" },
		{ "rancher.io/local-path", "n", "Delete", "Released", "/rx/pvc-1", false, "" },
		{ "rancher.io/local-path", "n", "Delete", "Released", "/etc", false, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct core_v1_host_path_volume_source path = { .path = str_from(cases[i].path) };
		struct api_str_pair notes[] = {
			{ STR("local.path.provisioner/selected-node"), str_from(cases[i].node) },
			{ STR("pv.kubernetes.io/provisioned-by"), str_from(cases[i].by) },
		};
		volume_struct v = { .metadata.annotations = { notes, 2 },
				    .status.phase = str_from(cases[i].phase),
				    .spec.host_path = &path,
				    .spec.persistent_volume_reclaim_policy =
					    str_from(cases[i].policy) };

		assert_true(str_eqz(local_volume_to_remove(&v, STR("n"), STR("/r"), cases[i].gone),
				    cases[i].want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		only_a_directory_right_below_the_root_goes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
