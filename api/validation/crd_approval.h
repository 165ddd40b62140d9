/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that belong to Kubernetes' community: a definition in one says in an annotation who approved it. */
#ifndef API_VALIDATION_CRD_APPROVAL_H
#define API_VALIDATION_CRD_APPROVAL_H

#include <jansson.h>

#include "base/buf.h"

#define CRD_APPROVAL_ANNOTATION "api-approved.kubernetes.io"

enum crd_approval {
	CRD_APPROVAL_INVALID,
	CRD_APPROVAL_MISSING,
	CRD_APPROVED,
	CRD_APPROVAL_BYPASSED
};

bool crd_group_protected(struct str group);
enum crd_approval crd_approval_of(const json_t *crd, struct buf *why);

#endif
