/* SPDX-License-Identifier: Apache-2.0 */
/* The documents: v3 has one for each group and version, v2 is one for all. */
#include "api/openapi.h"

#include <stdio.h>

#include "api/openapi_types.h"
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

/* Built-in resources hang on the schema; a custom one on the addresses of its tables, which are new when it changes. */
void openapi_etag(const struct discovery *d, struct str group, struct str version,
		  char etag[DISCOVERY_ETAG_MAX])
{
	auto_buf text = { 0 };
	char hash[2 * SHA256_SIZE + 1];
	buf_printf(&text, "%016llx %.*s/%.*s", (unsigned long long)api_schema_hash, STR_ARG(group),
		   STR_ARG(version));
	for (size_t i = 0; i < d->n; i++)
		if (!d->resources[i]->type->gv &&
		    (!version.n || is_in(d->resources[i], group, version)))
			buf_printf(&text, " %s %p", d->resources[i]->plural,
				   (const void *)d->resources[i]);
	sha256_hex(text.p, text.n, hash);
	snprintf(etag, DISCOVERY_ETAG_MAX, "\"%s\"", hash);
}

static bool first_of_version(const struct discovery *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_in(d->resources[k], str_from(d->resources[i]->group),
			  str_from(d->resources[i]->version)))
			return false;
	return true;
}

void openapi_v3_index(const struct discovery *d, struct buf *out)
{
	const char *separator = "{\"paths\":{";
	for (size_t i = 0; i < d->n; i++) {
		const struct api_resource *r = d->resources[i];
		char etag[DISCOVERY_ETAG_MAX], where[300];
		if (!first_of_version(d, i))
			continue;
		openapi_etag(d, str_from(r->group), str_from(r->version), etag);
		snprintf(where, sizeof where, "%s%s/%s", *r->group ? "apis/" : "api", r->group,
			 r->version);
		buf_printf(out, "%s\"%s\":{\"serverRelativeURL\":\"/openapi/v3/%s?hash=%.64s\"}",
			   separator, where, where, etag + 1);
		separator = ",";
	}
	buf_puts(out, *separator == ',' ? "}}" : "{\"paths\":{}}");
}

bool openapi_v3(const struct discovery *d, struct str group, struct str version, struct buf *out)
{
	struct openapi_types refers = { .of = d, .group = group, .version = version };
	size_t start = out->n;
	bool any = false;
	buf_puts(out, "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":"
		      "\"1.37\"},\"paths\":{");
	for (size_t i = 0; i < d->n; i++) {
		if (!is_in(d->resources[i], group, version))
			continue;
		any = true;
		openapi_paths(d->resources[i], true, &refers, out);
	}
	openapi_types_add(&refers, api_type_find(STR("meta/v1.APIResourceList")));
	openapi_types_add(&refers, api_type_find(STR("meta/v1.WatchEvent")));
	buf_puts(out, "},\"components\":{\"schemas\":{");
	openapi_schemas(&refers, true, out);
	buf_printf(out, "},\"securitySchemes\":%s}}", security);
	openapi_types_free(&refers);
	if (!any)
		out->n = start;
	return any;
}

void openapi_v2(const struct discovery *d, struct buf *out)
{
	struct openapi_types refers = { .of = d };
	buf_puts(out, "{\"swagger\":\"2.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":"
		      "\"1.37\"},\"paths\":{");
	for (size_t i = 0; i < d->n; i++)
		openapi_paths(d->resources[i], false, &refers, out);
	openapi_types_add(&refers, api_type_find(STR("meta/v1.APIResourceList")));
	openapi_types_add(&refers, api_type_find(STR("meta/v1.WatchEvent")));
	buf_puts(out, "},\"definitions\":{");
	openapi_schemas(&refers, false, out);
	buf_printf(out, "},\"securityDefinitions\":%s,\"security\":[{\"BearerToken\":[]}]}",
		   security);
	openapi_types_free(&refers);
}
