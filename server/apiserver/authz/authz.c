/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/authz.h"

#include "api/selector/selector.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/apiserver/authz/policy.h"
#include "server/apiserver/server.h"

struct authorizer *authorizer_new(struct cache_set *objects)
{
	struct authorizer *z = NEW(struct authorizer);
	z->rbac = rbac_new(objects);
	z->node_rules = policy_rules("system:node");
	z->node = (struct node_authorizer){ .graph = node_graph_new(objects),
					    .pods = cache_of(objects, API_CORE_V1_PODS),
					    .rules = z->node_rules };
	return z;
}

void authorizer_free(struct authorizer *z)
{
	if (!z)
		return;
	rbac_free(z->rbac);
	node_graph_free(z->node.graph);
	free(z->node_rules);
	free(z);
}

/* --- decisions --- */

bool authz_allowed(struct authorizer *z, const struct authz_attributes *a)
{
	return user_in_group(a->user, "system:masters") || node_allows(&z->node, a, NULL) ||
	       rbac_allows(z->rbac, a, NULL);
}

static void reason_add(struct buf *all, const char *who, struct buf *one)
{
	if (one->n)
		buf_printf(all, "%s%s: %s", all->n ? "\n" : "", who, one->p);
	buf_reset(one);
}

bool authz_review(struct authorizer *z, const struct authz_attributes *a, struct buf *reason)
{
	auto_buf one = { 0 };
	if (user_in_group(a->user, "system:masters") || node_allows(&z->node, a, &one))
		return true;
	reason_add(reason, "node", &one);
	if (rbac_allows(z->rbac, a, &one)) {
		buf_reset(reason);
		buf_str(reason, buf_view(&one));
		return true;
	}
	reason_add(reason, "rbac", &one);
	return false;
}

/* --- in words --- */

/* Nothing that a browser would take for markup. */
static void sanitize(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '&')
			buf_puts(out, "&amp;");
		else if (c == '<')
			buf_puts(out, "&lt;");
		else if (c == '>')
			buf_puts(out, "&gt;");
		else
			buf_putc(out, c);
	}
}

void authz_denial(const struct authz_attributes *a, struct buf *out)
{
	auto_buf text = { 0 };
	buf_printf(&text, "User \"%.*s\" cannot %.*s ", STR_ARG(a->user->name), STR_ARG(a->verb));
	if (!a->is_resource)
		buf_printf(&text, "path \"%.*s\"", STR_ARG(a->path));
	else
		buf_printf(&text, "resource \"%.*s%s%.*s\" in API group \"%.*s\"",
			   STR_ARG(a->resource), a->subresource.n ? "/" : "",
			   STR_ARG(a->subresource), STR_ARG(a->group));
	if (a->is_resource && a->ns.n)
		buf_printf(&text, " in the namespace \"%.*s\"", STR_ARG(a->ns));
	else if (a->is_resource)
		buf_puts(&text, " at the cluster scope");
	sanitize(out, buf_view(&text));
}

int authz_check(struct authorizer *z, const struct authz_attributes *a, struct err *err)
{
	if (authz_allowed(z, a))
		return 0;
	auto_buf why = { 0 }, reason = { 0 };
	authz_denial(a, &why);
	authz_review(z, a, &reason);
	if (reason.n)
		buf_printf(&why, ": %s", reason.p);
	if (!a->is_resource)
		return err_set(err, ERR_FORBIDDEN, "forbidden: %s", why.p);
	const char *dot = a->group.n ? "." : "";
	if (a->name.n)
		return err_set(err, ERR_FORBIDDEN, "%.*s%s%.*s \"%.*s\" is forbidden: %s",
			       STR_ARG(a->resource), dot, STR_ARG(a->group), STR_ARG(a->name),
			       why.p);
	return err_set(err, ERR_FORBIDDEN, "%.*s%s%.*s is forbidden: %s", STR_ARG(a->resource), dot,
		       STR_ARG(a->group), why.p);
}

/* --- requests --- */

struct str authz_name_selected(struct str selector)
{
	struct str one;
	while (selector.n && str_next(&selector, ',', &one))
		if (str_cut_prefix(&one, STR("metadata.name==")) ||
		    str_cut_prefix(&one, STR("metadata.name=")))
			return one;
	return STR("");
}

struct authz_attributes authz_attributes_of(struct api_request *r)
{
	struct authz_attributes a = { .user = &r->user,
				      .verb = str_from(r->verb_text),
				      .path = r->path };
	a.is_resource = r->is_resource_path;
	a.group = r->group;
	a.resource = r->plural;
	a.subresource = r->subresource;
	a.ns = r->ns;
	a.name = r->name;
	a.field_selector = r->opt.field_selector;
	bool many = r->verb == API_LIST_VERB || r->verb == API_WATCH ||
		    r->verb == API_DELETE_COLLECTION;
	if (many && a.name.n == 0)
		a.name = authz_name_selected(a.field_selector);
	return a;
}

int request_authorize(struct api_request *r, struct err *err)
{
	struct authz_attributes a = authz_attributes_of(r);
	int e = authz_check(r->server->authorizer, &a, err);
	if (e < 0 && a.name.n && r->name.n == 0) /* a selector named it */
		r->about = (struct status_about){ true, a.name, r->group, r->plural };
	return e;
}
