/* SPDX-License-Identifier: Apache-2.0 */
/* Many pods of one owner. They are made in batches that grow, 1, 8, 64 …, each begun when the one before has succeeded: a template that
 * can't be created costs one attempt, not hundreds, and many pods cost few turns. Control loop only. */
#ifndef SERVER_CONTROLLERS_POD_BATCH_H
#define SERVER_CONTROLLERS_POD_BATCH_H

#include "server/controllers/pods.h"

struct pod_batch;
struct pod_batch *pod_batch_new(struct round *r, const struct pod_owner *o);
void pod_batch_add(struct pod_batch *b, const struct core_v1_pod *pod, size_t times);
void pod_batch_start(
	struct pod_batch *b); /* before round_close(); b is gone when all have been answered */

#endif
