/* SPDX-License-Identifier: Apache-2.0 */
#include "api/meta.h"
#include "base/clock.h"
#include "server/apiserver/write.h"

int volume_strategy_create(struct write *w, struct err *err)
{
	char now[TIME_TEXT_MAX];
	(void)err;
	time_format(clock_wall_s(w->r->server->clock), now);
	json_object_set_new(w->tree, "status",
			    json_pack("{s:s,s:s}", "phase", "Pending", "lastPhaseTransitionTime",
				      now));
	return 0;
}

/* Sources in other namespaces are a feature that is off. */
static void other_namespace_drop(json_t *spec)
{
	if (tree_get_str(spec, "dataSourceRef", "namespace", NULL).n)
		json_object_del(spec, "dataSourceRef");
}

int volume_claim_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	other_namespace_drop(json_object_get(w->tree, "spec"));
	json_object_set_new(w->tree, "status", json_pack("{s:s}", "phase", "Pending"));
	return 0;
}
