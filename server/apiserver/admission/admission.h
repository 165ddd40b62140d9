/* SPDX-License-Identifier: Apache-2.0 */
/* Admission: a table of plug-ins between decoding and storage, first those that may change the object, then those that only
 * judge. A plug-in is one small file and one row in admission.c, in upstream's order. Runs on the request's loop. */
#ifndef SERVER_APISERVER_ADMISSION_ADMISSION_H
#define SERVER_APISERVER_ADMISSION_ADMISSION_H

#include "server/apiserver/write/write.h"

int admit(struct write *w,
	  struct err *err); /* changing ones; w->operation is "CREATE" or "UPDATE" */
int admit_validate(struct write *w, struct err *err); /* judging ones */
int admit_delete(struct api_request *r, const struct api_resource *res, const struct object *o,
		 struct err *err);

/* Whether the write is about this resource (of the core group) itself, no subresource. */
bool admission_is(const struct write *w, const char *plural);
bool admission_is_in(const struct write *w, const char *group, const char *plural,
		     const char *subresource);
/* `pods "x" is forbidden: …` */
int admission_forbid(struct write *w, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The plug-ins. */
int admit_namespace_lifecycle(struct write *w, struct err *err);
int admit_namespace_delete(struct api_request *r, const struct api_resource *res,
			   const struct object *o, struct err *err);
int admit_service_account(struct write *w, struct err *err);
int admit_toleration_seconds(struct write *w, struct err *err);
int admit_priority(struct write *w, struct err *err);
int admit_priority_class(struct write *w, struct err *err);
int admit_limit_defaults(struct write *w, struct err *err);
int admit_limit_ranges(struct write *w, struct err *err);
int admit_default_storage_class(struct write *w, struct err *err);
int admit_default_ingress_class(struct write *w, struct err *err);
int admit_storage_in_use(struct write *w, struct err *err);
int admit_claim_resize(struct write *w, struct err *err);
int admit_taint_nodes(struct write *w, struct err *err);
int admit_node_restriction(struct write *w, struct err *err);
int admit_runtime_class(struct write *w, struct err *err);
int admit_overhead(struct write *w, struct err *err);
int admit_account_limits(struct write *w, struct err *err);
int admit_certificate_approval(struct write *w, struct err *err);
int admit_certificate_signing(struct write *w, struct err *err);
int admit_trust_bundle(struct write *w, struct err *err);
int admit_certificate_subject(struct write *w, struct err *err);
int admit_pod_topology(struct write *w, struct err *err);
int admit_pod_resize(struct write *w, struct err *err);
int admit_resource_quota(struct write *w, struct err *err);

/* A node's zone and region become labels of a pod. */
void admission_topology_labels(struct apiserver *s, json_t *pod, struct str node);

#endif
