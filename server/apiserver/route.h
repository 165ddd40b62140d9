/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_APISERVER_ROUTE_H
#define SERVER_APISERVER_ROUTE_H

#include "base/str.h"

/* Subresources that are streams or proxies: any method is a "connect". */
bool route_is_connect(struct str sub);

#endif
