/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/about.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/registry.h"
#include "base/mem.h"

#define OBJECTS \
	"\"application/json\"", "\"application/yaml\"", "\"application/vnd.kubernetes.protobuf\""

struct page {
	const char *where, *operation, *tag, *text;
	const char *type;        /* of the answer; NULL: plain text */
	const char *produces[3]; /* quoted; NULL behind the last */
	bool consumes;           /* version 2 names what it takes, too */
};

static const struct page pages[] = {
	{ ".well-known/openid-configuration",
	  "getServiceAccountIssuerOpenIDConfiguration",
	  "WellKnown",
	  "What clients of the issuer of service account tokens need to know.",
	  NULL,
	  { "\"application/json\"" },
	  false },
	{ "api",
	  "getCoreAPIVersions",
	  "core",
	  "The versions of the core group.",
	  "meta/v1.APIVersions",
	  { OBJECTS },
	  true },
	{ "apis",
	  "getAPIVersions",
	  "apis",
	  "The other groups.",
	  "meta/v1.APIGroupList",
	  { OBJECTS },
	  true },
	{ "openid/v1/jwks",
	  "getServiceAccountIssuerOpenIDKeyset",
	  "openid",
	  "The keys that service account tokens are signed with.",
	  NULL,
	  { "\"application/jwk-set+json\"" },
	  false },
	{ "version",
	  "getCodeVersion",
	  "version",
	  "Which program this is.",
	  "version.Info",
	  { "\"application/json\"" },
	  true },
};

void openapi_camel(struct buf *out, const char *text)
{
	struct str rest = str_from(text), part;
	if (str_ends(rest, STR(".k8s.io")))
		rest.n -= 7;
	while (str_next(&rest, '.', &part)) {
		if (part.n == 0)
			continue;
		buf_putc(out, (char)toupper((unsigned char)part.p[0]));
		buf_add(out, part.p + 1, part.n - 1);
	}
}

static void schema_of(const struct page *p, bool v3, struct openapi_types *refers, struct buf *out)
{
	const struct api_type *t = p->type ? api_type_find(str_from(p->type)) : NULL;
	openapi_types_add(refers, t);
	if (t)
		openapi_ref(v3, t->openapi_name, out);
	else
		buf_puts(out, "{\"type\":\"string\"}");
}

static void media_list(const struct page *p, const char *name, struct buf *out)
{
	buf_printf(out, "\"%s\":[", name);
	for (size_t i = 0; i < COUNT_OF(p->produces) && p->produces[i]; i++)
		buf_printf(out, "%s%s", i ? "," : "", p->produces[i]);
	buf_puts(out, "],");
}

static void answer(const struct page *p, bool v3, struct openapi_types *refers, struct buf *out)
{
	buf_puts(out, "\"responses\":{\"200\":{\"description\":\"OK\",");
	if (!v3) {
		buf_puts(out, "\"schema\":");
		schema_of(p, v3, refers, out);
	}
	for (size_t i = 0; v3 && i < COUNT_OF(p->produces) && p->produces[i]; i++) {
		buf_printf(out, "%s%s:{\"schema\":", i ? "," : "\"content\":{", p->produces[i]);
		schema_of(p, v3, refers, out);
		buf_putc(out, '}');
	}
	buf_printf(out, "%s},\"401\":{\"description\":\"Unauthorized\"}}", v3 ? "}" : "");
}

static void write_page(const struct page *p, bool v3, struct openapi_types *refers, struct buf *out)
{
	if (out->p[out->n - 1] != '{')
		buf_putc(out, ',');
	buf_printf(out, "\"/%s/\":{\"get\":{\"description\":\"%s\",", p->where, p->text);
	if (!v3 && p->consumes)
		media_list(p, "consumes", out);
	if (!v3) {
		media_list(p, "produces", out);
		buf_puts(out, "\"schemes\":[\"https\"],");
	}
	buf_printf(out, "\"operationId\":\"%s\",", p->operation);
	answer(p, v3, refers, out);
	buf_printf(out, ",\"tags\":[\"%s\"]}}", p->tag);
}

static const struct api_resource *builtin_of_group(const struct discovery *d, struct str group)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->resources[i]->type->gv && str_eqz(group, d->resources[i]->group))
			return d->resources[i];
	return NULL;
}

static const char *text_of(struct buf *b) /* its last use */
{
	buf_putc(b, '\0');
	return b->p;
}

/* A page whose names are made of a group's: "getAppsAPIGroup", "apps". */
static void group_page(const char *group, const char *version, struct page p, bool v3,
		       struct openapi_types *refers, struct buf *out)
{
	auto_buf where = { 0 }, operation = { 0 }, tag = { 0 };
	openapi_camel(&tag, *group ? group : "core");
	buf_printf(&operation, "get%.*s", STR_ARG(buf_view(&tag)));
	openapi_camel(&operation, version);
	buf_puts(&operation, p.operation);
	tag.p[0] = (char)tolower((unsigned char)tag.p[0]);
	buf_printf(&tag, "%s%s", *version ? "_" : "", version);
	buf_printf(&where, "%s%s%s%s", *group ? "apis/" : "api", group, *version ? "/" : "",
		   version);
	p.where = text_of(&where);
	p.operation = text_of(&operation);
	p.tag = text_of(&tag);
	write_page(&p, v3, refers, out);
}

void openapi_about_version(const struct api_resource *r, bool v3, struct openapi_types *refers,
			   struct buf *out)
{
	static const struct page page = { .operation = "APIResources",
					  .text = "The resources of this version.",
					  .type = "meta/v1.APIResourceList",
					  .produces = { OBJECTS },
					  .consumes = true };
	if (r->type->gv)
		group_page(r->group, r->version, page, v3, refers, out);
}

static const struct page *page_at(struct str where)
{
	for (size_t i = 0; i < COUNT_OF(pages); i++)
		if (str_eqz(where, pages[i].where))
			return &pages[i];
	return NULL;
}

/* The first resource of the group that "apis/GROUP" means. */
static const struct api_resource *group_at(const struct discovery *d, struct str where)
{
	return str_cut_prefix(&where, STR("apis/")) && where.n ? builtin_of_group(d, where) : NULL;
}

bool openapi_about_known(const struct discovery *d, struct str where)
{
	return page_at(where) || group_at(d, where);
}

bool openapi_about(const struct discovery *d, struct str where, bool v3,
		   struct openapi_types *refers, struct buf *out)
{
	static const struct page group = { .operation = "APIGroup",
					   .text = "The versions of this group.",
					   .type = "meta/v1.APIGroup",
					   .produces = { OBJECTS },
					   .consumes = true };
	const struct page *page = page_at(where);
	const struct api_resource *r = page ? NULL : group_at(d, where);
	if (page)
		write_page(page, v3, refers, out);
	else if (r)
		group_page(r->group, "", group, v3, refers, out);
	return page || r;
}

void openapi_about_each(const struct discovery *d, void (*emit)(void *ctx, struct str where),
			void *ctx)
{
	char where[300];
	for (size_t i = 0; i < COUNT_OF(pages); i++)
		emit(ctx, str_from(pages[i].where));
	for (size_t i = 0; i < d->n; i++) {
		const struct api_resource *r = d->resources[i];
		if (!r->type->gv || !*r->group || builtin_of_group(d, str_from(r->group)) != r)
			continue;
		snprintf(where, sizeof(where), "apis/%s", r->group);
		emit(ctx, str_from(where));
	}
}
