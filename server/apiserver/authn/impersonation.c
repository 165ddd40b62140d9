/* SPDX-License-Identifier: Apache-2.0 */
/* Impersonate-User, -Uid, -Group and -Extra-*: acting as someone else, for who may "impersonate" each of the things named.
 * Follows upstream's filters/impersonation. */
#include "base/mem.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/server.h"

#define GROUPS_MAX   64
#define EXTRA_MAX    32
#define EXTRA_PREFIX "impersonate-extra-"

struct disguise {
	struct api_request *r;
	struct str user, uid;
	struct str groups[GROUPS_MAX + 2];
	size_t ngroups;
	struct user_extra extra[EXTRA_MAX];
	size_t nextra;
};

static void fields_read(struct api_request *r, struct disguise *d)
{
	for (size_t i = 0; i < r->http->nfields; i++) {
		struct str name = r->http->fields[i].name,
			   value = arena_str(&r->arena, r->http->fields[i].value);
		if (str_eqz(name, "impersonate-user")) {
			d->user = value;
		} else if (str_eqz(name, "impersonate-uid")) {
			d->uid = value;
		} else if (str_eqz(name, "impersonate-group") && d->ngroups < GROUPS_MAX) {
			d->groups[d->ngroups++] = value;
		} else if (str_cut_prefix(&name, STR(EXTRA_PREFIX)) && d->nextra < EXTRA_MAX) {
			struct str key;
			if (percent_decode(&r->arena, name, false, &key))
				d->extra[d->nextra++] = (struct user_extra){ key, value };
		}
	}
}

static int may(struct disguise *d, const char *group, const char *resource, struct str ns,
	       struct str name, struct err *err)
{
	struct authz_attributes a = { .user = &d->r->user,
				      .verb = STR("impersonate"),
				      .is_resource = true,
				      .group = str_from(group),
				      .resource = str_from(resource),
				      .ns = ns,
				      .name = name };
	return authz_check(d->r->server->authorizer, &a, err);
}

static int all_checked(struct disguise *d, struct err *err)
{
	static const char authn[] = "authentication.k8s.io";
	struct str account = d->user, ns;
	int e;
	if (str_cut_prefix(&account, STR("system:serviceaccount:")) && str_next(&account, ':', &ns))
		e = may(d, "", "serviceaccounts", ns, account, err);
	else
		e = may(d, "", "users", STR(""), d->user, err);
	for (size_t i = 0; e == 0 && i < d->ngroups; i++)
		e = may(d, "", "groups", STR(""), d->groups[i], err);
	if (e == 0 && d->uid.n)
		e = may(d, authn, "uids", STR(""), d->uid, err);
	for (size_t i = 0; e == 0 && i < d->nextra; i++)
		e = may(d, authn, "userextras", STR(""), d->extra[i].value, err);
	return e;
}

/* An account's groups come with its name; everybody but system:anonymous is authenticated. */
static void groups_complete(struct disguise *d)
{
	struct str account = d->user, ns;
	bool anonymous = str_eqz(d->user, "system:anonymous");
	if (d->ngroups == 0 && str_cut_prefix(&account, STR("system:serviceaccount:")) &&
	    str_next(&account, ':', &ns)) {
		d->groups[d->ngroups++] = STR("system:serviceaccounts");
		d->groups[d->ngroups++] = str_from(
			arena_printf(&d->r->arena, "system:serviceaccounts:%.*s", STR_ARG(ns)));
	}
	for (size_t i = 0; i < d->ngroups; i++)
		if (str_eqz(d->groups[i], "system:authenticated") ||
		    str_eqz(d->groups[i], "system:unauthenticated"))
			return;
	d->groups[d->ngroups++] =
		anonymous ? STR("system:unauthenticated") : STR("system:authenticated");
}

static void put_on(struct disguise *d)
{
	struct api_user *u = &d->r->user;
	groups_complete(d);
	struct str *groups = ARENA_ARRAY(&d->r->arena, struct str, d->ngroups);
	struct user_extra *extra = ARENA_ARRAY(&d->r->arena, struct user_extra, d->nextra + 1);
	memcpy(groups, d->groups, d->ngroups * sizeof(*groups));
	memcpy(extra, d->extra, d->nextra * sizeof(*extra));
	*u = (struct api_user){ d->user, d->uid, groups, d->ngroups, extra, d->nextra };
}

int request_impersonate(struct api_request *r, struct err *err)
{
	struct disguise d = { .r = r };
	fields_read(r, &d);
	if (d.user.n == 0 && d.uid.n == 0 && d.ngroups == 0 && d.nextra == 0)
		return 0;
	if (d.user.n == 0)
		return err_set(err, ERR_INTERNAL,
			       "requested impersonation without impersonating a user");
	int e = all_checked(&d, err);
	if (e == 0)
		put_on(&d);
	return e;
}
