/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <signal.h>

#include "agent/kubelet/pod/container_spec.h"

static const struct pod_dirs dirs = { "/data/pod", "/run/pod" };
static struct volume volumes[] = {
	{ .name = STR_INIT("v"), .path = "/vol" },
	{ .name = STR_INIT("ro"), .path = "/ro", .read_only = true },
	{ .name = STR_INIT("raw"), .kind = VOLUME_BLOCK, .path = "/dev/sdx", .read_only = true }
};
static const struct volume_list list = { volumes, 3 };

static int build(struct arena *a, const char *container, const char *pod, const char *image_user,
		 struct container_spec *out, struct err *err)
{
	struct env_list env = { 0 };
	struct core_v1_pod *p =
		pod_from(a, arena_printf(a,
					 "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\","
					 "\"uid\":\"u\"},\"spec\":{%s\"containers\":[{"
					 "\"name\":\"c\"%s}]}}",
					 pod, container));
	struct container_view_spec v = {
		.pod = p,
		.container = &p->spec.containers.items[0],
		.env = &env,
		.volumes = &list,
		.dirs = &dirs,
		.termination_log = "/data/pod/containers/c/0",
		.seccomp_dir = "/sec",
		.image_user = image_user,
		.image_id = "abc",
	};
	return container_spec_build(&v, a, out, err);
}

static const struct container_mount *mount_at(const struct container_spec *s, const char *target)
{
	for (size_t i = 0; i < s->nmounts; i++)
		if (!strcmp(s->mounts[i].target, target))
			return &s->mounts[i];
	return NULL;
}

static void a_block_volume_is_a_device_and_no_mount(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct container_spec s;
	static const struct {
		const char *fields, *want;
	} rows[] = {
		{ ",\"volumeMounts\":[{\"name\":\"raw\",\"mountPath\":\"/a\"}]",
		  "volume raw has volumeMode Block, but is specified in volumeMounts" },
		{ ",\"volumeDevices\":[{\"name\":\"v\",\"devicePath\":\"/dev/a\"}]",
		  "volume v has volumeMode Filesystem, but is specified in volumeDevices" },
	};
	assert_int_equal(build(&a,
			       ",\"volumeDevices\":[{\"name\":\"raw\",\"devicePath\":\"/dev/a\"}]",
			       "", NULL, &s, NULL),
			 0);
	assert_int_equal(s.ndevices, 1);
	assert_string_equal(s.devices[0].source, "/dev/sdx");
	assert_string_equal(s.devices[0].target, "/dev/a");
	assert_true(s.devices[0].read_only);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_err err = { 0 };
		assert_true(build(&a, rows[i].fields, "", NULL, &s, &err) < 0);
		assert_string_equal(err_text(&err), rows[i].want);
	}
}

static void mounts_come_parents_first_and_volumes_win(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct container_spec s;
	assert_int_equal(build(&a,
			       ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/a/b/"
			       "c\"},{\"name\":\"v\",\"mountPath\":\"/a\"},"
			       "{\"name\":\"ro\",\"mountPath\":\"/etc/hosts\"}]",
			       "", NULL, &s, NULL),
			 0);
	assert_string_equal(s.mounts[0].target, "/a");
	assert_string_equal(s.mounts[s.nmounts - 1].target, "/a/b/c");
	assert_string_equal(mount_at(&s, "/etc/hosts")->source, "/ro");
	assert_true(mount_at(&s, "/etc/hosts")->read_only);
	assert_string_equal(mount_at(&s, "/etc/resolv.conf")->source, "/data/pod/resolv.conf");
	assert_string_equal(mount_at(&s, "/dev/termination-log")->source,
			    "/data/pod/containers/c/0");
}

static void an_unknown_volume_is_an_error(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	auto_err err = { 0 };
	struct container_spec s;
	assert_int_equal(build(&a, ",\"volumeMounts\":[{\"name\":\"x\",\"mountPath\":\"/a\"}]", "",
			       NULL, &s, &err),
			 -ERR_INVALID);
	assert_string_equal(err_text(&err),
			    "cannot find volume \"x\" to mount into container \"c\"");
}

static void the_containers_word_goes_before_the_pods(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct container_spec s;
	assert_int_equal(
		build(&a,
		      ",\"securityContext\":{\"runAsUser\":5,\"privileged\":true,"
		      "\"capabilities\":{\"add\":[\"NET_ADMIN\"]}}",
		      "\"securityContext\":{\"runAsUser\":1,\"runAsGroup\":2,\"fsGroup\":"
		      "3,\"supplementalGroups\":[4],\"supplementalGroupsPolicy\":\"Strict\","
		      "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}},",
		      NULL, &s, NULL),
		0);
	assert_int_equal(s.run_as_user, 5);
	assert_int_equal(s.run_as_group, 2);
	assert_int_equal(s.nsupplemental_groups, 2);
	assert_true(s.strict_groups);
	assert_string_equal(s.add_capabilities[0], "NET_ADMIN");
	assert_string_equal(s.seccomp, "Unconfined");
}

static void root_is_refused_where_it_must_not_be(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const struct {
		const char *context, *image_user, *want;
	} rows[] = {
		{ "{\"runAsNonRoot\":true}", "1000", "" },
		{ "{\"runAsNonRoot\":true,\"runAsUser\":7}", NULL, "" },
		{ "{\"runAsNonRoot\":true}", NULL,
		  "container has runAsNonRoot and image will run as root (pod: \"p_ns(u)\", "
		  "container: c)" },
		{ "{\"runAsNonRoot\":true}", "0:0",
		  "container has runAsNonRoot and image will run as root (pod: \"p_ns(u)\", "
		  "container: c)" },
		{ "{\"runAsNonRoot\":true,\"runAsUser\":0}", "5",
		  "container's runAsUser breaks non-root policy (pod: \"p_ns(u)\", container: c)" },
		{ "{\"runAsNonRoot\":true}", "web",
		  "container has runAsNonRoot and image has non-numeric user (web), cannot verify "
		  "user is non-root (pod: \"p_ns(u)\", container: c)" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_err err = { 0 };
		struct container_spec s;
		build(&a, arena_printf(&a, ",\"securityContext\":%s", rows[i].context), "",
		      rows[i].image_user, &s, &err);
		assert_string_equal(err_text(&err), rows[i].want);
	}
}

static void sub_paths_are_mounted_from_their_own_place(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct container_spec s;
	assert_int_equal(
		build(&a,
		      ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/x\",\"subPath\":\"k\"}]",
		      "", NULL, &s, NULL),
		0);
	assert_string_equal(mount_at(&s, "/x")->source, "/run/pod/subpaths/c/0");
}

static void signals_have_names(void **state)
{
	(void)state;
	assert_int_equal(signal_number(STR("SIGTERM")), SIGTERM);
	assert_int_equal(signal_number(STR("USR1")), SIGUSR1);
	assert_int_equal(signal_number(STR("SIGRTMIN+3")), 37);
	assert_int_equal(signal_number(STR("SIGRTMAX")), 64);
	assert_int_equal(signal_number(STR("SIGNOTHING")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_volume_is_a_device_and_no_mount),
		cmocka_unit_test(mounts_come_parents_first_and_volumes_win),
		cmocka_unit_test(an_unknown_volume_is_an_error),
		cmocka_unit_test(the_containers_word_goes_before_the_pods),
		cmocka_unit_test(root_is_refused_where_it_must_not_be),
		cmocka_unit_test(sub_paths_are_mounted_from_their_own_place),
		cmocka_unit_test(signals_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
