/* SPDX-License-Identifier: Apache-2.0 */
/* What is created only to be answered: reviews and token requests. */
#ifndef SERVER_APISERVER_SUBRESOURCES_REVIEW_H
#define SERVER_APISERVER_SUBRESOURCES_REVIEW_H

#include "server/apiserver/write/decode.h"

/* Refuses what the client could not read in answer; else decodes the body and goes on. */
void review_start(struct api_request *r, void (*body)(struct api_request *r));
/* Upstream notes in its answer, too, who asked for which fields. Before anything is added to the tree. */
void review_own(struct api_request *r, const struct decode_expect *x, json_t *tree);

#endif
