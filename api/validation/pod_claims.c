/* SPDX-License-Identifier: Apache-2.0 */
/* Claims on devices that a pod names, and resources of the pod as a whole. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "api/validation/resources.h"
#include "api/values/quantity.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- claims ---- */

/* As upstream prints one. */
static json_t *claim_shown(const json_t *claim)
{
	const json_t *name = json_object_get(claim, "resourceClaimName"),
		     *template = json_object_get(claim, "resourceClaimTemplateName");
	return json_pack("{s:s, s:O?, s:O?}", "Name",
			 field(claim, "name").n ? field(claim, "name").p : "", "ResourceClaimName",
			 name ? name : json_null(), "ResourceClaimTemplateName",
			 template ? template : json_null());
}

static void check_claim(struct check *c, const json_t *claim, struct map *names)
{
	const json_t *own = json_object_get(claim, "resourceClaimName"),
		     *template = json_object_get(claim, "resourceClaimTemplateName");
	struct str name = field(claim, "name");
	if (name.n == 0)
		check_required(c, "name", "%s", "");
	else if (seen_before(names, name))
		check_duplicate_text(c, "name", name);
	else
		check_name(c, "name", name, name_dns_label);
	json_t *shown = claim_shown(claim);
	if (own && template)
		check_invalid_whole(c, NULL, shown,
				    "at most one of `resourceClaimName` or "
				    "`resourceClaimTemplateName` may be specified");
	if (!own && !template)
		check_invalid_whole(c, NULL, shown,
				    "must specify one of: `resourceClaimName`, "
				    "`resourceClaimTemplateName`");
	json_decref(shown);
	if (own)
		check_name(c, "resourceClaimName", tree_str(own), name_dns_subdomain);
	if (template)
		check_name(c, "resourceClaimTemplateName", tree_str(template), name_dns_subdomain);
}

void check_pod_claims(struct check *c, const json_t *spec)
{
	struct map names = { 0 };
	size_t was = check_in(c, "resourceClaims"), i;
	json_t *claim;
	json_array_foreach (json_object_get(spec, "resourceClaims"), i, claim) {
		size_t at = check_in_index(c, i);
		check_claim(c, claim, &names);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&names, NULL);
}

/* ---- resources of the pod ---- */

static bool add(const json_t *list, const char *name, struct quantity *sum)
{
	struct quantity q;
	const json_t *value = json_object_get(list, name);
	if (!value || quantity_parse(tree_str(value), &q, NULL) < 0)
		return false;
	*sum = quantity_add(*sum, q);
	return true;
}

static void most(struct quantity a, struct quantity *out)
{
	if (quantity_cmp(a, *out) > 0)
		*out = a;
}

/* What the containers need together: those that run at once, or the largest init container beside the sidecars before it. */
static bool needed(const json_t *spec, const char *list, const char *name, struct quantity *out)
{
	struct quantity run = { 0 }, sidecars = { 0 }, init = { 0 };
	bool any = false;
	size_t i;
	json_t *container;
	json_array_foreach (json_object_get(spec, "containers"), i, container)
		any |= add(tree_get(container, "resources", list, NULL), name, &run);
	json_array_foreach (json_object_get(spec, "initContainers"), i, container) {
		const json_t *own = tree_get(container, "resources", list, NULL);
		struct quantity beside = sidecars;
		if (str_eqz(field(container, "restartPolicy"), "Always")) {
			any |= add(own, name, &run);
			add(own, name, &sidecars);
			most(sidecars, &init);
		} else {
			any |= add(own, name, &beside);
			most(beside, &init);
		}
	}
	most(init, &run);
	*out = run;
	return any;
}

static void check_enough(struct check *c, const json_t *spec, const char *list, bool huge_only)
{
	const char *key;
	json_t *value;
	size_t was = check_in(c, list);
	json_object_foreach (tree_get(spec, "resources", list, NULL), key, value) {
		struct quantity have, need;
		char text[QUANTITY_TEXT_MAX];
		if (huge_only && !resource_is_huge_page(str_from(key)))
			continue;
		if (!needed(spec, list, key, &need) ||
		    quantity_parse(tree_str(value), &have, NULL) < 0 ||
		    quantity_cmp(need, have) <= 0)
			continue;
		size_t at = check_in_key(c, str_from(key));
		quantity_text(need, text);
		check_invalid(c, NULL, value,
			      "must be greater than or equal to aggregate container %s of %s", list,
			      text);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_below_pod(struct check *c, const json_t *container, const json_t *limits)
{
	const char *key;
	json_t *value;
	json_object_foreach (tree_get(container, "resources", "limits", NULL), key, value) {
		struct quantity own, pod;
		const json_t *limit = json_object_get(limits, key);
		if (!limit || quantity_parse(tree_str(value), &own, NULL) < 0 ||
		    quantity_parse(tree_str(limit), &pod, NULL) < 0 || quantity_cmp(own, pod) <= 0)
			continue;
		size_t at = check_in_key(c, str_from(key));
		check_invalid(c, "limits", value,
			      "must be less than or equal to pod limits of %.*s",
			      STR_ARG(tree_str(limit)));
		check_out(c, at);
	}
}

void check_pod_resources(struct check *c, const json_t *spec)
{
	const json_t *resources = json_object_get(spec, "resources");
	size_t was = check_in(c, "resources"), i;
	json_t *container;
	if (!resources) {
		check_out(c, was);
		return;
	}
	if (str_eqz(tree_get_str(spec, "os", "name", NULL), "windows")) {
		check_forbidden(c, NULL, "may not be set for a windows pod");
		check_out(c, was);
		return;
	}
	if (json_object_get(resources, "claims"))
		check_forbidden(c, "claims", "claims may not be set for Resources at pod-level");
	check_resources(c, resources, json_object_get(spec, "resourceClaims"), true);
	check_enough(c, spec, "requests", false);
	check_enough(c, spec, "limits", true);
	size_t list = check_in(c, "containers");
	json_array_foreach (json_object_get(spec, "containers"), i, container) {
		size_t at = check_in_index(c, i);
		check_below_pod(c, container, json_object_get(resources, "limits"));
		check_out(c, at);
	}
	check_out(c, list);
	check_out(c, was);
}
