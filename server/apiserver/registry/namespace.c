/* SPDX-License-Identifier: Apache-2.0 */
/* A namespace is held by spec.finalizers until its content is gone: "kubernetes" from the start, taken away through the
 * finalize subresource. */
#include "api/object/meta.h"
#include "server/apiserver/write/write.h"

static void finalizer_ensure(json_t *tree)
{
	json_t *spec = json_object_get(tree, "spec");
	if (!json_is_object(spec)) {
		spec = json_object();
		json_object_set_new(tree, "spec", spec);
	}
	json_t *list = json_object_get(spec, "finalizers");
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(spec, "finalizers", list);
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eqz(tree_str(json_array_get(list, i)), "kubernetes"))
			return;
	json_array_append_new(list, json_string("kubernetes"));
}

int namespace_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	json_object_set_new(w->tree, "status", json_pack("{s:s}", "phase", "Active"));
	finalizer_ensure(w->tree);
	meta_set_label(w->tree, "kubernetes.io/metadata.name", w->name);
	return 0;
}

int namespace_strategy_update(struct write *w, struct err *err)
{
	(void)err;
	json_t *spec = json_object_get(w->old, "spec");
	if (spec)
		json_object_set(w->tree, "spec", spec);
	meta_set_label(w->tree, "kubernetes.io/metadata.name", w->name);
	return 0;
}

int namespace_strategy_update_sub(struct write *w, struct err *err)
{
	(void)err;
	json_t *status = json_object_get(w->old, "status");
	if (!strcmp(w->subresource, "finalize") && status)
		json_object_set(w->tree, "status", status);
	return 0;
}
