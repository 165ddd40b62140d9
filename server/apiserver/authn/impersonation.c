/* SPDX-License-Identifier: Apache-2.0 */
/* Impersonate-User, -Uid, -Group and -Extra-*: acting as someone else, for who may do this request as someone else of that sort
 * ("impersonate-on:SORT:VERB") and be this one ("impersonate:SORT"), or, the old way, may "impersonate" each of the things
 * named. Follows upstream's filters/impersonation. */
#include "base/mem.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/server.h"

#define GROUPS_MAX   64
#define EXTRA_MAX    32
#define EXTRA_PREFIX "impersonate-extra-"
#define AUTHN        "authentication.k8s.io"

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

/* --- one way of impersonating: the constrained ones want two rights, the old one a right for each word --- */

struct mode {
	const char *name; /* NULL: the old way */
	bool (*fits)(const struct disguise *d);
};

static int ask(struct disguise *d, const struct mode *m, const char *group, const char *resource,
	       struct str sub, struct str ns, struct str name, struct err *err)
{
	const char *verb =
		m->name ? arena_printf(&d->r->arena, "impersonate:%s", m->name) : "impersonate";
	const struct authz_attributes a = { .user = &d->r->user,
					    .verb = str_from(verb),
					    .is_resource = true,
					    .group = str_from(group),
					    .resource = str_from(resource),
					    .subresource = sub,
					    .ns = ns,
					    .name = name };
	int e = authz_check(d->r->server->authorizer, &a, err);
	if (e < 0)
		request_about(d->r, group, resource, name);
	return e;
}

/* What no constrained way ever allows. */
static int never(struct disguise *d, const struct mode *m, const char *resource, struct str name,
		 const char *why, struct err *err)
{
	const char *quoted = name.n ? arena_printf(&d->r->arena, " \"%.*s\"", STR_ARG(name)) : "";
	request_about(d->r, AUTHN, resource, name);
	return err_set(err, ERR_FORBIDDEN,
		       "%s." AUTHN
		       "%s is forbidden: User \"%.*s\" cannot impersonate:%s resource \"%s\" "
		       "in API group \"" AUTHN "\" at the cluster scope: %s",
		       resource, quoted, STR_ARG(d->r->user.name), m->name, resource, why);
}

static bool account_of(struct str user, struct str *ns, struct str *name)
{
	*name = user;
	return str_cut_prefix(name, STR("system:serviceaccount:")) && str_next(name, ':', ns) &&
	       ns->n && name->n && str_find(*name, ':') == name->n;
}

static bool node_of(struct str user, struct str *name)
{
	*name = user;
	return str_cut_prefix(name, STR("system:node:")) && name->n;
}

static int name_check(struct disguise *d, const struct mode *m, struct err *err)
{
	const char *group = m->name ? AUTHN : "";
	struct str ns, name;
	if (m->name && node_of(d->user, &name))
		return ask(d, m, group, "nodes", STR(""), STR(""),
			   strcmp(m->name, "associated-node") ? name : STR("*"), err);
	if (account_of(d->user, &ns, &name))
		return ask(d, m, group, "serviceaccounts", STR(""), ns, name, err);
	return ask(d, m, group, "users", STR(""), STR(""), d->user, err);
}

static int group_check(struct disguise *d, const struct mode *m, struct str name, struct err *err)
{
	if (m->name && name.n == 0)
		return never(d, m, "groups", name,
			     "impersonating the empty string group is not allowed", err);
	if (m->name && str_eqz(name, "system:masters"))
		return never(d, m, "groups", name,
			     "impersonating the system:masters group is not allowed", err);
	return ask(d, m, m->name ? AUTHN : "", "groups", STR(""), STR(""), name, err);
}

static int extra_check(struct disguise *d, const struct mode *m, const struct user_extra *x,
		       struct err *err)
{
	size_t slash = str_find(x->key, '/');
	if (m->name && (slash == 0 || slash + 1 >= x->key.n))
		return never(d, m, "userextras", STR(""),
			     arena_printf(&d->r->arena,
					  "impersonating an invalid key in extra is not allowed: "
					  "extra.key: Invalid value: \"%.*s\": must be a "
					  "domain-prefixed path (such as \"acme.io/foo\")",
					  STR_ARG(x->key)),
			     err);
	return ask(d, m, AUTHN, "userextras", x->key, STR(""), x->value, err);
}

/* That this very request may be made as someone else, and that it may be this one. */
static int mode_check(struct disguise *d, const struct mode *m, struct err *err)
{
	int e = 0;
	if (m->name) {
		struct authz_attributes a = authz_attributes_of(d->r);
		a.verb = str_from(arena_printf(&d->r->arena, "impersonate-on:%s:%.*s", m->name,
					       STR_ARG(a.verb)));
		e = authz_check(d->r->server->authorizer, &a, err);
	}
	if (e == 0)
		e = name_check(d, m, err);
	if (e == 0 && d->uid.n)
		e = ask(d, m, AUTHN, "uids", STR(""), STR(""), d->uid, err);
	for (size_t i = 0; e == 0 && i < d->ngroups; i++)
		e = group_check(d, m, d->groups[i], err);
	for (size_t i = 0; e == 0 && i < d->nextra; i++)
		e = extra_check(d, m, &d->extra[i], err);
	return e;
}

/* --- the ways --- */

static bool name_alone(const struct disguise *d)
{
	return d->uid.n == 0 && d->ngroups == 0 && d->nextra == 0;
}

static bool fits_node(const struct disguise *d)
{
	struct str name;
	return name_alone(d) && node_of(d->user, &name);
}

/* An account whose token was made for a pod on that node. */
static bool fits_own_node(const struct disguise *d)
{
	const struct api_user *u = &d->r->user;
	struct str node, ns, name;
	if (!fits_node(d) || !node_of(d->user, &node) || !account_of(u->name, &ns, &name))
		return false;
	for (size_t i = 0; i < u->nextra; i++)
		if (str_eqz(u->extra[i].key, "authentication.kubernetes.io/node-name"))
			return str_eq(u->extra[i].value, node);
	return false;
}

static bool fits_account(const struct disguise *d)
{
	struct str ns, name;
	return name_alone(d) && account_of(d->user, &ns, &name);
}

static bool fits_other(const struct disguise *d)
{
	struct str ns, name;
	return !node_of(d->user, &name) && !account_of(d->user, &ns, &name);
}

static bool fits_any(const struct disguise *d)
{
	(void)d;
	return true;
}

static const struct mode modes[] = {
	{ "associated-node", fits_own_node },
	{ "arbitrary-node", fits_node },
	{ "serviceaccount", fits_account },
	{ "user-info", fits_other },
	{ NULL, fits_any },
};

#define WAY_BITS 3 /* of a slot: the number of a mode, from 1 */

static _Atomic uint32_t *slot_of(struct disguise *d, uint32_t *tag)
{
	uint64_t hash = str_hash(d->r->user.name);
	*tag = (uint32_t)(hash >> 32) << WAY_BITS;
	return &d->r->server->ways.slots[hash % IMPERSONATION_SLOTS];
}

static size_t last_way(struct disguise *d)
{
	uint32_t tag, value = atomic_load(slot_of(d, &tag)), way = value & ((1u << WAY_BITS) - 1);
	return way && value - way == tag && way <= COUNT_OF(modes) ? way - 1 : 0;
}

static void way_keep(struct disguise *d, size_t way)
{
	uint32_t tag;
	_Atomic uint32_t *slot = slot_of(d, &tag);
	atomic_store(slot, tag | (uint32_t)(way + 1));
}

/* The first way that is open, beginning with the one that was open last for who asks; else what the first one that fits said. */
static const struct mode *mode_choose(struct disguise *d, struct err *err)
{
	struct status_about none = d->r->about, first = none;
	size_t last = last_way(d);
	for (size_t k = 0; k < COUNT_OF(modes); k++) {
		size_t i = k == 0 ? last : k <= last ? k - 1 : k;
		auto_err why = { 0 };
		if (!modes[i].fits(d))
			continue;
		d->r->about = none;
		if (mode_check(d, &modes[i], &why) == 0) {
			d->r->about = none;
			err_clear(err);
			way_keep(d, i);
			return &modes[i];
		}
		if (err->reason == ERR_NONE) {
			first = d->r->about;
			err_move(err, &why);
		}
	}
	d->r->about = first;
	return NULL;
}

/* --- putting it on --- */

static bool has_group(const struct disguise *d, const char *group)
{
	for (size_t i = 0; i < d->ngroups; i++)
		if (str_eqz(d->groups[i], group))
			return true;
	return false;
}

/* The groups of accounts, and in the constrained ways those of nodes, come with the name. */
static void groups_complete(struct disguise *d, const struct mode *m)
{
	struct str ns, name;
	if (d->ngroups == 0 && account_of(d->user, &ns, &name)) {
		d->groups[d->ngroups++] = STR("system:serviceaccounts");
		d->groups[d->ngroups++] = str_from(
			arena_printf(&d->r->arena, "system:serviceaccounts:%.*s", STR_ARG(ns)));
	} else if (m->name && node_of(d->user, &name)) {
		d->groups[d->ngroups++] = STR("system:nodes");
	}
	bool anonymous = str_eqz(d->user, "system:anonymous");
	const char *all = anonymous ? "system:unauthenticated" : "system:authenticated";
	if (!has_group(d, "system:unauthenticated") && !has_group(d, all))
		d->groups[d->ngroups++] = str_from(all);
}

static void put_on(struct disguise *d, const struct mode *m)
{
	struct api_user *u = &d->r->user;
	groups_complete(d, m);
	struct str *groups = ARENA_ARRAY(&d->r->arena, struct str, d->ngroups);
	struct user_extra *extra = ARENA_ARRAY(&d->r->arena, struct user_extra, d->nextra + 1);
	memcpy(groups, d->groups, d->ngroups * sizeof(*groups));
	memcpy(extra, d->extra, d->nextra * sizeof(*extra));
	*u = (struct api_user){ d->user, d->uid, groups, d->ngroups, extra, d->nextra };
}

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const struct user_extra *)a)->key, ((const struct user_extra *)b)->key);
}

/* As Go shows a map of lists. */
static void extra_show(struct disguise *d, struct buf *out)
{
	qsort(d->extra, d->nextra, sizeof(*d->extra), by_key);
	for (size_t i = 0; i < d->nextra; i++) {
		bool same = i > 0 && str_eq(d->extra[i].key, d->extra[i - 1].key);
		if (same) {
			buf_puts(out, ", ");
		} else {
			buf_puts(out, i ? "}, " : "{");
			buf_json_string(out, d->extra[i].key);
			buf_puts(out, ":[]string{");
		}
		buf_json_string(out, d->extra[i].value);
	}
	buf_puts(out, d->nextra ? "}}" : "(nil)");
}

/* The words with which Go shows a user, for who names none. */
static int nameless(struct disguise *d, struct err *err)
{
	auto_buf groups = { 0 }, extra = { 0 };
	for (size_t i = 0; i < d->ngroups; i++)
		buf_printf(&groups, "%s\"%.*s\"", i ? ", " : "", STR_ARG(d->groups[i]));
	extra_show(d, &extra);
	return err_set(
		err, ERR_BAD_REQUEST,
		"requested &user.DefaultInfo{Name:\"\", UID:\"%.*s\", Groups:[]string%s%s%s, "
		"Extra:map[string][]string%s} without impersonating a user name",
		STR_ARG(d->uid), d->ngroups ? "{" : "(nil)", groups.n ? groups.p : "",
		d->ngroups ? "}" : "", extra.p);
}

int request_impersonate(struct api_request *r, struct err *err)
{
	struct disguise d = { .r = r };
	fields_read(r, &d);
	if (d.user.n == 0 && name_alone(&d))
		return 0;
	if (d.user.n == 0)
		return nameless(&d, err);
	auto_err why = { 0 };
	const struct mode *m = mode_choose(&d, &why);
	if (!m) {
		err_move(err, &why);
		return -(int)ERR_FORBIDDEN;
	}
	put_on(&d, m);
	return 0;
}
