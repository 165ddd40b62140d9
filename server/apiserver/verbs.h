/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs. Each gets a routed and authorized request and sees to it that it is answered. A file each. */
#ifndef SERVER_APISERVER_VERBS_H
#define SERVER_APISERVER_VERBS_H

#include "server/apiserver/request.h"

void verb_get(struct api_request *r);
void verb_list(struct api_request *r);
void verb_watch(struct api_request *r);
void verb_create(struct api_request *r);
void verb_update(struct api_request *r);
void verb_patch(struct api_request *r); /* write/patch.c; server-side apply in write/apply.c */
void verb_delete(struct api_request *r);
void verb_delete_collection(struct api_request *r);

struct crd;
/* Ends those on a custom resource whose definition has changed or gone: clients watch again. The calling loop's. */
void watches_end_of(struct loop *l, const struct crd *definition);
/* Ends all watches of the calling loop, when the server stops. */
void watches_end(struct apiserver *s, struct loop *l);

#endif
