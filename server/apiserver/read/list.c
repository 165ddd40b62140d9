/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/list_walk.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/verbs.h"

void verb_list(struct api_request *r)
{
	auto_err err = { 0 };
	struct list_walk w = { 0 };
	request_ref(r);
	if (list_walk_open(&w, r, false, &err) < 0) {
		respond_err(r, &err);
	} else {
		list_walk_run(&w);
		list_walk_respond(&w);
	}
	list_walk_close(&w);
	request_unref(r);
}
