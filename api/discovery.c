/* SPDX-License-Identifier: Apache-2.0 */
/* Each document is one loop over the resources; a group or version begins where it changes. */
#include "api/discovery.h"

#include <stdio.h>

#include "api/registry.h"
#include "base/encode.h"

struct discovery discovery_builtin(void)
{
	return (struct discovery){ api_builtin, api_builtin_count };
}

void discovery_verbs(uint32_t verbs, struct buf *out)
{
	static const struct {
		uint32_t verb;
		const char *name;
	} names[] = {
		{ API_CREATE, "create" },
		{ API_DELETE, "delete" },
		{ API_DELETE_COLLECTION, "deletecollection" },
		{ API_GET, "get" },
		{ API_LIST_VERB, "list" },
		{ API_PATCH, "patch" },
		{ API_UPDATE, "update" },
		{ API_WATCH, "watch" },
	};
	const char *separator = "[";
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!(verbs & names[i].verb))
			continue;
		buf_printf(out, "%s\"%s\"", separator, names[i].name);
		separator = ",";
	}
	buf_puts(out, *separator == '[' ? "[]" : "]");
}

/* Upstream writes them in this order for custom resources. */
static void custom_verbs(struct buf *out)
{
	buf_puts(out, "[\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\",\"create\","
		      "\"update\",\"watch\"]");
}

static void resource_verbs(const struct api_resource *r, struct buf *out)
{
	if (r->crd)
		custom_verbs(out);
	else
		discovery_verbs(r->verbs, out);
}

static void name_list(struct buf *out, const char *member, const char *const *names)
{
	if (!names || !*names)
		return;
	buf_printf(out, ",\"%s\":[", member);
	for (size_t i = 0; names[i]; i++)
		buf_printf(out, "%s\"%s\"", i ? "," : "", names[i]);
	buf_putc(out, ']');
}

static bool same_group(const struct api_resource *a, const struct api_resource *b)
{
	return strcmp(a->group, b->group) == 0;
}

static bool same_version(const struct api_resource *a, const struct api_resource *b)
{
	return same_group(a, b) && strcmp(a->version, b->version) == 0;
}

/* The first resource of its group, or of its group and version. */
static bool begins(const struct discovery *d, size_t i,
		   bool (*same)(const struct api_resource *, const struct api_resource *))
{
	for (size_t k = 0; k < i; k++)
		if (same(d->resources[k], d->resources[i]))
			return false;
	return true;
}

void discovery_versions(struct str server_address, struct buf *out)
{
	buf_puts(out, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
		      "\"serverAddressByClientCIDRs\":[{\"clientCIDR\":\"0.0.0.0/0\","
		      "\"serverAddress\":");
	buf_json_string(out, server_address);
	buf_puts(out, "}]}");
}

static void group_version(const struct api_resource *r, struct buf *out)
{
	buf_printf(out, "{\"groupVersion\":\"%s%s%s\",\"version\":\"%s\"}", r->group,
		   *r->group ? "/" : "", r->version, r->version);
}

static void group_body(const struct discovery *d, size_t first, struct buf *out)
{
	bool any = false;
	buf_printf(out, "\"name\":\"%s\",\"versions\":[", d->resources[first]->group);
	for (size_t i = first; i < d->n; i++) {
		if (!same_group(d->resources[i], d->resources[first]) ||
		    !begins(d, i, same_version))
			continue;
		if (any)
			buf_putc(out, ',');
		any = true;
		group_version(d->resources[i], out);
	}
	buf_puts(out, "],\"preferredVersion\":");
	group_version(d->resources[first], out);
}

void discovery_groups(const struct discovery *d, struct buf *out)
{
	bool any = false;
	buf_puts(out, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[");
	for (size_t i = 0; i < d->n; i++) {
		if (!*d->resources[i]->group || !begins(d, i, same_group))
			continue;
		buf_puts(out, any ? ",{" : "{");
		any = true;
		group_body(d, i, out);
		buf_putc(out, '}');
	}
	buf_puts(out, "]}");
}

bool discovery_group(const struct discovery *d, struct str group, struct buf *out)
{
	for (size_t i = 0; i < d->n; i++) {
		if (!str_eqz(group, d->resources[i]->group))
			continue;
		buf_puts(out, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",");
		group_body(d, i, out);
		buf_putc(out, '}');
		return true;
	}
	return false;
}

static void resource_entry(const struct api_resource *r, struct buf *out)
{
	buf_printf(out,
		   "{\"name\":\"%s\",\"singularName\":\"%s\",\"namespaced\":%s,\"kind\":\"%s\","
		   "\"verbs\":",
		   r->plural, r->singular, r->namespaced ? "true" : "false", r->kind);
	resource_verbs(r, out);
	name_list(out, "shortNames", r->short_names);
	name_list(out, "categories", r->categories);
	if (r->storage_hash && *r->storage_hash)
		buf_printf(out, ",\"storageVersionHash\":\"%s\"", r->storage_hash);
	buf_putc(out, '}');
}

static void subresource_entry(const struct api_resource *r, const struct api_subresource *s,
			      struct buf *out)
{
	buf_printf(out, ",{\"name\":\"%s/%s\",\"singularName\":\"\",\"namespaced\":%s,", r->plural,
		   s->name, r->namespaced ? "true" : "false");
	if (strcmp(s->group, r->group) != 0 || strcmp(s->version, r->version) != 0) {
		if (*s->group)
			buf_printf(out, "\"group\":\"%s\",", s->group);
		buf_printf(out, "\"version\":\"%s\",", s->version);
	}
	buf_printf(out, "\"kind\":\"%s\",\"verbs\":", s->kind);
	discovery_verbs(s->verbs, out);
	buf_putc(out, '}');
}

bool discovery_resources(const struct discovery *d, struct str group, struct str version,
			 struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < d->n; i++) {
		const struct api_resource *r = d->resources[i];
		if (!str_eqz(group, r->group) || !str_eqz(version, r->version))
			continue;
		if (!any)
			buf_printf(out,
				   "{\"kind\":\"APIResourceList\",%s\"groupVersion\":\"%s%s%s\","
				   "\"resources\":[",
				   *r->group ? "\"apiVersion\":\"v1\"," : "", r->group,
				   *r->group ? "/" : "", r->version);
		else
			buf_putc(out, ',');
		any = true;
		resource_entry(r, out);
		for (size_t k = 0; k < r->nsubresources; k++)
			subresource_entry(r, &r->subresources[k], out);
	}
	if (any)
		buf_puts(out, "]}");
	return any;
}

/* Upstream names the group and version of a kind only where they differ from the resource's own. */
static void response_kind(const struct api_resource *r, const char *group, const char *version,
			  const char *kind, struct buf *out)
{
	bool own = !r->crd && strcmp(group, r->group) == 0 && strcmp(version, r->version) == 0;
	buf_printf(out, "\"responseKind\":{\"group\":\"%s\",\"version\":\"%s\",\"kind\":\"%s\"},",
		   own ? "" : group, own ? "" : version, kind);
}

static void aggregated_subresources(const struct api_resource *r, struct buf *out)
{
	if (!r->nsubresources)
		return;
	buf_puts(out, ",\"subresources\":[");
	for (size_t i = 0; i < r->nsubresources; i++) {
		const struct api_subresource *s = &r->subresources[i];
		buf_printf(out, "%s{\"subresource\":\"%s\",", i ? "," : "", s->name);
		response_kind(r, s->group, s->version, s->kind, out);
		buf_puts(out, "\"verbs\":");
		discovery_verbs(s->verbs, out);
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
}

static void aggregated_resource(const struct api_resource *r, struct buf *out)
{
	buf_printf(out, "{\"resource\":\"%s\",", r->plural);
	response_kind(r, r->group, r->version, r->kind, out);
	buf_printf(out, "\"scope\":\"%s\",\"singularResource\":\"%s\",\"verbs\":",
		   r->namespaced ? "Namespaced" : "Cluster", r->singular);
	resource_verbs(r, out);
	name_list(out, "shortNames", r->short_names);
	name_list(out, "categories", r->categories);
	aggregated_subresources(r, out);
	buf_putc(out, '}');
}

static void aggregated_version(const struct discovery *d, size_t first, struct buf *out)
{
	bool any = false;
	buf_printf(out, "{\"version\":\"%s\",\"resources\":[", d->resources[first]->version);
	for (size_t i = first; i < d->n; i++) {
		if (!same_version(d->resources[i], d->resources[first]))
			continue;
		if (any)
			buf_putc(out, ',');
		any = true;
		aggregated_resource(d->resources[i], out);
	}
	buf_puts(out, "],\"freshness\":\"Current\"}");
}

static void aggregated_group(const struct discovery *d, size_t first, struct buf *out)
{
	bool any = false;
	buf_puts(out, "{\"metadata\":{");
	if (*d->resources[first]->group)
		buf_printf(out, "\"name\":\"%s\"", d->resources[first]->group);
	buf_puts(out, "},\"versions\":[");
	for (size_t i = first; i < d->n; i++) {
		if (!same_group(d->resources[i], d->resources[first]) ||
		    !begins(d, i, same_version))
			continue;
		if (any)
			buf_putc(out, ',');
		any = true;
		aggregated_version(d, i, out);
	}
	buf_puts(out, "]}");
}

void discovery_aggregated(const struct discovery *d, bool core, struct buf *out,
			  char etag[DISCOVERY_ETAG_MAX])
{
	size_t start = out->n;
	bool any = false;
	buf_puts(out, "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/"
		      "v2\",\"metadata\":{},\"items\":[");
	for (size_t i = 0; i < d->n; i++) {
		if (!*d->resources[i]->group != core || !begins(d, i, same_group))
			continue;
		if (any)
			buf_putc(out, ',');
		any = true;
		aggregated_group(d, i, out);
	}
	buf_puts(out, "]}");
	char hash[2 * SHA256_SIZE + 1];
	sha256_hex(out->p + start, out->n - start, hash);
	snprintf(etag, DISCOVERY_ETAG_MAX, "\"%s\"", hash);
}
