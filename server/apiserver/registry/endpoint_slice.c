/* SPDX-License-Identifier: Apache-2.0 */
/* What v1beta1 knew of an endpoint's place has no room in v1: it is dropped as soon as the endpoints change. */
#include "api/object/meta.h"
#include "api/shape.h"
#include "server/apiserver/write/write.h"

int endpoint_slice_strategy(struct write *w, struct err *err)
{
	json_t *endpoints = json_object_get(w->tree, "endpoints"), *endpoint;
	size_t i;
	(void)err;
	if (w->old && shape_equal(endpoints, json_object_get(w->old, "endpoints")))
		return 0;
	bool dropped = false;
	json_array_foreach (endpoints, i, endpoint)
		dropped |= json_object_del(endpoint, "deprecatedTopology") == 0;
	if (dropped && w->old) /* it counts as a change all the same */
		meta_set_int(w->tree, "generation", meta_generation(w->old) + 1);
	return 0;
}
