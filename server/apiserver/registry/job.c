/* SPDX-License-Identifier: Apache-2.0 */
/* A job selects its pods by its own uid unless it brings a selector. */
#include "api/object/meta.h"
#include "server/apiserver/write/write.h"

static json_t *object_member(json_t *of, const char *key)
{
	json_t *v = json_object_get(of, key);
	if (!json_is_object(v)) {
		v = json_object();
		json_object_set_new(of, key, v);
	}
	return v;
}

static void labels_generate(struct write *w, json_t *spec)
{
	struct str uid = meta_uid(w->tree);
	json_t *labels =
		object_member(object_member(object_member(spec, "template"), "metadata"), "labels");
	static const char *const names[] = { "job-name", "batch.kubernetes.io/job-name" };
	static const char *const uids[] = { "controller-uid",
					    "batch.kubernetes.io/controller-uid" };
	for (size_t i = 0; i < 2; i++) {
		json_object_set_new(labels, names[i], json_stringn(w->name.p, w->name.n));
		json_object_set_new(labels, uids[i], json_stringn(uid.p, uid.n));
	}
	json_t *match = object_member(object_member(spec, "selector"), "matchLabels");
	json_object_set_new(match, uids[1], json_stringn(uid.p, uid.n));
}

int job_strategy_create(struct write *w, struct err *err)
{
	json_t *spec = json_object_get(w->tree, "spec");
	(void)err;
	json_object_set_new(w->tree, "status", json_object());
	if (spec && !json_is_true(json_object_get(spec, "manualSelector")))
		labels_generate(w, spec);
	return 0;
}
