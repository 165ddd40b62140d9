/* SPDX-License-Identifier: Apache-2.0 */
/* The path, top to bottom. Each step may end it with an error; the first that does is what the client hears. */
#include "server/apiserver/request.h"

#include <stdarg.h>
#include <stdio.h>

#include "api/crd/crd.h"
#include "base/encode.h"
#include "server/apiserver/flow.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

struct api_request *request_new(struct apiserver *s, struct loop *l,
				const struct responder *responder)
{
	struct api_request *r = NEW(struct api_request);
	r->server = s;
	r->loop = l;
	r->responder = responder;
	r->refs = 1;
	r->flow = -1;
	r->started_us = s->clock->mono_us(s->clock);
	r->verb_text = "";
	return r;
}

struct api_request *request_ref(struct api_request *r)
{
	r->refs++;
	return r;
}

void request_unref(struct api_request *r)
{
	if (--r->refs > 0)
		return;
	flow_release(r);
	warned_free(&r->warned);
	err_clear(&r->refused);
	err_clear(&r->late);
	api_resource_unref(r->custom);
	arena_free(&r->arena);
	free(r);
}

bool request_warn(struct api_request *r, const char *fmt, ...)
{
	auto_buf text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	return warned_add(&r->warned, buf_view(&text));
}

void request_about(struct api_request *r, const char *group, const char *kind, struct str name)
{
	r->about = (struct status_about){ true, name, str_from(group), str_from(kind) };
}

bool user_in_group(const struct api_user *u, const char *group)
{
	for (size_t i = 0; i < u->ngroups; i++)
		if (str_eqz(u->groups[i], group))
			return true;
	return false;
}

static int request_steps(struct api_request *r, struct err *err)
{
	request_route(r);
	int e = request_authenticate(r, err);
	if (e == 0) {
		e = request_impersonate(r, err);
		r->nosniff = e < 0;
	}
	if (e == 0)
		e = flow_acquire(r, err);
	if (e < 0)
		return e;
	e = request_authorize(r, err);
	r->nosniff = e < 0;
	return e;
}

static void request_go(struct api_request *r, int e, const struct err *err)
{
	if (e < 0)
		respond_err(r, err);
	else
		request_dispatch(r);
}

void request_handle(struct api_request *r)
{
	auto_err err = { 0 };
	uuid_new(r->audit_id);
	request_ref(r); /* the work's reference: given back by the answer */
	request_go(r, request_steps(r, &err), &err);
}

void request_enter(struct api_request *r)
{
	auto_err err = { 0 };
	request_ref(r);
	request_go(r, request_authorize(r, &err), &err);
}
