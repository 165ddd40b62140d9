/* SPDX-License-Identifier: Apache-2.0 */
/* A list as a Table or as metadata alone. */
#ifndef SERVER_APISERVER_READ_LIST_SHAPE_H
#define SERVER_APISERVER_READ_LIST_SHAPE_H

#include "api/table/table.h"
#include "server/apiserver/request.h"

/* In the shape that was negotiated, which is not SHAPE_OBJECT. Rows of a Table may change places in `items`. */
void list_shape_respond(struct api_request *r, const struct object **items, size_t n,
			const struct list_meta *meta);

#endif
