/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/kubelet/volumes/volume.h"
#include "base/file.h"

static const struct core_v1_config_map *config_map(void *ctx, struct str name)
{
	static struct api_str_pair pairs[] = { { STR_INIT("a"), STR_INIT("1") },
					       { STR_INIT("b"), STR_INIT("2") } };
	static struct core_v1_config_map m = { .data = { pairs, 2 } };
	(void)ctx;
	return str_eqz(name, "conf") ? &m : NULL;
}

static const struct core_v1_secret *secret(void *ctx, struct str name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

static struct str token(void *ctx, const struct core_v1_service_account_token_projection *t)
{
	return *(bool *)ctx && str_eqz(t->audience, "vault") ? STR("tok") : (struct str){ 0 };
}

static int trust(void *ctx, const struct core_v1_cluster_trust_bundle_projection *p,
		 struct str *out, struct err *err)
{
	(void)ctx;
	if (!str_eqz(p->name, "roots"))
		return err_set(err, ERR_NOT_FOUND, "no such bundle");
	*out = STR("anchors");
	return 0;
}

static int certificate(void *ctx, const struct certificate_want *w, struct credentials *out,
		       struct err *err)
{
	(void)ctx;
	if (w->index != 1 || !str_eqz(w->volume, "v"))
		return err_set(err, ERR_UNAVAILABLE, "not issued yet");
	*out = (struct credentials){ STR("key\n"), STR("chain\n") };
	return 0;
}

static bool has_token = true;
static const struct pod_dirs dirs = { "/data/pod", "/run/pod" };

static int plan(struct arena *a, const char *volume, const char *pod_fields, struct volume *out,
		struct err *err)
{
	struct volume_list l;
	struct core_v1_pod *p = pod_from(
		a, arena_printf(a,
				"{\"metadata\":{\"name\":\"p\",\"labels\":{\"x\":\"y\"}},\"spec\":{"
				"\"containers\":[{\"name\":\"c\"}]%s,\"volumes\":[%s]}}",
				pod_fields, volume));
	struct pod_source s = { .config_map = config_map,
				.secret = secret,
				.token = token,
				.trust = trust,
				.certificate = certificate,
				.ctx = &has_token,
				.fields = { .pod = p } };
	int r = volumes_plan(&s, &dirs, a, &l, err);
	if (r == 0)
		*out = l.items[0];
	return r;
}

static void what_is_written_lies_in_memory_and_what_is_filled_on_disk(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct volume v;
	assert_int_equal(plan(&a, "{\"name\":\"v\",\"configMap\":{\"name\":\"conf\"}}", "", &v,
			      NULL),
			 0);
	assert_string_equal(v.path, "/run/pod/volumes/kubernetes.io~configmap/v");
	assert_true(v.read_only);
	assert_int_equal(v.nfiles, 2);
	assert_int_equal(plan(&a, "{\"name\":\"v\",\"emptyDir\":{}}", "", &v, NULL), 0);
	assert_string_equal(v.path, "/data/pod/volumes/kubernetes.io~empty-dir/v");
	assert_false(v.read_only);
	assert_int_equal(plan(&a, "{\"name\":\"v\",\"hostPath\":{\"path\":\"/srv\"}}", "", &v,
			      NULL),
			 0);
	assert_string_equal(v.path, "/srv");
}

static void items_choose_keys_paths_and_modes(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct volume v;
	assert_int_equal(plan(&a,
			      "{\"name\":\"v\",\"configMap\":{\"name\":\"conf\",\"defaultMode\":"
			      "256,\"items\":[{\"key\":\"b\",\"path\":\"d/e\"},"
			      "{\"key\":\"a\",\"path\":\"f\",\"mode\":511}]}}",
			      "", &v, NULL),
			 0);
	assert_int_equal(v.nfiles, 2);
	assert_string_equal(v.files[0].path, "d/e");
	assert_true(str_eqz(v.files[0].data, "2"));
	assert_int_equal(v.files[0].mode, 0400);
	assert_int_equal(v.files[1].mode, 0777);
}

static void a_missing_object_is_told_in_upstreams_words(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	auto_err err = { 0 };
	struct volume v;
	assert_int_equal(plan(&a, "{\"name\":\"v\",\"configMap\":{\"name\":\"none\"}}", "", &v,
			      &err),
			 -ERR_NOT_FOUND);
	assert_string_equal(
		err_text(&err),
		"MountVolume.SetUp failed for volume \"v\" : configmap \"none\" not found");
	assert_int_equal(
		plan(&a, "{\"name\":\"v\",\"configMap\":{\"name\":\"none\",\"optional\":true}}", "",
		     &v, NULL),
		0);
	assert_int_equal(v.nfiles, 0);
	assert_int_equal(plan(&a,
			      "{\"name\":\"v\",\"configMap\":{\"name\":\"conf\",\"items\":[{"
			      "\"key\":\"z\",\"path\":\"z\"}]}}",
			      "", &v, &err),
			 -ERR_NOT_FOUND);
	assert_int_equal(plan(&a,
			      "{\"name\":\"v\",\"configMap\":{\"name\":\"conf\",\"items\":[{"
			      "\"key\":\"a\",\"path\":\"../z\"}]}}",
			      "", &v, &err),
			 -ERR_INVALID);
}

static void a_token_belongs_to_the_containers_user(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct volume v;
	static const char volume[] =
		"{\"name\":\"v\",\"projected\":{\"sources\":[{\"serviceAccountToken\":{"
		"\"audience\":\"vault\",\"path\":\"t\"}},"
		"{\"downwardAPI\":{\"items\":[{\"path\":\"l\",\"fieldRef\":{\"fieldPath\":"
		"\"metadata.labels\"}}]}}]}}";
	assert_int_equal(plan(&a, volume, "", &v, NULL), 0);
	assert_int_equal(v.files[0].mode, 0644);
	assert_true(str_eqz(v.files[1].data, "x=\"y\""));
	assert_int_equal(plan(&a, volume, ",\"securityContext\":{\"runAsUser\":1000}", &v, NULL),
			 0);
	assert_int_equal(v.files[0].mode, 0600);
	assert_int_equal(v.files[0].uid, 1000);
	assert_int_equal(plan(&a, volume, ",\"securityContext\":{\"fsGroup\":7}", &v, NULL), 0);
	assert_int_equal(v.files[0].mode, 0640);
	assert_int_equal(v.files[0].gid, 7);
	has_token = false;
	assert_int_equal(plan(&a, volume, "", &v, NULL), -ERR_UNAVAILABLE);
	has_token = true;
}

static void trust_anchors_and_certificates_are_files_of_their_pod(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	auto_err err = { 0 };
	struct volume v;
	assert_int_equal(
		plan(&a,
		     "{\"name\":\"v\",\"projected\":{\"sources\":[{\"clusterTrustBundle\":{"
		     "\"name\":\"roots\",\"path\":\"ca\"}},{\"podCertificate\":{"
		     "\"credentialBundlePath\":\"both\",\"certificateChainPath\":\"chain\","
		     "\"keyPath\":\"key\"}}]}}",
		     ",\"securityContext\":{\"runAsUser\":1000}", &v, NULL),
		0);
	assert_int_equal(v.nfiles, 4);
	assert_true(str_eqz(v.files[0].data, "anchors"));
	assert_true(str_eqz(v.files[1].data, "key\nchain\n"));
	assert_true(str_eqz(v.files[2].data, "key\n"));
	assert_true(str_eqz(v.files[3].data, "chain\n"));
	assert_int_equal(v.files[1].mode, 0600);
	assert_int_equal(v.files[1].uid, 1000);
	assert_int_equal(plan(&a,
			      "{\"name\":\"v\",\"projected\":{\"sources\":[{"
			      "\"podCertificate\":{\"keyPath\":\"key\"}}]}}",
			      "", &v, &err),
			 -ERR_UNAVAILABLE);
}

static void a_sub_path_cannot_leave_its_volume(void **state)
{
	(void)state;
	char dir[] = "/tmp/test-volume-XXXXXX";
	assert_non_null(mkdtemp(dir));
	auto_free char *link = str_printf("%s/link", dir), *target = str_printf("%s/target", dir);
	auto_err err = { 0 };
	assert_int_equal(symlink("/etc", link), 0);
	assert_true(volume_sub_path(dir, "link", target, &err) < 0);
	assert_true(volume_sub_path(dir, "link/passwd", target, &err) < 0);
	assert_true(volume_sub_path(dir, "../etc", target, &err) < 0);
	assert_false(file_exists(target));
	dir_remove(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_lies_in_memory_and_what_is_filled_on_disk),
		cmocka_unit_test(items_choose_keys_paths_and_modes),
		cmocka_unit_test(a_missing_object_is_told_in_upstreams_words),
		cmocka_unit_test(a_token_belongs_to_the_containers_user),
		cmocka_unit_test(trust_anchors_and_certificates_are_files_of_their_pod),
		cmocka_unit_test(a_sub_path_cannot_leave_its_volume),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
