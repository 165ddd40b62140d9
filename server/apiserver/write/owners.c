/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/owners.h"

#include "api/object/meta.h"
#include "base/map.h"
#include "base/mem.h"

/* References as texts: equal ones are written the same. */
static bool came_before(struct map *seen, const json_t *owner)
{
	char *text = json_dumps(owner, JSON_COMPACT | JSON_SORT_KEYS);
	bool before = text && map_put(seen, str_from(text), seen) != NULL;
	free(text);
	return before;
}

void owners_once(struct write *w, bool admitted)
{
	json_t *owners = meta_owners(w->tree), *owner;
	struct map seen = { 0 };
	auto_buf uids = { 0 };
	size_t i;
	if (json_array_size(owners) < 2 || (w->r->verb == API_PATCH && !admitted))
		return;
	json_t *kept = json_array();
	json_array_foreach (owners, i, owner) {
		if (came_before(&seen, owner))
			buf_printf(&uids, "%s%.*s", uids.n ? ", " : "",
				   STR_ARG(tree_get_str(owner, "uid", NULL)));
		else
			json_array_append(kept, owner);
	}
	map_free(&seen, NULL);
	if (uids.n) {
		json_object_set(meta_of(w->tree), "ownerReferences", kept);
		request_warn(w->r,
			     ".metadata.ownerReferences contains duplicate entries%s; API server "
			     "dedups owner references in 1.20+, and may reject such requests as "
			     "early as 1.24; please fix your requests; duplicate UID(s) observed: "
			     "%s",
			     admitted ? " after mutating admission happens" : "", uids.p);
	}
	json_decref(kept);
}
