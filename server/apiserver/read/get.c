/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/verbs.h"
#include "server/apiserver/write/revision.h"

static struct object *get_object(struct api_request *r, struct err *err)
{
	int64_t revision;
	if (respond_negotiate(r, true, false, err) < 0 ||
	    revision_parse(r, r->opt.resource_version, &revision, err) < 0 ||
	    revision_reached(r, revision, err) < 0)
		return NULL;
	return lookup_target(r, err);
}

void verb_get(struct api_request *r)
{
	auto_err err = { 0 };
	struct object *o = get_object(r, &err);
	if (o)
		respond_object(r, 200, o);
	else
		respond_err(r, &err);
	object_unref(o);
}
