/* SPDX-License-Identifier: Apache-2.0 */
/* The documents: v3 has one for each group and version, v2 is one for all. */
#include "api/openapi/openapi.h"

#include <stdio.h>

#include "api/crd/crd.h"
#include "api/openapi/about.h"
#include "api/openapi/types.h"
#include "api/registry.h"
#include "base/encode.h"
#include "generated/api_tables.h"

static const char security[] =
	"{\"BearerToken\":{\"description\":\"Bearer Token authentication\",\"in\":\"header\","
	"\"name\":\"authorization\",\"type\":\"apiKey\"}}";

static bool is_in(const struct api_resource *r, struct str group, struct str version)
{
	return str_eqz(group, r->group) && str_eqz(version, r->version);
}

/* Of "api/v1" or "apis/GROUP/VERSION"; false: it is neither. */
static bool version_of(struct str where, struct str *group, struct str *version)
{
	struct str first;
	*group = STR("");
	if (!str_next(&where, '/', &first))
		return false;
	if (str_eqz(first, "apis") && !str_next(&where, '/', group))
		return false;
	return (str_eqz(first, "apis") || str_eqz(first, "api")) &&
	       str_next(&where, '/', version) && !where.n;
}

/* Built-in resources hang on the schema, a custom one on its definition's spec and accepted names. */
static void stamp(const struct api_resource *r, struct buf *out)
{
	if (r->crd)
		buf_printf(out, " %s %s %lld %s %s", r->plural, r->crd->uid,
			   (long long)r->crd->generation, r->kind, r->list_kind);
}

static void stamp_hash(const struct buf *text, char etag[DISCOVERY_ETAG_MAX])
{
	char hash[2 * SHA256_SIZE + 1];
	sha256_hex(text->p, text->n, hash);
	snprintf(etag, DISCOVERY_ETAG_MAX, "\"%s\"", hash);
}

bool openapi_etag(const struct discovery *d, struct str where, char etag[DISCOVERY_ETAG_MAX])
{
	struct str group, version;
	auto_buf text = { 0 };
	bool found = openapi_about_known(d, where);
	buf_printf(&text, "%016llx %.*s", (unsigned long long)api_schema_hash, STR_ARG(where));
	if (version_of(where, &group, &version))
		for (size_t i = 0; i < d->n; i++) {
			if (!is_in(d->resources[i], group, version))
				continue;
			found = true;
			stamp(d->resources[i], &text);
		}
	stamp_hash(&text, etag);
	return found;
}

void openapi_etag_of_all(const struct discovery *d, const char *name, char etag[DISCOVERY_ETAG_MAX])
{
	auto_buf text = { 0 };
	buf_printf(&text, "%016llx /%s", (unsigned long long)api_schema_hash, name);
	for (size_t i = 0; i < d->n; i++) {
		if (d->resources[i]->crd)
			buf_printf(&text, " %s/%s", d->resources[i]->group,
				   d->resources[i]->version);
		stamp(d->resources[i], &text);
	}
	stamp_hash(&text, etag);
}

/* Those of one group and version stand together, but for custom ones in a version of a built-in group. */
static bool first_of_version(const struct discovery *d, size_t i)
{
	struct str group = str_from(d->resources[i]->group),
		   version = str_from(d->resources[i]->version);
	if (i > 0 && is_in(d->resources[i - 1], group, version))
		return false;
	for (size_t k = 0; k < api_builtin_count && k < i; k++)
		if (is_in(d->resources[k], group, version))
			return false;
	return true;
}

struct index {
	const struct discovery *of;
	struct buf *out;
};

static void index_entry(void *ctx, struct str where)
{
	struct index *x = ctx;
	char etag[DISCOVERY_ETAG_MAX];
	openapi_etag(x->of, where, etag);
	buf_printf(x->out, "%s\"%.*s\":{\"serverRelativeURL\":\"/openapi/v3/%.*s?hash=%.64s\"}",
		   x->out->p[x->out->n - 1] == '{' ? "" : ",", STR_ARG(where), STR_ARG(where),
		   etag + 1);
}

void openapi_v3_index(const struct discovery *d, struct buf *out)
{
	struct index x = { d, out };
	char where[300];
	buf_puts(out, "{\"paths\":{");
	openapi_about_each(d, index_entry, &x);
	for (size_t i = 0; i < d->n; i++) {
		const struct api_resource *r = d->resources[i];
		if (!first_of_version(d, i))
			continue;
		snprintf(where, sizeof where, "%s%s/%s", *r->group ? "apis/" : "api", r->group,
			 r->version);
		index_entry(&x, str_from(where));
	}
	buf_puts(out, "}}");
}

/* Its resources' paths, and its own; false: nothing is served there. */
static bool version_paths(const struct discovery *d, struct str where, struct openapi_types *refers,
			  struct buf *out)
{
	bool any = false;
	if (!version_of(where, &refers->group, &refers->version))
		return false;
	for (size_t i = 0; i < d->n; i++) {
		const struct api_resource *r = d->resources[i];
		if (!is_in(r, refers->group, refers->version))
			continue;
		if (!any)
			openapi_about_version(r, true, refers, out);
		any = true;
		openapi_paths(r, true, refers, out);
	}
	return any;
}

bool openapi_v3(const struct discovery *d, struct str where, struct buf *out)
{
	struct openapi_types refers = { .of = d };
	size_t start = out->n;
	buf_puts(out, "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":"
		      "\"1.37\"},\"paths\":{");
	bool found = openapi_about(d, where, true, &refers, out) ||
		     version_paths(d, where, &refers, out);
	buf_puts(out, "},\"components\":{");
	if (refers.n) {
		buf_puts(out, "\"schemas\":{");
		openapi_schemas(&refers, true, out);
		buf_puts(out, "},");
	}
	buf_printf(out, "\"securitySchemes\":%s}}", security);
	openapi_types_free(&refers);
	if (!found)
		out->n = start;
	return found;
}

struct all {
	const struct discovery *of;
	struct openapi_types *refers;
	struct buf *out;
};

static void v2_about(void *ctx, struct str where)
{
	struct all *a = ctx;
	openapi_about(a->of, where, false, a->refers, a->out);
}

void openapi_v2(const struct discovery *d, struct buf *out)
{
	struct openapi_types refers = { .of = d };
	struct all all = { d, &refers, out };
	buf_puts(out, "{\"swagger\":\"2.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":"
		      "\"1.37\"},\"paths\":{");
	openapi_about_each(d, v2_about, &all);
	for (size_t i = 0; i < d->n; i++) {
		if (first_of_version(d, i))
			openapi_about_version(d->resources[i], false, &refers, out);
		openapi_paths(d->resources[i], false, &refers, out);
	}
	buf_puts(out, "},\"definitions\":{");
	openapi_schemas(&refers, false, out);
	buf_printf(out, "},\"securityDefinitions\":%s,\"security\":[{\"BearerToken\":[]}]}",
		   security);
	openapi_types_free(&refers);
}
