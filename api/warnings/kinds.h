/* SPDX-License-Identifier: Apache-2.0 */
/* What warns of a kind: rows of warnings.c. `old` is NULL at creation. Private to warnings. */
#ifndef API_WARNINGS_KINDS_H
#define API_WARNINGS_KINDS_H

#include "api/warnings/warnings.h"

/* workloads.c */
void warn_of_pod(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_pod_template(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_replication_controller(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_workload(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_daemon_set(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_stateful_set(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_job(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_cron_job(struct warnings *w, const json_t *new, const json_t *old);
/* network.c */
void warn_of_endpoints(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_endpoint_slice(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_ingress(struct warnings *w, const json_t *new, const json_t *old);
void warn_of_network_policy(struct warnings *w, const json_t *new, const json_t *old);

#endif
