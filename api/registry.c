/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the generated tables. */
#include "api/registry.h"

#include <stdio.h>

#include "generated/api_tables.h"

static bool text_eq(struct str s, const char *z) /* the first byte tells most apart */
{
	return s.n ? *z == *s.p && strlen(z) == s.n && memcmp(z, s.p, s.n) == 0 : *z == '\0';
}

const struct api_resource *api_resource_find(struct str group, struct str version,
					     struct str plural)
{
	for (size_t i = 0; i < api_builtin_count; i++) {
		const struct api_resource *r = api_builtin[i];
		if (text_eq(plural, r->plural) && text_eq(group, r->group) &&
		    text_eq(version, r->version))
			return r;
	}
	return NULL;
}

const struct api_resource *api_resource_by_kind(struct str group, struct str version,
						struct str kind)
{
	for (size_t i = 0; i < api_builtin_count; i++) {
		const struct api_resource *r = api_builtin[i];
		if (text_eq(kind, r->kind) && text_eq(group, r->group) &&
		    text_eq(version, r->version))
			return r;
	}
	return NULL;
}

const struct api_type *api_type_find(struct str name)
{
	for (size_t lo = 0, hi = api_types_count; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int c = str_cmp(name, str_from(api_types[mid].name));
		if (c == 0)
			return &api_types[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static const struct api_type *type_in(const char *prefix, struct str kind)
{
	char name[256];
	int n = snprintf(name, sizeof name, "%s.%.*s", prefix, STR_ARG(kind));
	return n > 0 && (size_t)n < sizeof name ? api_type_find(str_of(name, (size_t)n)) : NULL;
}

const struct api_type *api_type_by_kind(struct str group, struct str version, struct str kind)
{
	for (size_t i = 0; i < api_group_versions_count; i++) {
		const struct api_group_version *gv = &api_group_versions[i];
		if (!text_eq(group, gv->group) || !text_eq(version, gv->version))
			continue;
		const struct api_type *t = type_in(gv->prefix, kind);
		return t ? t
			 : type_in("meta/v1", kind); /* options and Status belong to every group */
	}
	return NULL;
}
