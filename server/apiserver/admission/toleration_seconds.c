/* SPDX-License-Identifier: Apache-2.0 */
/* Pods stay five minutes on a node that is not ready or not reachable, unless they say otherwise. */
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"

#define STAY_S 300

static bool tolerates(const json_t *tolerations, const char *key)
{
	for (size_t i = 0; i < json_array_size(tolerations); i++) {
		const json_t *t = json_array_get(tolerations, i);
		struct str k = tree_get_str(t, "key", NULL),
			   effect = tree_get_str(t, "effect", NULL);
		if ((k.n == 0 || str_eqz(k, key)) &&
		    (effect.n == 0 || str_eqz(effect, "NoExecute")))
			return true;
	}
	return false;
}

int admit_toleration_seconds(struct write *w, struct err *err)
{
	static const char *const keys[] = { "node.kubernetes.io/not-ready",
					    "node.kubernetes.io/unreachable" };
	json_t *spec = json_object_get(w->tree, "spec");
	(void)err;
	if (!admission_is(w, "pods") || !json_is_object(spec))
		return 0;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		json_t *list = json_object_get(spec, "tolerations");
		if (tolerates(list, keys[i]))
			continue;
		if (!json_is_array(list)) {
			list = json_array();
			json_object_set_new(spec, "tolerations", list);
		}
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:i}", "key", keys[i],
						      "operator", "Exists", "effect", "NoExecute",
						      "tolerationSeconds", STAY_S));
	}
	return 0;
}
