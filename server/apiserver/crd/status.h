/* SPDX-License-Identifier: Apache-2.0 */
/* What a definition's status says: pure functions on trees. Follows apiextensions-apiserver's naming, establishing and finalizing
 * controllers. */
#ifndef SERVER_APISERVER_CRD_STATUS_H
#define SERVER_APISERVER_CRD_STATUS_H

#include <jansson.h>

#include "base/map.h"

#define CRD_FINALIZER "customresourcecleanup.apiextensions.k8s.io"

struct crd_condition {
	const char *type, *status, *reason, *message;
};
bool crd_condition_true(const json_t *crd, const char *type);
/* Sets it in crd.status.conditions; the time changes with the status. True when anything did. */
bool crd_condition_set(json_t *crd, const struct crd_condition *c, int64_t now_s);

struct crd_names_taken { /* by all definitions of the group */
	struct map resources, kinds;
};
void crd_names_take(struct crd_names_taken *t, const json_t *names);
void crd_names_free(struct crd_names_taken *t);
/* Puts accepted names and the conditions NamesAccepted and Established into the status, as far as `taken` lets it. True when
 * anything changed. */
bool crd_names_decide(json_t *crd, const struct crd_names_taken *taken, int64_t now_s);
/* The condition of groups that belong to Kubernetes (*.k8s.io). */
bool crd_approval_decide(json_t *crd, int64_t now_s);

/* Deletion begins: the finalizer and the condition Terminating. */
void crd_deletion_begin(json_t *crd, int64_t now_s);

#endif
