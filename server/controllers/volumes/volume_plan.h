/* SPDX-License-Identifier: Apache-2.0 */
/* Binding claims and volumes, step by step: what is the next thing to write about a claim, or about a volume? Each write comes back
 * as an event, and the next step follows from what is there then, so nothing is lost when the process ends in between. Pure.
 * After pkg/controller/volume/persistentvolume of v1.37. */
#ifndef SERVER_CONTROLLERS_VOLUMES_VOLUME_PLAN_H
#define SERVER_CONTROLLERS_VOLUMES_VOLUME_PLAN_H

#include "base/arena.h"
#include "client/volume_match.h"

struct volume_view { /* what else there is; results are borrowed, NULL: nothing */
	const claim_struct *(*claim)(void *ctx, struct str ns, struct str name);
	const volume_struct *(*volume)(void *ctx, struct str name);
	const struct storage_v1_storage_class *(*class)(void *ctx, struct str name);
	struct str (*default_class)(void *ctx);
	/* Volumes that are free, or meant for this claim. */
	void (*each_candidate)(void *ctx, const claim_struct *c,
			       void (*fn)(void *arg, const volume_struct *v), void *arg);
	/* Names of pods that use the claim and have no node yet, "a,b"; how many. */
	size_t (*waiting_pods)(void *ctx, const claim_struct *c, struct str *names);
	void *ctx;
};
enum volume_act {
	VOLUME_NOTHING,
	VOLUME_RESERVE,      /* the volume's claimRef becomes the claim */
	VOLUME_BIND_CLAIM,   /* the claim's volumeName becomes the volume */
	VOLUME_CLAIM_PHASE,  /* of the claim's status; with a volume: its modes and size, too */
	VOLUME_PHASE,        /* of the volume's status */
	VOLUME_PROVISIONER,  /* the claim's annotations name `value` */
	VOLUME_CLASS,        /* the claim's class becomes `value` */
	VOLUME_RELEASE_CLAIM /* the volume's claimRef goes, or its uid, if a user wrote it */
};
struct volume_step {
	enum volume_act act;
	const claim_struct *claim;
	const volume_struct *volume;
	const char *phase;
	struct str value;
	/* An event about the claim, or else about the volume; NULL: none. */
	const char *event_type, *event_reason;
	struct str event_text;
	bool about_volume;
	const char *volume_message; /* of the volume's status */
};
void claim_plan(const struct volume_view *v, const claim_struct *c, struct arena *a,
		struct volume_step *out);
void volume_plan(const struct volume_view *v, const volume_struct *pv, struct arena *a,
		 struct volume_step *out);

#endif
