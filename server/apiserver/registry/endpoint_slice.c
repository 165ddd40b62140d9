/* SPDX-License-Identifier: Apache-2.0 */
/* What v1beta1 knew of an endpoint's place has no room in v1: it is dropped as soon as the endpoints change. */
#include "api/meta.h"
#include "api/shape.h"
#include "server/apiserver/write.h"

int endpoint_slice_strategy(struct write *w, struct err *err)
{
	json_t *endpoints = json_object_get(w->tree, "endpoints"), *endpoint;
	size_t i;
	(void)err;
	if (w->old && shape_equal(endpoints, json_object_get(w->old, "endpoints")))
		return 0;
	json_array_foreach (endpoints, i, endpoint)
		json_object_del(endpoint, "deprecatedTopology");
	return 0;
}
