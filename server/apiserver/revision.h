/* SPDX-License-Identifier: Apache-2.0 */
/* Resource versions as clients send them. */
#ifndef SERVER_APISERVER_REVISION_H
#define SERVER_APISERVER_REVISION_H

#include "server/apiserver/request.h"

/* 0 for an empty text. Invalid (422) for what is no number. */
int revision_parse(struct str text, int64_t *out, struct err *err);
/* A version that the server has not reached yet: Timeout with cause ResourceVersionTooLarge. */
int revision_reached(struct api_request *r, int64_t wanted, struct err *err);
/* The rules of ListOptions about versions, for list and watch. */
int revision_options_check(const struct request_options *o, bool watch, struct err *err);

#endif
