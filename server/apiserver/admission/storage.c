/* SPDX-License-Identifier: Apache-2.0 */
/* StorageObjectInUseProtection: what may be in use is kept by a finalizer until a controller finds that it is not.
 * PersistentVolumeClaimResize: claims grow only when they are bound and their class allows it. */
#include "api/object/meta.h"
#include "api/values/quantity.h"
#include "server/apiserver/admission/admission.h"

static const struct {
	const char *group, *plural, *finalizer;
} kept[] = {
	{ "", "persistentvolumes", "kubernetes.io/pv-protection" },
	{ "", "persistentvolumeclaims", "kubernetes.io/pvc-protection" },
	{ "storage.k8s.io", "volumeattributesclasses", "kubernetes.io/vac-protection" },
};

int admit_storage_in_use(struct write *w, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < COUNT_OF(kept); i++) {
		json_t *meta = meta_make(w->tree);
		if (!admission_is_in(w, kept[i].group, kept[i].plural, "") ||
		    meta_has_finalizer(w->tree, str_from(kept[i].finalizer)))
			continue;
		if (!json_is_array(json_object_get(meta, "finalizers")))
			json_object_set_new(meta, "finalizers", json_array());
		json_array_append_new(json_object_get(meta, "finalizers"),
				      json_string(kept[i].finalizer));
	}
	return 0;
}

static struct str class_of(const json_t *claim)
{
	struct str old = meta_annotation(claim, "volume.beta.kubernetes.io/storage-class");
	return old.n ? old : tree_get_str(claim, "spec", "storageClassName", NULL);
}

static bool class_allows(struct write *w)
{
	struct str class = class_of(w->tree);
	const struct api_resource *res =
		api_resource_find(STR("storage.k8s.io"), STR("v1"), STR("storageclasses"));
	if (class.n == 0 || !str_eq(class, class_of(w->old)))
		return false;
	struct object *o = lookup_object(w->r, res, STR(""), class);
	json_t *tree = o ? object_tree(o, NULL) : NULL;
	bool allows = json_is_true(json_object_get(tree, "allowVolumeExpansion"));
	object_unref(o);
	json_decref(tree);
	return allows;
}

static struct quantity size_of(const json_t *claim)
{
	struct quantity q = { 0 };
	quantity_parse(tree_get_str(claim, "spec", "resources", "requests", "storage", NULL), &q,
		       NULL);
	return q;
}

int admit_claim_resize(struct write *w, struct err *err)
{
	if (!admission_is(w, "persistentvolumeclaims") ||
	    quantity_cmp(size_of(w->tree), size_of(w->old)) <= 0)
		return 0;
	if (!str_eqz(tree_get_str(w->old, "status", "phase", NULL), "Bound"))
		return admission_forbid(w, err,
					"Only bound persistent volume claims can be expanded");
	if (!class_allows(w))
		return admission_forbid(
			w, err,
			"only dynamically provisioned pvc can be resized and the storageclass "
			"that provisions the pvc must support resize");
	return 0;
}
