/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/list_order.h"

#include <stdlib.h>
#include <string.h>

/* From the bytes: no other member of a FlowSchema is called so. */
static long precedence(const struct object *o)
{
	static const char member[] = "\"matchingPrecedence\":";
	const char *at = memmem(o->json.p, o->json.n, member, sizeof(member) - 1);
	return at ? strtol(at + sizeof(member) - 1, NULL, 10) : 0;
}

static int by_precedence(const void *a, const void *b)
{
	const struct object *x = *(const struct object *const *)a,
			    *y = *(const struct object *const *)b;
	long px = precedence(x), py = precedence(y);
	if (px != py)
		return px < py ? -1 : 1;
	return str_cmp(x->name, y->name);
}

void list_order_rows(const struct api_resource *res, const struct object **items, size_t n)
{
	if (n && !strcmp(res->plural, "flowschemas") && !res->crd)
		qsort(items, n, sizeof(*items), by_precedence);
}
