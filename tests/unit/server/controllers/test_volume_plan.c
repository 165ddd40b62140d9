/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/volumes/volume_plan.h"

#include "api/decode.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#define META(name, more)                                                                           \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"d\",\"uid\":\"u-" name "\"" more "}" \
	","
#define SPEC(more) "\"spec\":{\"accessModes\":[\"ReadWriteOnce\"]" more "},"
#define CLAIM(meta, spec, phase)                                         \
	META("c", meta)                                                  \
	SPEC(",\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}" spec) \
	"\"status\":{\"phase\":"                                         \
	"\"" phase "\"}}"
#define VOLUME(name, spec, phase) \
	META(name, "")            \
	SPEC(",\"capacity\":{\"storage\":\"2Gi\"}" spec) "\"status\":{\"phase\":\"" phase "\"}}"
#define NOTES(list) ",\"annotations\":{" list "}"
#define DONE        "\"pv.kubernetes.io/bind-completed\":\"yes\""
#define REF(uid)    ",\"claimRef\":{\"namespace\":\"d\",\"name\":\"c\",\"uid\":\"" uid "\"}"
#define POLICY(p)   ",\"persistentVolumeReclaimPolicy\":\"" p "\""

struct world {
	struct arena arena;
	const claim_struct *claim;
	const volume_struct *volumes[4];
	size_t nvolumes;
	const char *class_mode, *provisioner, *standard, *pods;
	struct storage_v1_storage_class class;
};

static const claim_struct *find_claim(void *ctx, struct str ns, struct str name)
{
	struct world *w = ctx;

	return w->claim && str_eq(w->claim->metadata.name, name) &&
			       str_eq(w->claim->metadata.namespace, ns)
		       ? w->claim
		       : NULL;
}

static const volume_struct *find_volume(void *ctx, struct str name)
{
	struct world *w = ctx;

	for (size_t i = 0; i < w->nvolumes; i++)
		if (str_eq(w->volumes[i]->metadata.name, name))
			return w->volumes[i];
	return NULL;
}

static const struct storage_v1_storage_class *find_class(void *ctx, struct str name)
{
	struct world *w = ctx;

	w->class.metadata.name = name;
	w->class.volume_binding_mode = str_from(w->class_mode);
	w->class.provisioner = str_from(w->provisioner);
	return w->class_mode ? &w->class : NULL;
}

static struct str default_class(void *ctx)
{
	return str_from(((struct world *)ctx)->standard);
}

static void each_candidate(void *ctx, const claim_struct *c,
			   void (*fn)(void *arg, const volume_struct *v), void *arg)
{
	struct world *w = ctx;

	(void)c;
	for (size_t i = 0; i < w->nvolumes; i++)
		fn(arg, w->volumes[i]);
}

static size_t waiting_pods(void *ctx, const claim_struct *c, struct str *names)
{
	struct world *w = ctx;

	(void)c;
	*names = str_from(w->pods);
	return w->pods ? 1 : 0;
}

static const volume_struct *read_volume(struct world *w, const char *json)
{
	volume_struct *v = ARENA_NEW(&w->arena, volume_struct);

	assert_int_equal(struct_read_json(str_from(json), &w->arena,
					  api_struct_core_v1_persistent_volume, v, NULL),
			 0);
	return v;
}

static const claim_struct *read_claim(struct world *w, const char *json)
{
	claim_struct *c = ARENA_NEW(&w->arena, claim_struct);

	assert_int_equal(struct_read_json(str_from(json), &w->arena,
					  api_struct_core_v1_persistent_volume_claim, c, NULL),
			 0);
	return c;
}

struct row {
	const char *claim, *volumes[3], *mode, *provisioner, *standard, *pods;
	enum volume_act act;
	const char *volume, *phase, *reason, *text; /* wanted; NULL: whatever */
};

static void check(const struct row *r, struct world *w, const struct volume_step *step)
{
	(void)w;
	assert_int_equal(step->act, r->act);
	if (r->volume)
		assert_true(str_eqz(step->volume->metadata.name, r->volume));
	if (r->phase)
		assert_string_equal(step->phase, r->phase);
	if (r->reason)
		assert_string_equal(step->event_reason, r->reason);
	else
		assert_null(step->event_reason);
	if (r->text)
		assert_true(str_eqz(step->event_text, r->text));
}

static void play(const struct row *rows, size_t n, bool of_volume)
{
	for (size_t i = 0; i < n; i++) {
		struct world w = { .class_mode = rows[i].mode,
				   .provisioner = rows[i].provisioner,
				   .standard = rows[i].standard,
				   .pods = rows[i].pods };
		const struct volume_view view = {
			find_claim,     find_volume,  find_class, default_class,
			each_candidate, waiting_pods, &w
		};
		struct volume_step step;

		w.claim = rows[i].claim ? read_claim(&w, rows[i].claim) : NULL;
		for (; w.nvolumes < 3 && rows[i].volumes[w.nvolumes]; w.nvolumes++)
			w.volumes[w.nvolumes] = read_volume(&w, rows[i].volumes[w.nvolumes]);
		if (of_volume)
			volume_plan(&view, w.volumes[0], &w.arena, &step);
		else
			claim_plan(&view, w.claim, &w.arena, &step);
		check(&rows[i], &w, &step);
		arena_free(&w.arena);
	}
}

static void claims_step_by_step(void **state)
{
	const struct row rows[] = {
		/* no class, nothing that fits */
		{ .claim = CLAIM("", ",\"storageClassName\":\"\"", "Pending"),
		  .act = VOLUME_NOTHING,
		  .reason = "FailedBinding",
		  .text = "no persistent volumes available for this claim and no storage class is "
			  "set" },
		/* the class that is the default now */
		{ .claim = CLAIM("", "", "Pending"), .standard = "std", .act = VOLUME_CLASS },
		/* first the volume is reserved … */
		{ .claim = CLAIM("", "", "Pending"),
		  .volumes = { VOLUME("v", "", "Available") },
		  .act = VOLUME_RESERVE,
		  .volume = "v" },
		/* … then it is bound, then the claim, then the claim says so */
		{ .claim = CLAIM("", "", "Pending"),
		  .volumes = { VOLUME("v", REF("u-c"), "Available") },
		  .act = VOLUME_PHASE,
		  .phase = "Bound" },
		{ .claim = CLAIM("", "", "Pending"),
		  .volumes = { VOLUME("v", REF("u-c"), "Bound") },
		  .act = VOLUME_BIND_CLAIM,
		  .volume = "v" },
		{ .claim = CLAIM(NOTES(DONE), ",\"volumeName\":\"v\"", "Pending"),
		  .volumes = { VOLUME("v", REF("u-c"), "Bound") },
		  .act = VOLUME_CLAIM_PHASE,
		  .phase = "Bound" },
		{ .claim = CLAIM(NOTES(DONE), ",\"volumeName\":\"v\"", "Bound"),
		  .volumes = { VOLUME("v", REF("u-c"), "Bound") },
		  .act = VOLUME_NOTHING },
		/* what is somebody else's, or too small, or busy is no choice */
		{ .claim = CLAIM("", ",\"storageClassName\":\"\"", "Pending"),
		  .volumes = { VOLUME("v", REF("u-x"), "Bound"),
			       VOLUME("w", ",\"capacity\":{\"storage\":\"1Mi\"}", "Available"),
			       VOLUME("x", "", "Released") },
		  .act = VOLUME_NOTHING,
		  .reason = "FailedBinding" },
		/* the first consumer decides */
		{ .claim = CLAIM("", ",\"storageClassName\":\"k\"", ""),
		  .mode = "WaitForFirstConsumer",
		  .provisioner = "x.example.com",
		  .act = VOLUME_CLAIM_PHASE,
		  .phase = "Pending",
		  .reason = "WaitForFirstConsumer",
		  .text = "waiting for first consumer to be created before binding" },
		{ .claim = CLAIM("", ",\"storageClassName\":\"k\"", "Pending"),
		  .mode = "WaitForFirstConsumer",
		  .provisioner = "x.example.com",
		  .pods = "p",
		  .act = VOLUME_NOTHING,
		  .reason = "WaitForPodScheduled",
		  .text = "waiting for pod p to be scheduled" },
		{ .claim = CLAIM(NOTES("\"volume.kubernetes.io/selected-node\":\"n\""),
				 ",\"storageClassName\":\"k\"", "Pending"),
		  .mode = "WaitForFirstConsumer",
		  .provisioner = "x.example.com",
		  .act = VOLUME_PROVISIONER },
		{ .claim = CLAIM(NOTES("\"volume.kubernetes.io/storage-provisioner\":\"x.example."
				       "com\",\"volume.beta.kubernetes.io/storage-provisioner\":"
				       "\"x.example.com\""),
				 ",\"storageClassName\":\"k\"", "Pending"),
		  .mode = "Immediate",
		  .provisioner = "x.example.com",
		  .act = VOLUME_NOTHING,
		  .reason = "ExternalProvisioning" },
		{ .claim = CLAIM("", ",\"storageClassName\":\"k\"", "Pending"),
		  .act = VOLUME_NOTHING,
		  .reason = "ProvisioningFailed",
		  .text = "storageclass.storage.k8s.io \"k\" not found" },
		/* the claim names its volume */
		{ .claim = CLAIM("", ",\"volumeName\":\"v\"", "Pending"), .act = VOLUME_NOTHING },
		{ .claim = CLAIM("", ",\"volumeName\":\"v\"", "Pending"),
		  .volumes = { VOLUME("v", "", "Available") },
		  .act = VOLUME_RESERVE },
		{ .claim = CLAIM("", ",\"volumeName\":\"v\"", "Pending"),
		  .volumes = { VOLUME("v", ",\"storageClassName\":\"z\"", "Available") },
		  .act = VOLUME_NOTHING,
		  .reason = "VolumeMismatch",
		  .text = "Cannot bind to requested volume \"v\": storageClassName does not "
			  "match" },
		{ .claim = CLAIM("", ",\"volumeName\":\"v\"", "Pending"),
		  .volumes = { VOLUME("v", REF("u-x"), "Bound") },
		  .act = VOLUME_NOTHING,
		  .reason = "FailedBinding",
		  .text = "volume \"v\" already bound to a different claim." },
		/* a volume that is gone is lost */
		{ .claim = CLAIM(NOTES(DONE), ",\"volumeName\":\"v\"", "Bound"),
		  .act = VOLUME_CLAIM_PHASE,
		  .phase = "Lost",
		  .reason = "ClaimLost" },
		{ .claim = CLAIM(NOTES(DONE), ",\"volumeName\":\"v\"", "Lost"),
		  .act = VOLUME_NOTHING },
	};

	(void)state;
	play(rows, COUNT_OF(rows), false);
}

static void volumes_step_by_step(void **state)
{
	const struct row rows[] = {
		{ .volumes = { VOLUME("v", "", "Pending") },
		  .act = VOLUME_PHASE,
		  .phase = "Available" },
		{ .volumes = { VOLUME("v", "", "Available") }, .act = VOLUME_NOTHING },
		{ .volumes = { VOLUME("v", REF("") POLICY("Retain"), "Available") },
		  .act = VOLUME_NOTHING },
		/* the claim is gone: released, and then as the policy says */
		{ .volumes = { VOLUME("v", REF("u-c") POLICY("Retain"), "Bound") },
		  .act = VOLUME_PHASE,
		  .phase = "Released" },
		{ .volumes = { VOLUME("v", REF("u-c") POLICY("Retain"), "Released") },
		  .act = VOLUME_NOTHING },
		{ .volumes = { META("v", NOTES("\"pv.kubernetes.io/provisioned-by\":\"x.example."
					       "com\""))
				       SPEC(REF("u-c") POLICY("Delete")) "\"status\":{\"phase\":"
									 "\"Released\"}}" },
		  .act = VOLUME_NOTHING }, /* who made it removes it */
		{ .volumes = { VOLUME("v",
				      REF("u-c") POLICY("Delete") ",\"hostPath\":{\"path\":\"/x\"}",
				      "Released") },
		  .act = VOLUME_PHASE,
		  .phase = "Failed",
		  .reason = "VolumeFailedDelete",
		  .text = "host_path deleter only supports /tmp/.+ but received provided /x" },
		{ .volumes = { VOLUME("v", REF("u-c") POLICY("Recycle"), "Released") },
		  .act = VOLUME_PHASE,
		  .phase = "Failed",
		  .reason = "VolumeFailedRecycle" },
		/* another claim of the same name */
		{ .claim = CLAIM("", "", "Pending"),
		  .volumes = { VOLUME("v", REF("u-old") POLICY("Retain"), "Bound") },
		  .act = VOLUME_PHASE,
		  .phase = "Released" },
		/* the claim has another volume */
		{ .claim = CLAIM(NOTES(DONE), ",\"volumeName\":\"w\"", "Bound"),
		  .volumes = { VOLUME("v", REF("u-c") POLICY("Retain"), "Bound") },
		  .act = VOLUME_RELEASE_CLAIM },
		{ .claim = CLAIM(NOTES(DONE), ",\"volumeName\":\"v\"", "Bound"),
		  .volumes = { VOLUME("v", REF("u-c") POLICY("Retain"), "Bound") },
		  .act = VOLUME_NOTHING },
	};

	(void)state;
	play(rows, COUNT_OF(rows), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_step_by_step),
		cmocka_unit_test(volumes_step_by_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
