/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as they are created, ephemeral containers, templates, bindings. */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static const json_t *spec_of(const json_t *pod)
{
	return json_object_get(pod, "spec");
}

static void check_tokens_need_account(struct check *c, const json_t *spec)
{
	size_t i, j;
	json_t *volume, *source;
	if (tree_get_str(spec, "serviceAccountName", NULL).n)
		return;
	size_t was = check_in(c, "volumes");
	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		size_t at = check_in_index(c, i), in = check_in(c, "projected.sources");
		json_array_foreach (tree_get(volume, "projected", "sources", NULL), j, source) {
			size_t k = check_in_index(c, j);
			if (json_object_get(source, "serviceAccountToken"))
				check_forbidden(
					c, "serviceAccountToken",
					"must not be specified when serviceAccountName is not set");
			check_out(c, k);
		}
		check_out(c, in);
		check_out(c, at);
	}
	check_out(c, was);
}

void check_pod(struct check *c, const json_t *pod)
{
	struct pod_rules p = { .spec = spec_of(pod), .metadata = meta_of(pod), .is_pod = true };
	size_t was = check_in(c, "spec");
	check_pod_spec(c, &p);
	check_tokens_need_account(c, p.spec);
	check_non_negative(c, p.spec, "terminationGracePeriodSeconds");
	check_out(c, was);
}

void validate_pod(struct check *c, const json_t *pod)
{
	const json_t *spec = spec_of(pod);
	check_pod(c, pod);
	if (json_array_size(json_object_get(spec, "ephemeralContainers")))
		check_forbidden(c, "spec.ephemeralContainers", "cannot be set on create");
	if (tree_get_str(spec, "nodeName", NULL).n &&
	    json_array_size(json_object_get(spec, "schedulingGates")))
		check_forbidden(c, "spec.nodeName",
				"cannot be set until all schedulingGates have been cleared");
}

/* ---- subresources ---- */

/* A struct held by value is there whether it was spelled out or not. */
static bool same_but_for_empty(const json_t *now, const json_t *before)
{
	json_t *full = tree_copy(now);
	shape_fill_empty(full, before);
	bool same = shape_equal(full, before);
	json_decref(full);
	return same;
}

void validate_pod_ephemeral(struct check *c, const json_t *new, const json_t *old)
{
	struct map now = { 0 };
	size_t i;
	json_t *container;
	check_pod(c, new);
	json_array_foreach (tree_get(new, "spec", "ephemeralContainers", NULL), i, container)
		map_put(&now, tree_get_str(container, "name", NULL), container);
	json_array_foreach (tree_get(old, "spec", "ephemeralContainers", NULL), i, container) {
		struct str name = tree_get_str(container, "name", NULL);
		const json_t *after = map_get(&now, name);
		if (!after)
			check_forbidden(
				c, "spec.ephemeralContainers",
				"existing ephemeral containers \"%.*s\" may not be removed\n",
				STR_ARG(name));
		else if (!same_but_for_empty(after, container))
			check_forbidden(c, "spec.ephemeralContainers",
					"existing ephemeral containers \"%.*s\" may not be changed",
					STR_ARG(name));
	}
	map_free(&now, NULL);
}

void validate_pod_template(struct check *c, const json_t *object)
{
	size_t was = check_in(c, "template");
	check_pod_template(c, json_object_get(object, "template"));
	check_out(c, was);
}

void validate_binding(struct check *c, const json_t *binding)
{
	static const char *const kinds[] = { "Node", "<empty>", NULL };
	struct str kind = tree_get_str(binding, "target", "kind", NULL),
		   name = tree_get_str(binding, "target", "name", NULL);
	if (kind.n && !str_eqz(kind, "Node"))
		check_unsupported(c, "target.kind", tree_get(binding, "target", "kind", NULL),
				  kinds);
	check_required_name(c, "target.name", name, name_dns_subdomain);
}
