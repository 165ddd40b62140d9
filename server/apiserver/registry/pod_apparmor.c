/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor profiles once were annotations: what one says becomes the container's field. Follows applyAppArmorVersionSkew of upstream's
 * registry/core/pod. */
#include "server/apiserver/registry/pod_apparmor.h"

#include "api/object/meta.h"
#include "server/apiserver/write/write.h"

#define PREFIX    "container.apparmor.security.beta.kubernetes.io/"
#define LOCALHOST "localhost/"

/* New reference; NULL: the annotation means nothing. */
static json_t *profile_of(struct str text)
{
	struct str name = text;
	if (str_eqz(text, "runtime/default"))
		return json_pack("{s:s}", "type", "RuntimeDefault");
	if (str_eqz(text, "unconfined"))
		return json_pack("{s:s}", "type", "Unconfined");
	if (!str_cut_prefix(&name, STR(LOCALHOST)) || str_trim(name).n == 0 ||
	    str_trim(name).n != name.n)
		return NULL;
	return json_pack("{s:s,s:s%}", "type", "Localhost", "localhostProfile", name.p, name.n);
}

static json_t *member(json_t *of, const char *name)
{
	json_t *v = json_object_get(of, name);
	if (!json_is_object(v)) {
		v = json_object();
		json_object_set_new(of, name, v);
	}
	return v;
}

static void container_profile(struct write *w, json_t *container, const json_t *of_pod)
{
	struct str name = tree_str(json_object_get(container, "name"));
	char *key = arena_printf(&w->r->arena, PREFIX "%.*s", STR_ARG(name));
	const json_t *note = json_object_get(meta_annotations(w->tree), key);
	if (!note)
		return;
	json_t *profile = profile_of(tree_str(note));
	bool said = tree_get(container, "securityContext", "appArmorProfile", NULL) != NULL;
	bool copied = profile && !said && !json_equal(profile, of_pod);
	if (copied)
		json_object_set(member(container, "securityContext"), "appArmorProfile", profile);
	if (copied || !profile)
		request_warn(w->r,
			     "metadata.annotations[%s]: deprecated since v1.30; use the "
			     "\"appArmorProfile\" field instead",
			     key);
	json_decref(profile);
}

void pod_apparmor(struct write *w)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	json_t *spec = json_object_get(w->tree, "spec"), *container;
	const json_t *of_pod = tree_get(spec, "securityContext", "appArmorProfile", NULL);
	size_t i;
	if (str_eqz(tree_get_str(spec, "os", "name", NULL), "windows"))
		return;
	for (size_t k = 0; k < 3; k++)
		json_array_foreach (json_object_get(spec, lists[k]), i, container)
			if (json_is_object(container))
				container_profile(w, container, of_pod);
}
