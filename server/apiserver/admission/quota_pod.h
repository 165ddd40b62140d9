/* SPDX-License-Identifier: Apache-2.0 */
/* Pods in quotas (quota_usage.h). Follows upstream's pkg/quota/v1/evaluator/core/pods.go. */
#ifndef SERVER_APISERVER_ADMISSION_QUOTA_POD_H
#define SERVER_APISERVER_ADMISSION_QUOTA_POD_H

#include <jansson.h>

#include "base/buf.h"

bool quota_pod_name(const char *name);
bool quota_pod_terminating(const json_t *pod);
bool quota_pod_in_scope(const json_t *pod, struct str scope); /* all but PriorityClass */
void quota_pod_usage(const json_t *pod, int64_t now_s, json_t *usage);
bool quota_pod_constraints_hold(const json_t *hard, const json_t *pod, struct buf *out);

#endif
