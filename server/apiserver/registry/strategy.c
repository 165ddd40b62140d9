/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/strategy.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/off.h"
#include "api/shape.h"
#include "server/apiserver/crd/status.h"
#include "server/apiserver/write/write.h"

#define GEN  STRATEGY_GENERATION
#define BACK STRATEGY_RETURNS_DELETED
#define PUT  STRATEGY_CREATE_ON_UPDATE
#define ALL  STRATEGY_ALL_IS_SPEC
#define SKL  STRATEGY_STATUS_KEEPS_LABELS
#define VER  STRATEGY_NEEDS_VERSION
#define ONLY STRATEGY_STATUS_ONLY

static const struct strategy strategies[] = {
	{ "", "pods", GEN | BACK, pod_strategy_create, pod_strategy_update,
	  pod_strategy_update_sub },
	{ "", "namespaces", BACK, namespace_strategy_create, namespace_strategy_update,
	  namespace_strategy_update_sub },
	{ "", "nodes", STRATEGY_KEEPS_STATUS, node_strategy_create, node_strategy_update },
	{ "", "services", BACK | PUT, service_strategy_create, service_strategy_update, NULL,
	  service_strategy_allocate, service_strategy_committed, service_strategy_deleted },
	{ "", "serviceaccounts", BACK, service_account_strategy, service_account_strategy },
	{ "", "endpoints", PUT },
	{ "", "events", PUT, .expires = true },
	{ "events.k8s.io", "events", PUT, .expires = true },
	{ "", "limitranges", PUT, limit_range_strategy_create },
	{ "", "podtemplates", GEN | ALL | BACK },
	{ "", "resourcequotas", BACK },
	{ "", "replicationcontrollers", GEN | STRATEGY_ORPHANS },
	{ "", "persistentvolumes", BACK, volume_strategy_create, NULL, volume_strategy_update_sub },
	{ "", "persistentvolumeclaims", BACK, volume_claim_strategy_create,
	  volume_claim_strategy_update },
	{ "apps", "deployments", GEN | SKL | STRATEGY_ANNOTATIONS_COUNT },
	{ "apps", "replicasets", GEN },
	{ "apps", "statefulsets", GEN },
	{ "apps", "daemonsets", GEN, daemon_set_strategy_create, daemon_set_strategy_update,
	  daemon_set_strategy_update_sub },
	{ "batch", "jobs", GEN | STRATEGY_ORPHANS, job_strategy_create },
	{ "batch", "cronjobs", GEN },
	{ "autoscaling", "horizontalpodautoscalers", GEN },
	{ "networking.k8s.io", "ingresses", GEN },
	{ "networking.k8s.io", "ingressclasses", GEN },
	{ "networking.k8s.io", "ipaddresses", 0, .committed = ip_address_strategy_committed,
	  .deleted = ip_address_strategy_deleted },
	{ "networking.k8s.io", "networkpolicies", GEN },
	{ "policy", "poddisruptionbudgets", GEN | VER },
	{ "discovery.k8s.io", "endpointslices", GEN | ALL | STRATEGY_LABELS_COUNT,
	  endpoint_slice_strategy, endpoint_slice_strategy },
	{ "scheduling.k8s.io", "priorityclasses", STRATEGY_GENERATION_ONE },
	{ "coordination.k8s.io", "leases", PUT | VER },
	{ "coordination.k8s.io", "leasecandidates", PUT | VER },
	{ "node.k8s.io", "runtimeclasses", PUT | VER },
	{ "rbac.authorization.k8s.io", "roles", PUT, role_strategy, role_strategy },
	{ "rbac.authorization.k8s.io", "rolebindings", PUT, role_binding_strategy,
	  role_binding_strategy },
	{ "rbac.authorization.k8s.io", "clusterroles", PUT, role_strategy, role_strategy },
	{ "rbac.authorization.k8s.io", "clusterrolebindings", PUT, role_binding_strategy,
	  role_binding_strategy },
	{ "flowcontrol.apiserver.k8s.io", "flowschemas", GEN | ONLY },
	{ "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", GEN | ONLY },
	{ "admissionregistration.k8s.io", "mutatingwebhookconfigurations", GEN | ALL | VER },
	{ "admissionregistration.k8s.io", "validatingwebhookconfigurations", GEN | ALL | VER },
	{ "admissionregistration.k8s.io", "validatingadmissionpolicies", GEN | VER | ONLY },
	{ "admissionregistration.k8s.io", "validatingadmissionpolicybindings", GEN | VER },
	{ "admissionregistration.k8s.io", "mutatingadmissionpolicies", GEN | VER },
	{ "admissionregistration.k8s.io", "mutatingadmissionpolicybindings", GEN | VER },
	{ "apiextensions.k8s.io", "customresourcedefinitions", GEN | STRATEGY_NEEDS_VERSION,
	  definition_strategy_create, definition_strategy_update, .deleting = crd_deletion_begin },
	{ "certificates.k8s.io", "certificatesigningrequests", 0,
	  certificate_request_strategy_create, certificate_request_strategy_update,
	  certificate_request_strategy_update_sub },
	{ "storage.k8s.io", "storageclasses", BACK },
	{ "storage.k8s.io", "csidrivers", STRATEGY_GENERATION_LATER | BACK | VER },
	{ "storage.k8s.io", "csinodes", BACK | VER | ONLY },
	{ "storage.k8s.io", "volumeattachments", BACK | VER | ONLY },
	{ "storage.k8s.io", "volumeattributesclasses", BACK },
	{ "resource.k8s.io", "resourceclaims", BACK | ONLY, device_claim_strategy_create, NULL,
	  device_claim_strategy_update_sub },
	{ "resource.k8s.io", "resourceclaimtemplates", BACK, device_template_strategy_create },
	{ "resource.k8s.io", "resourceslices", GEN | BACK },
	{ "resource.k8s.io", "deviceclasses", GEN | BACK },
	{ "storage.k8s.io", "csistoragecapacities", VER },
	{ "certificates.k8s.io", "clustertrustbundles", VER },
	{ "certificates.k8s.io", "podcertificaterequests", VER | ONLY },
	{ "networking.k8s.io", "servicecidrs", ONLY, .committed = service_range_strategy_committed,
	  .deleted = service_range_strategy_deleted, .marked = service_range_strategy_deleted },
	{ "storagemigration.k8s.io", "storageversionmigrations", VER | ONLY },
	{ "apiregistration.k8s.io", "apiservices", VER | ONLY },
	{ "resource.k8s.io", "devicetaintrules", ONLY },
};
static const struct strategy plain = { "", "", 0 };
static const struct strategy custom = { "", "",
					GEN | ALL | STRATEGY_NEEDS_VERSION | STRATEGY_STATUS_ONLY,
					custom_resource_strategy_create,
					custom_resource_strategy_update };

const struct strategy *strategy_of(const struct api_resource *res)
{
	if (res->crd)
		return &custom;
	for (size_t i = 0; i < COUNT_OF(strategies); i++)
		if (!strcmp(strategies[i].plural, res->plural) &&
		    !strcmp(strategies[i].group, res->group))
			return &strategies[i];
	return &plain;
}

static bool has_status(const struct api_resource *res)
{
	for (size_t i = 0; i < res->nsubresources; i++)
		if (!strcmp(res->subresources[i].name, "status"))
			return true;
	return false;
}

int strategy_create(struct write *w, struct err *err)
{
	if (has_status(w->res) && !(w->strategy->flags & STRATEGY_KEEPS_STATUS))
		json_object_del(w->tree, "status");
	api_drop_off(w->res->type, w->tree, NULL);
	int e = w->strategy->create ? w->strategy->create(w, err) : 0;
	if (e == 0)
		api_default(w->res->type, w->tree); /* as upstream does with what it reads back */
	return e;
}

static void take_from_old(struct write *w, const char *field)
{
	json_t *value = json_object_get(w->old, field);
	if (value)
		json_object_set(w->tree, field, value);
	else
		json_object_del(w->tree, field);
}

static void keep_metadata(struct write *w)
{
	json_t *managed = json_object_get(meta_of(w->tree), "managedFields");
	json_t *meta = json_copy(meta_of(w->old));
	if (managed)
		json_object_set(meta, "managedFields", managed);
	else
		json_object_del(meta, "managedFields");
	json_object_set_new(w->tree, "metadata", meta);
}

/* A status update changes the status and what is not the server's in metadata; all else stays. */
static void keep_all_but_status(struct write *w)
{
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe (w->tree, next, key, value) {
		if (strcmp(key, "status") && strcmp(key, "metadata") && strcmp(key, "kind") &&
		    strcmp(key, "apiVersion"))
			take_from_old(w, key);
	}
	json_object_foreach (w->old, key, value) {
		if (strcmp(key, "status") && strcmp(key, "metadata") &&
		    !json_object_get(w->tree, key))
			json_object_set(w->tree, key, value);
	}
	if (w->strategy->flags & STRATEGY_STATUS_ONLY)
		keep_metadata(w);
	if (w->strategy->flags & STRATEGY_STATUS_KEEPS_LABELS) {
		json_t *labels = meta_labels(w->old);
		if (labels)
			json_object_set(meta_make(w->tree), "labels", labels);
		else
			meta_unset(w->tree, "labels");
	}
}

static bool field_differs(const json_t *old, const json_t *new, const char *field)
{
	const json_t *a = json_object_get(old, field), *b = json_object_get(new, field);
	return (a || b) && !json_equal(a, b);
}

static bool spec_differs(const struct write *w, const json_t *new)
{
	if (!(w->strategy->flags & STRATEGY_ALL_IS_SPEC))
		return field_differs(w->old, new, "spec");
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)new, key, value)
		if (strcmp(key, "metadata") && field_differs(w->old, new, key))
			return true;
	return json_object_size(new) != json_object_size(w->old);
}

/* The old tree is canonical, the new one may spell out what is empty: seen only when it is written canonically, too. */
bool strategy_spec_changed(const struct write *w)
{
	const struct api_field *spec = api_type_field(w->res->type, STR("spec"));
	if (!spec_differs(w, w->tree))
		return false;
	if (spec && !(w->strategy->flags & STRATEGY_ALL_IS_SPEC) &&
	    shape_surely_differs(&spec->schema, json_object_get(w->old, "spec"),
				 json_object_get(w->tree, "spec")))
		return true;
	auto_buf text = { 0 };
	json_t *canonical = NULL;
	bool differs = true;
	if (api_json_write(w->res->type, w->tree, false, &text, NULL) == 0 &&
	    api_json_parse(buf_view(&text), &canonical, NULL, NULL) == 0)
		differs = spec_differs(w, canonical);
	json_decref(canonical);
	return differs;
}

bool strategy_template_changed(const struct write *w)
{
	const json_t *old = tree_get(w->old, "spec", "template", NULL);
	auto_buf text = { 0 };
	json_t *canonical = NULL;
	bool differs = !json_equal(old, tree_get(w->tree, "spec", "template", NULL));
	if (differs && api_json_write(w->res->type, w->tree, false, &text, NULL) == 0 &&
	    api_json_parse(buf_view(&text), &canonical, NULL, NULL) == 0)
		differs = !json_equal(old, tree_get(canonical, "spec", "template", NULL));
	json_decref(canonical);
	return differs;
}

static bool maps_differ(const json_t *a, const json_t *b)
{
	return (json_object_size(a) || json_object_size(b)) && !json_equal(a, b);
}

/* Of some kinds, labels or annotations count as well. */
static bool counted_metadata_changed(const struct write *w)
{
	unsigned flags = w->strategy->flags;
	return (flags & STRATEGY_ANNOTATIONS_COUNT &&
		maps_differ(meta_annotations(w->old), meta_annotations(w->tree))) ||
	       (flags & STRATEGY_LABELS_COUNT &&
		maps_differ(meta_labels(w->old), meta_labels(w->tree)));
}

static int update_main(struct write *w, struct err *err)
{
	if (has_status(w->res))
		take_from_old(w, "status");
	if (w->strategy->update) {
		int e = w->strategy->update(w, err);
		if (e < 0)
			return e;
	}
	if ((w->strategy->flags & (STRATEGY_GENERATION | STRATEGY_GENERATION_LATER) &&
	     strategy_spec_changed(w)) ||
	    counted_metadata_changed(w))
		meta_set_int(w->tree, "generation", meta_generation(w->old) + 1);
	return 0;
}

int strategy_update(struct write *w, struct err *err)
{
	api_drop_off(w->res->type, w->tree, w->old);
	if (!w->subresource[0])
		return update_main(w, err);
	if (!strcmp(w->subresource, "status"))
		keep_all_but_status(w);
	if (!strcmp(w->subresource, "scale") && w->strategy->flags & STRATEGY_GENERATION &&
	    strategy_spec_changed(w))
		meta_set_int(w->tree, "generation", meta_generation(w->old) + 1);
	if (!w->strategy->update_sub)
		return 0;
	return w->strategy->update_sub(w, err);
}
