/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of a definition that is compiled: which there are, and objects going from one to another. */
#include <stdio.h>

#include "api/codec.h"
#include "api/crd/crd.h"
#include "api/object/meta.h"

const struct api_resource *crd_version(const struct crd *c, struct str version)
{
	for (size_t i = 0; i < c->nversions; i++)
		if (str_eqz(version, c->versions[i].version))
			return &c->versions[i];
	return NULL;
}

bool crd_serves(const struct crd *c, const struct api_resource *r)
{
	return c->served[r - c->versions];
}

void crd_convert(const struct api_resource *to, json_t *tree)
{
	char version[512];
	snprintf(version, sizeof(version), "%s/%s", to->group, to->version);
	json_object_set_new(tree, "apiVersion", json_string(version));
	json_object_set_new(tree, "kind", json_string(to->kind));
	api_conform(to->type, tree, NULL, NULL);
}

static const struct api_resource *written_as(const struct crd *c, const json_t *tree)
{
	struct str version = meta_api_version(tree);
	size_t slash = str_find(version, '/');
	if (slash == version.n || !str_eqz(str_of(version.p, slash), c->group))
		return c->storage;
	const struct api_resource *r =
		crd_version(c, str_of(version.p + slash + 1, version.n - slash - 1));
	return r ? r : c->storage;
}

int crd_stored_form(const struct crd *c, struct str json, struct buf *out,
		    const struct api_resource **version, struct err *err)
{
	json_t *tree = NULL;
	int e = api_json_parse(json, &tree, NULL, err);
	if (e == 0 && !json_is_object(tree))
		e = err_set(err, ERR_INTERNAL, "no object");
	if (e == 0) {
		const struct api_resource *r = written_as(c, tree);
		crd_convert(r, tree);
		api_default(r->type, tree);
		e = api_json_write(r->type, tree, true, out, err);
		*version = r;
	}
	json_decref(tree);
	return e;
}
