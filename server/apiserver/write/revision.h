/* SPDX-License-Identifier: Apache-2.0 */
/* Resource versions as clients send them. */
#ifndef SERVER_APISERVER_WRITE_REVISION_H
#define SERVER_APISERVER_WRITE_REVISION_H

#include "server/apiserver/request.h"

/* 0 for an empty text. What is no number is an internal error without a reason: upstream's way. */
int revision_parse(struct api_request *r, struct str text, int64_t *out, struct err *err);
/* A version that the server has not reached yet: Timeout with cause ResourceVersionTooLarge. */
int revision_reached(struct api_request *r, int64_t wanted, struct err *err);
/* The rules of ListOptions about versions, for list and watch. */
int revision_options_check(struct api_request *r, bool watch, struct err *err);

#endif
