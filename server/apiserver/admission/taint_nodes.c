/* SPDX-License-Identifier: Apache-2.0 */
/* A new node is tainted not-ready, so that nothing is scheduled to it before its conditions are known. */
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"

int admit_taint_nodes(struct write *w, struct err *err)
{
	static const char key[] = "node.kubernetes.io/not-ready";
	(void)err;
	if (!admission_is(w, "nodes"))
		return 0;
	json_t *spec = json_object_get(w->tree, "spec");
	if (!json_is_object(spec)) {
		spec = json_object();
		json_object_set_new(w->tree, "spec", spec);
	}
	json_t *taints = json_object_get(spec, "taints");
	if (!json_is_array(taints)) {
		taints = json_array();
		json_object_set_new(spec, "taints", taints);
	}
	for (size_t i = 0; i < json_array_size(taints); i++)
		if (str_eqz(tree_get_str(json_array_get(taints, i), "key", NULL), key))
			return 0;
	json_array_append_new(taints, json_pack("{s:s,s:s}", "key", key, "effect", "NoSchedule"));
	return 0;
}
