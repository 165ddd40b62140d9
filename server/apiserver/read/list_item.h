/* SPDX-License-Identifier: Apache-2.0 */
/* Items of a list of a built-in kind carry no kind and apiVersion: the tail of an object's JSON behind them. */
#ifndef SERVER_APISERVER_READ_LIST_ITEM_H
#define SERVER_APISERVER_READ_LIST_ITEM_H

#include "api/object/object.h"

/* What comes after the "{" of the item. */
struct str list_item(const struct api_resource *res, const struct object *o);

#endif
