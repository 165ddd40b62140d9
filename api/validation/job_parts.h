/* SPDX-License-Identifier: Apache-2.0 */
/* A job's spec, for cron jobs, too; and when a job counts as failed or as done before all of its pods are: podFailurePolicy and successPolicy. `spec` is the job's. */
#ifndef API_VALIDATION_JOB_PARTS_H
#define API_VALIDATION_JOB_PARTS_H

#include "api/validation/check.h"

void check_job_spec(struct check *c, const json_t *spec); /* the check stands there */
void check_job_failure_policy(struct check *c, const json_t *spec);
void check_job_success_policy(struct check *c, const json_t *spec); /* of an indexed job */

#endif
