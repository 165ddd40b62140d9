/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "server/apiserver/write/write.h"

/* A node comes with its status; the rest is defaults. */
int node_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	if (!json_object_get(w->tree, "status"))
		json_object_set_new(w->tree, "status", json_object());
	return 0;
}
