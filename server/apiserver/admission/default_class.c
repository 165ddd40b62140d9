/* SPDX-License-Identifier: Apache-2.0 */
/* A claim without a storage class gets the default one: of those marked so, the newest. */
#include "api/meta.h"
#include "server/apiserver/admission/admission.h"

#define IS_DEFAULT "storageclass.kubernetes.io/is-default-class"

struct newest {
	char *name, *created;
};

static bool take(void *ctx, const struct object *o)
{
	struct newest *n = ctx;
	json_t *tree = object_tree(o, NULL);
	struct str created = meta_creation(tree);
	if (str_eqz(meta_annotation(tree, IS_DEFAULT), "true") &&
	    (!n->created || str_cmp(created, str_from(n->created)) > 0)) {
		free(n->name);
		free(n->created);
		n->name = str_dup(o->name);
		n->created = str_dup(created);
	}
	json_decref(tree);
	return true;
}

int admit_default_class(struct write *w, struct err *err)
{
	(void)err;
	const struct api_resource *res =
		api_resource_find(STR("storage.k8s.io"), STR("v1"), STR("storageclasses"));
	json_t *spec = json_object_get(w->tree, "spec");
	if (!admission_is(w, "persistentvolumeclaims") || !res || !spec ||
	    json_object_get(spec, "storageClassName"))
		return 0;
	struct newest n = { 0 };
	struct cache_view view;
	cache_view_now(server_cache(w->r->server, res), &view);
	cache_view_each(&view, str_from(res->storage_prefix), STR(""), take, &n);
	cache_view_close(&view);
	if (n.name)
		json_object_set_new(spec, "storageClassName", json_string(n.name));
	free(n.name);
	free(n.created);
	return 0;
}
