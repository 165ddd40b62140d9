/* SPDX-License-Identifier: Apache-2.0 */
/* DefaultStorageClass and DefaultIngressClass: a claim or an ingress without a class gets the default one: of those marked so, the
 * newest, of equally new ones the first by name. */
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"

struct newest {
	const char *const *marks; /* annotations */
	char *name, *created;
};

static bool is_marked(const json_t *class, const char *const *marks)
{
	for (; *marks; marks++)
		if (str_eqz(meta_annotation(class, *marks), "true"))
			return true;
	return false;
}

static bool take(void *ctx, const struct object *o)
{
	struct newest *n = ctx;
	json_t *tree = object_tree(o, NULL);
	struct str created = meta_creation(tree);
	if (is_marked(tree, n->marks) &&
	    (!n->created || str_cmp(created, str_from(n->created)) > 0)) {
		free(n->name);
		free(n->created);
		n->name = str_dup(o->name);
		n->created = str_dup(created);
	}
	json_decref(tree);
	return true;
}

static void set_default(struct write *w, const struct api_resource *classes,
			const char *const *marks, const char *field)
{
	struct newest n = { .marks = marks };
	struct cache_view view;
	json_t *spec = json_object_get(w->tree, "spec");
	if (!json_is_object(spec) || json_object_get(spec, field))
		return;
	cache_view_now(server_cache(w->r->server, classes), &view);
	cache_view_each(&view, str_from(classes->storage_prefix), STR(""), take, &n);
	cache_view_close(&view);
	if (n.name)
		json_object_set_new(spec, field, json_string(n.name));
	free(n.name);
	free(n.created);
}

int admit_default_storage_class(struct write *w, struct err *err)
{
	static const char *const marks[] = { "storageclass.kubernetes.io/is-default-class",
					     "storageclass.beta.kubernetes.io/is-default-class",
					     NULL };
	(void)err;
	if (admission_is(w, "persistentvolumeclaims") &&
	    !json_object_get(meta_annotations(w->tree), "volume.beta.kubernetes.io/storage-class"))
		set_default(w,
			    api_resource_find(STR("storage.k8s.io"), STR("v1"),
					      STR("storageclasses")),
			    marks, "storageClassName");
	return 0;
}

int admit_default_ingress_class(struct write *w, struct err *err)
{
	static const char *const marks[] = { "ingressclass.kubernetes.io/is-default-class", NULL };
	(void)err;
	if (admission_is_in(w, "networking.k8s.io", "ingresses", "") &&
	    !json_object_get(meta_annotations(w->tree), "kubernetes.io/ingress.class"))
		set_default(w,
			    api_resource_find(STR("networking.k8s.io"), STR("v1"),
					      STR("ingressclasses")),
			    marks, "ingressClassName");
	return 0;
}
