/* SPDX-License-Identifier: Apache-2.0 */
/* Subresources and kinds that are actions: each has its file and a row in dispatch.c. */
#ifndef SERVER_APISERVER_SUBRESOURCES_SUBRESOURCES_H
#define SERVER_APISERVER_SUBRESOURCES_SUBRESOURCES_H

#include "server/apiserver/request.h"

/* kubelet/node_stream.c: through to the kubelet */
void sub_pod_log(struct api_request *r);
void sub_pod_exec(struct api_request *r);
void sub_pod_attach(struct api_request *r);
void sub_pod_port_forward(struct api_request *r);
/* kubelet/pod_proxy.c: through to what listens in a pod or on a node */
void sub_pod_proxy(struct api_request *r);
void sub_service_proxy(struct api_request *r);
void sub_node_proxy(struct api_request *r);

void sub_binding(struct api_request *r);            /* binding.c */
void sub_eviction(struct api_request *r);           /* eviction.c */
void sub_token_request(struct api_request *r);      /* token_request.c */
void sub_component_statuses(struct api_request *r); /* pages/component_status.c */

void sub_usage(struct api_request *r); /* pages/usage.c: metrics.k8s.io */

void review_token(struct api_request *r); /* reviews.c: authentication */
void review_self(struct api_request *r);
void review_access(struct api_request *r); /* access_review.c: authorization */
void review_rules(struct api_request *r);

void scale_get(struct api_request *r); /* scale.c */
void scale_update(struct api_request *r);
void scale_patch(struct api_request *r);

#endif
