/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "server/apiserver/write/write.h"

/* A node comes with its status; the rest is defaults. */
int node_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	if (!json_object_get(w->tree, "status"))
		json_object_set_new(w->tree, "status", json_object());
	json_object_del(json_object_get(w->tree, "spec"), "configSource");
	json_object_del(json_object_get(w->tree, "status"), "config");
	return 0;
}

/* The source of a configuration is kept where it was; nobody gets one any more. */
int node_strategy_update(struct write *w, struct err *err)
{
	(void)err;
	if (!tree_get(w->old, "spec", "configSource", NULL))
		json_object_del(json_object_get(w->tree, "spec"), "configSource");
	return 0;
}
