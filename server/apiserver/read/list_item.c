/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/list_item.h"

#include <stdio.h>

#include "server/apiserver/convert/convert.h"

struct str list_item(const struct api_resource *res, const struct object *o)
{
	char version[256], head[512];
	api_version_text(res, version, sizeof(version));
	size_t n = (size_t)snprintf(head, sizeof(head), "{\"kind\":\"%s\",\"apiVersion\":\"%s\",",
				    res->kind, version);
	if (o->json.n > n && memcmp(o->json.p, head, n) == 0)
		return str_of(o->json.p + n, o->json.n - n);
	return str_of(o->json.p + 1, o->json.n - 1);
}
