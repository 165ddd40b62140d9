/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_APISERVER_WRITE_UPDATE_H
#define SERVER_APISERVER_WRITE_UPDATE_H

#include "server/apiserver/write/write.h"

/* The body's name and namespace against the path's. */
int update_check_name(const struct api_request *r, const json_t *tree, struct err *err);
/* "status" and the like; "" for the object itself. */
const char *update_subresource(const struct api_request *r);
/* Whether this user may also create, which a PUT or an apply of something new amounts to. */
int update_may_create(struct api_request *r, struct err *err);

#endif
