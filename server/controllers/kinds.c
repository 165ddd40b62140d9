/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/kinds.h"

#include <stdlib.h>

#include "api/crd/crd.h"

void kind_group(struct str api_version, struct str *group, struct str *version)
{
	size_t slash = str_find(api_version, '/');
	bool core = slash == api_version.n;
	*group = core ? STR("") : str_of(api_version.p, slash);
	*version =
		core ? api_version : str_of(api_version.p + slash + 1, api_version.n - slash - 1);
}

const struct api_resource *kind_resource(struct client *client, struct str api_version,
					 struct str kind)
{
	struct str group, version;
	size_t n;
	kind_group(api_version, &group, &version);
	const struct api_resource *out = api_resource_by_kind(group, version, kind);
	if (out)
		return api_resource_ref(out);
	const struct api_resource **custom = client_custom(client, &n);
	for (size_t i = 0; i < n; i++) {
		if (!out && str_eqz(group, custom[i]->group) && str_eqz(kind, custom[i]->kind) &&
		    (out = crd_version(custom[i]->crd, version)))
			out = api_resource_ref(out);
		api_resource_unref(custom[i]);
	}
	free(custom);
	return out;
}

static const struct api_resource *custom_of_group(struct client *client, struct str group,
						  struct str kind)
{
	size_t n;
	const struct api_resource *out = NULL, **custom = client_custom(client, &n);
	for (size_t i = 0; i < n; i++)
		if (!out && str_eqz(group, custom[i]->group) && str_eqz(kind, custom[i]->kind))
			out = custom[i];
		else
			api_resource_unref(custom[i]);
	free(custom);
	return out;
}

const struct api_resource *kind_resource_any(struct client *client, struct str api_version,
					     struct str kind)
{
	struct str group, version;
	const struct api_resource *exact = kind_resource(client, api_version, kind);
	if (exact)
		return exact;
	kind_group(api_version, &group, &version);
	for (size_t i = 0; i < api_builtin_count; i++)
		if (str_eqz(group, api_builtin[i]->group) && str_eqz(kind, api_builtin[i]->kind))
			return api_resource_ref(api_builtin[i]);
	return custom_of_group(client, group, kind);
}

bool kind_has_scale(const struct api_resource *r)
{
	for (size_t i = 0; i < r->nsubresources; i++)
		if (!strcmp(r->subresources[i].name, "scale"))
			return true;
	return false;
}
