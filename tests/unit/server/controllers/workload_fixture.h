/* SPDX-License-Identifier: Apache-2.0 */
/* Pods for tests of plans, made from JSON in one line. */
#ifndef TESTS_UNIT_SERVER_CONTROLLERS_WORKLOAD_FIXTURE_H
#define TESTS_UNIT_SERVER_CONTROLLERS_WORKLOAD_FIXTURE_H

#include "server/controllers/pods.h"

struct workload_fixture {
	struct arena arena;
	struct pod_views pods;
};
int workload_setup(void **state); /* *state is a struct workload_fixture */
int workload_teardown(void **state);
void *workload_read(struct workload_fixture *f, const struct api_struct *desc,
		    const char *json); /* in the arena */
/* JSON of metadata beyond name and uid (",\"labels\":…"), of spec, of status. */
struct core_v1_pod *workload_pod(struct workload_fixture *f, const char *name, const char *metadata,
				 const char *spec, const char *status);
#define POD_READY   "\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]"
#define POD_PENDING "\"phase\":\"Pending\""
#define POD_LEAVING ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""

#endif
