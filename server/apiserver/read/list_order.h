/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a Table's rows where it is not the list's: FlowSchemas stand as they are tried. */
#ifndef SERVER_APISERVER_READ_LIST_ORDER_H
#define SERVER_APISERVER_READ_LIST_ORDER_H

#include "api/object/object.h"

void list_order_rows(const struct api_resource *res, const struct object **items, size_t n);

#endif
