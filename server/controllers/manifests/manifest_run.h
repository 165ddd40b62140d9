/* SPDX-License-Identifier: Apache-2.0 */
/* One file of manifests carried out, call after call:
 *
 *	record what there will be ─► apply each ─► delete what is no longer in the file ─► record what there is
 *	(the file is gone)            delete all in reverse ─────────────────────────────► delete the record
 *
 * What fails is told and doesn't keep the others from being applied; nothing is deleted then. Control loop. */
#ifndef SERVER_CONTROLLERS_MANIFESTS_MANIFEST_RUN_H
#define SERVER_CONTROLLERS_MANIFESTS_MANIFEST_RUN_H

#include "client/client.h"
#include "server/controllers/manifests/manifest_file.h"
#include "server/controllers/manifests/manifest_record.h"

struct manifest_run { /* made by the caller, who fills what stands above the line; gone after done() */
	struct client *client;
	char *source; /* heap */
	bool gone;    /* the file: what the record knows is deleted */
	bool broken;  /* the file can't be read: `failure` says why; only its record is seen to */
	struct manifest_set wanted;
	char checksum[65];
	const struct object *found; /* the record that there is, a reference; may be NULL */
	char *failure;              /* the first; heap; NULL: none */
	bool (*kept)(void *ctx, const struct manifest_run *run,
		     const struct manifest *m); /* another file wants it: it isn't deleted */
	/* `record`: the ConfigMap to tell events about, may be NULL. */
	void (*done)(void *ctx, struct manifest_run *run);
	void *ctx;
	/* --- */
	struct manifest_record old, all;
	const struct object *record;
	int phase;
	size_t at;
};
void manifest_run_start(struct manifest_run *r);

#endif
