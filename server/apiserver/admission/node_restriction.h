/* SPDX-License-Identifier: Apache-2.0 */
/* NodeRestriction: a node writes only about itself and the pods bound to it. What its authorizer can't see, since it doesn't know the
 * object, is looked at here. Follows upstream's plugin/pkg/admission/noderestriction. Writes come through admission.h; these are
 * the ways beside it. Each gives 0 for who is no node. */
#ifndef SERVER_APISERVER_ADMISSION_NODE_RESTRICTION_H
#define SERVER_APISERVER_ADMISSION_NODE_RESTRICTION_H

#include "server/apiserver/write/write.h"

/* Why a user who is a node without a name may nothing. The text lives with the request. */
const char *node_unknown(struct api_request *r);

int admit_node_delete(struct api_request *r, const struct api_resource *res, const struct object *o,
		      struct err *err);
int admit_node_eviction(struct api_request *r,
			struct err *err); /* of the pod that the path names */

/* node_credentials.c: a TokenRequest for the account that the path names, */
int admit_node_token(struct api_request *r, const json_t *request, struct err *err);
/* and a PodCertificateRequest, for node_restriction.c */
int admit_node_pod_certificate(struct write *w, struct str node, struct err *err);

#endif
