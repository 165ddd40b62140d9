/* SPDX-License-Identifier: Apache-2.0 */
/* What a file of manifests has made, kept in the cluster so that a later start still knows it when the file is gone: a ConfigMap of
 * kube-system for each file (k3s: an AddOn), with the file's path, the checksum that was applied, and a line for each object:
 *
 *	apps/v1 Deployment default/web
 *
 * It names more than there is while something changes, never less. Pure. */
#ifndef SERVER_CONTROLLERS_MANIFESTS_MANIFEST_RECORD_H
#define SERVER_CONTROLLERS_MANIFESTS_MANIFEST_RECORD_H

#include "api/object/object.h"
#include "server/controllers/manifests/manifest_file.h"

#define MANIFEST_RECORD_NS    "kube-system"
#define MANIFEST_RECORD_LABEL "manifests.allinone.dev/record"

struct manifest_record {
	struct arena arena;
	struct str source, checksum;
	struct manifest *items; /* without their JSON */
	size_t n, cap;
};
bool manifest_record_is(const struct object *o); /* a ConfigMap */
int manifest_record_read(const struct object *o, struct manifest_record *out, struct err *err);
void manifest_record_free(struct manifest_record *r);
bool manifest_record_has(const struct manifest_record *r, const struct manifest *m);
void manifest_record_add(struct manifest_record *r, const struct manifest *m); /* if it is new */
/* The same object: of a group and kind (in whatever version), with a namespace (none: default) and a name. */
bool manifest_same(const struct manifest *a, const struct manifest *b);
void manifest_record_name(struct str source, struct buf *out); /* "manifest-web-yaml-1a2b3c4d" */
void manifest_record_json(const struct manifest_record *r, struct buf *out); /* the ConfigMap */

#endif
