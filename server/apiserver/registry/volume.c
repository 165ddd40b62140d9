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

int volume_claim_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	json_object_set_new(w->tree, "status", json_pack("{s:s}", "phase", "Pending"));
	return 0;
}
