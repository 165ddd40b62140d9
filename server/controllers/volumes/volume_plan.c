/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/volumes/volume_plan.h"

#define NORMAL  "Normal"
#define WARNING "Warning"

static void say(struct volume_step *out, const char *type, const char *reason, const char *text)
{
	out->event_type = type;
	out->event_reason = reason;
	out->event_text = str_from(text);
}

static void claim_phase(struct volume_step *out, const claim_struct *c, const char *phase)
{
	out->claim = c;
	if (str_eqz(c->status.phase, phase))
		return;
	out->act = VOLUME_CLAIM_PHASE;
	out->phase = phase;
}

static void volume_phase(struct volume_step *out, const volume_struct *v, const char *phase)
{
	out->volume = v;
	if (str_eqz(v->status.phase, phase))
		return;
	out->act = VOLUME_PHASE;
	out->phase = phase;
}

/* The volume takes the claim, then the claim the volume; each half is written once. */
static void bind(struct volume_step *out, const claim_struct *c, const volume_struct *v)
{
	const struct core_v1_object_reference *r = v->spec.claim_ref;

	out->claim = c;
	out->volume = v;
	if (!r || !str_eq(r->uid, c->metadata.uid)) {
		out->act = VOLUME_RESERVE;
	} else if (!str_eqz(v->status.phase, "Bound")) {
		out->act = VOLUME_PHASE;
		out->phase = "Bound";
	} else if (!str_eq(c->spec.volume_name, v->metadata.name) || !claim_is_bound(c)) {
		out->act = VOLUME_BIND_CLAIM;
	} else if (!str_eqz(c->status.phase, "Bound")) {
		out->act = VOLUME_CLAIM_PHASE;
		out->phase = "Bound";
	}
}

/* --- claims --- */

struct search {
	const claim_struct *claim;
	const volume_struct *best;
	bool delayed, meant;
};

static void consider(void *arg, const volume_struct *v)
{
	struct search *s = arg;
	enum volume_fit fit = volume_fits(v, s->claim, NULL, s->delayed);

	if (s->meant || fit == VOLUME_NO || !volume_has_access_modes(v, s->claim))
		return;
	if (fit == VOLUME_MEANT) {
		s->best = v;
		s->meant = true;
		return;
	}
	/* The one with the fewest access modes, and of those the smallest. */
	if (!s->best || v->spec.access_modes.n < s->best->spec.access_modes.n ||
	    (v->spec.access_modes.n == s->best->spec.access_modes.n &&
	     volume_size(v) < volume_size(s->best)))
		s->best = v;
}

static void wait_for_consumer(const struct volume_view *v, const claim_struct *c, struct arena *a,
			      struct volume_step *out)
{
	struct str names = STR("");
	size_t n = v->waiting_pods(v->ctx, c, &names);

	if (n)
		say(out, NORMAL, "WaitForPodScheduled",
		    arena_printf(a, "waiting for pod%s %.*s to be scheduled", n > 1 ? "s" : "",
				 STR_ARG(names)));
	else
		say(out, NORMAL, "WaitForFirstConsumer",
		    "waiting for first consumer to be created before binding");
	claim_phase(out, c, "Pending");
}

static bool has_provisioner(const claim_struct *c, struct str name)
{
	const struct str *now = annotation_get(&c->metadata, ANN_STORAGE_PROVISIONER);
	const struct str *old = annotation_get(&c->metadata, ANN_STORAGE_PROVISIONER_OLD);

	return now && old && str_eq(*now, name) && str_eq(*old, name);
}

static void provision(const struct storage_v1_storage_class *class, const claim_struct *c,
		      struct arena *a, struct volume_step *out)
{
	out->claim = c;
	if (!class) {
		say(out, WARNING, "ProvisioningFailed",
		    arena_printf(a, "storageclass.storage.k8s.io \"%.*s\" not found",
				 STR_ARG(claim_class(c))));
		return;
	}
	if (str_starts(class->provisioner, STR("kubernetes.io/"))) {
		say(out, WARNING, "ProvisioningFailed",
		    arena_printf(a, "no volume plugin matched name: %.*s",
				 STR_ARG(class->provisioner)));
		return;
	}
	if (!has_provisioner(c, class->provisioner)) {
		out->act = VOLUME_PROVISIONER;
		out->value = class->provisioner;
		return;
	}
	say(out, NORMAL, "ExternalProvisioning",
	    arena_printf(a,
			 "Waiting for a volume to be created either by the external provisioner "
			 "'%.*s' or manually by the system administrator. If volume creation is "
			 "delayed, please verify that the provisioner is running and correctly "
			 "registered.",
			 STR_ARG(class->provisioner)));
}

static void plan_any(const struct volume_view *v, const claim_struct *c, struct arena *a,
		     struct volume_step *out)
{
	struct str name = claim_class(c);
	const struct storage_v1_storage_class *class = name.n ? v->class(v->ctx, name) : NULL;
	struct search s = { .claim = c,
			    .delayed = class && str_eqz(class->volume_binding_mode,
							"WaitForFirstConsumer") };
	struct str standard;

	v->each_candidate(v->ctx, c, consider, &s);
	if (s.best) {
		bind(out, c, s.best);
		return;
	}
	standard = name.p ? STR("") : v->default_class(v->ctx);
	if (standard.n) {
		out->act = VOLUME_CLASS;
		out->claim = c;
		out->value = standard;
	} else if (s.delayed && !annotation_get(&c->metadata, ANN_SELECTED_NODE)) {
		wait_for_consumer(v, c, a, out);
	} else if (name.n) {
		provision(class, c, a, out);
	} else {
		say(out, NORMAL, "FailedBinding",
		    "no persistent volumes available for this claim and no storage class is set");
		claim_phase(out, c, "Pending");
	}
}

static const char *mismatch(const volume_struct *v, const claim_struct *c, struct arena *a)
{
	if (v->metadata.deletion_timestamp.set)
		return arena_printf(a, "the volume is marked for deletion \"%.*s\"",
				    STR_ARG(v->metadata.name));
	if (volume_size(v) < claim_size(c))
		return "requested PV is too small";
	if (!str_eq(volume_class(v), claim_class(c)))
		return "storageClassName does not match";
	if (!str_eq(v->spec.volume_attributes_class_name, c->spec.volume_attributes_class_name))
		return "volumeAttributesClassName does not match";
	if (volume_modes_differ(c, v))
		return "incompatible volumeMode";
	return volume_has_access_modes(v, c) ? NULL : "incompatible accessMode";
}

/* The claim names its volume, but the two are not bound yet. */
static void plan_named(const struct volume_view *v, const claim_struct *c, struct arena *a,
		       struct volume_step *out)
{
	const volume_struct *pv = v->volume(v->ctx, c->spec.volume_name);
	const char *why = pv && !pv->spec.claim_ref ? mismatch(pv, c, a) : NULL;

	if (pv && !why && (!pv->spec.claim_ref || volume_is_for(pv, c))) {
		bind(out, c, pv);
		return;
	}
	if (why)
		say(out, WARNING, "VolumeMismatch",
		    arena_printf(a, "Cannot bind to requested volume \"%.*s\": %s",
				 STR_ARG(c->spec.volume_name), why));
	else if (pv)
		say(out, WARNING, "FailedBinding",
		    arena_printf(a, "volume \"%.*s\" already bound to a different claim.",
				 STR_ARG(c->spec.volume_name)));
	claim_phase(out, c, "Pending");
}

static void lost(struct volume_step *out, const claim_struct *c, const char *reason,
		 const char *text)
{
	claim_phase(out, c, "Lost");
	if (out->act != VOLUME_NOTHING)
		say(out, WARNING, reason, text);
}

static void plan_bound(const struct volume_view *v, const claim_struct *c, struct volume_step *out)
{
	const volume_struct *pv =
		c->spec.volume_name.n ? v->volume(v->ctx, c->spec.volume_name) : NULL;

	if (!c->spec.volume_name.n)
		lost(out, c, "ClaimLost",
		     "Bound claim has lost reference to PersistentVolume. Data on the volume is "
		     "lost!");
	else if (!pv)
		lost(out, c, "ClaimLost",
		     "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
	else if (!pv->spec.claim_ref || str_eq(pv->spec.claim_ref->uid, c->metadata.uid))
		bind(out, c, pv);
	else
		lost(out, c, "ClaimMisbound",
		     "Two claims are bound to the same volume, this one is bound incorrectly");
}

void claim_plan(const struct volume_view *v, const claim_struct *c, struct arena *a,
		struct volume_step *out)
{
	*out = (struct volume_step){ 0 };
	if (annotation_get(&c->metadata, ANN_BIND_COMPLETED))
		plan_bound(v, c, out);
	else if (c->spec.volume_name.n)
		plan_named(v, c, a, out);
	else
		plan_any(v, c, a, out);
}

/* --- volumes --- */

static void fail(struct volume_step *out, const volume_struct *v, const char *reason,
		 const char *text)
{
	volume_phase(out, v, "Failed");
	out->about_volume = true;
	out->volume_message = text;
	if (out->act != VOLUME_NOTHING)
		say(out, WARNING, reason, text);
}

/* What was made by a provisioner is removed by it. */
static void delete_volume(struct volume_step *out, const volume_struct *v, struct arena *a)
{
	const struct str *by = annotation_get(&v->metadata, ANN_PROVISIONED_BY);

	if ((by && by->n && !str_starts(*by, STR("kubernetes.io/"))) || v->spec.csi ||
	    annotation_get(&v->metadata, "pv.kubernetes.io/migrated-to"))
		return;
	fail(out, v, "VolumeFailedDelete",
	     v->spec.host_path
		     ? arena_printf(a,
				    "host_path deleter only supports /tmp/.+ but received provided "
				    "%.*s",
				    STR_ARG(v->spec.host_path->path))
		     : arena_printf(a,
				    "error getting deleter volume plugin for volume \"%.*s\": no "
				    "deletable volume plugin matched",
				    STR_ARG(v->metadata.name)));
}

/* Its claim is gone. */
static void release(struct volume_step *out, const volume_struct *v, struct arena *a)
{
	struct str policy = v->spec.persistent_volume_reclaim_policy;

	if (!str_eqz(v->status.phase, "Released") && !str_eqz(v->status.phase, "Failed"))
		volume_phase(out, v, "Released");
	else if (str_eqz(policy, "Delete"))
		delete_volume(out, v, a);
	else if (str_eqz(policy, "Recycle"))
		fail(out, v, "VolumeFailedRecycle", "No recycler plugin found for the volume!");
}

/* Its claim has another volume. */
static void let_go(struct volume_step *out, const volume_struct *v, struct arena *a)
{
	if (annotation_get(&v->metadata, ANN_PROVISIONED_BY) &&
	    str_eqz(v->spec.persistent_volume_reclaim_policy, "Delete")) {
		release(out, v, a);
		return;
	}
	out->act = VOLUME_RELEASE_CLAIM;
	out->volume = v;
}

void volume_plan(const struct volume_view *v, const volume_struct *pv, struct arena *a,
		 struct volume_step *out)
{
	const struct core_v1_object_reference *r = pv->spec.claim_ref;
	const claim_struct *c = NULL;

	*out = (struct volume_step){ 0 };
	if (!r || !r->uid.n) {
		volume_phase(out, pv, "Available");
		return;
	}
	c = v->claim(v->ctx, r->namespace, r->name);
	if (!c || !str_eq(c->metadata.uid, r->uid)) {
		release(out, pv, a);
	} else if (!c->spec.volume_name.n) {
		if (!volume_modes_differ(c, pv))
			return; /* the claim's own turn */
		out->volume = pv;
		out->about_volume = true;
		say(out, WARNING, "VolumeMismatch",
		    arena_printf(a,
				 "Cannot bind PersistentVolume to requested PersistentVolumeClaim "
				 "\"%.*s\" due to incompatible volumeMode.",
				 STR_ARG(c->metadata.name)));
	} else if (str_eq(c->spec.volume_name, pv->metadata.name)) {
		volume_phase(out, pv, "Bound");
	} else {
		let_go(out, pv, a);
	}
}
