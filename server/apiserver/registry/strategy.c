/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/strategy.h"

#include "api/codec.h"
#include "api/meta.h"
#include "server/apiserver/crd/status.h"
#include "server/apiserver/write.h"

#define EVENT_LIFE_S 3600 /* --event-ttl */
#define GEN          STRATEGY_GENERATION
#define BACK         STRATEGY_RETURNS_DELETED
#define PUT          STRATEGY_CREATE_ON_UPDATE
#define ALL          STRATEGY_ALL_IS_SPEC
#define SKL          STRATEGY_STATUS_KEEPS_LABELS

static const struct strategy strategies[] = {
	{ "", "pods", GEN | BACK, pod_strategy_create, pod_strategy_update,
	  pod_strategy_update_sub },
	{ "", "namespaces", BACK, namespace_strategy_create, namespace_strategy_update,
	  namespace_strategy_update_sub },
	{ "", "nodes", STRATEGY_KEEPS_STATUS, node_strategy_create },
	{ "", "services", BACK | PUT, service_strategy_create, service_strategy_update, NULL,
	  service_strategy_allocate, service_strategy_committed, service_strategy_deleted },
	{ "", "serviceaccounts", BACK },
	{ "", "endpoints", PUT },
	{ "", "events", PUT, .life_s = EVENT_LIFE_S },
	{ "events.k8s.io", "events", PUT, .life_s = EVENT_LIFE_S },
	{ "", "limitranges", PUT },
	{ "", "podtemplates", GEN | ALL | BACK },
	{ "", "resourcequotas", BACK },
	{ "", "replicationcontrollers", GEN | SKL },
	{ "", "persistentvolumes", BACK, volume_strategy_create },
	{ "", "persistentvolumeclaims", BACK, volume_claim_strategy_create },
	{ "apps", "deployments", GEN | SKL | STRATEGY_ANNOTATIONS_COUNT },
	{ "apps", "replicasets", GEN | SKL },
	{ "apps", "statefulsets", GEN | SKL },
	{ "apps", "daemonsets", GEN | SKL, daemon_set_strategy_create, daemon_set_strategy_update },
	{ "batch", "jobs", GEN | SKL, job_strategy_create },
	{ "batch", "cronjobs", GEN | SKL },
	{ "autoscaling", "horizontalpodautoscalers", GEN },
	{ "networking.k8s.io", "ingresses", GEN },
	{ "networking.k8s.io", "ingressclasses", GEN },
	{ "networking.k8s.io", "ipaddresses", 0, .committed = ip_address_strategy_committed,
	  .deleted = ip_address_strategy_deleted },
	{ "networking.k8s.io", "networkpolicies", GEN },
	{ "policy", "poddisruptionbudgets", GEN },
	{ "discovery.k8s.io", "endpointslices", GEN | ALL },
	{ "scheduling.k8s.io", "priorityclasses", STRATEGY_GENERATION_ONE },
	{ "coordination.k8s.io", "leases", PUT },
	{ "coordination.k8s.io", "leasecandidates", PUT },
	{ "node.k8s.io", "runtimeclasses", PUT },
	{ "rbac.authorization.k8s.io", "roles", PUT },
	{ "rbac.authorization.k8s.io", "rolebindings", PUT },
	{ "rbac.authorization.k8s.io", "clusterroles", PUT },
	{ "rbac.authorization.k8s.io", "clusterrolebindings", PUT },
	{ "flowcontrol.apiserver.k8s.io", "flowschemas", GEN },
	{ "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", GEN },
	{ "admissionregistration.k8s.io", "mutatingwebhookconfigurations", GEN | ALL },
	{ "admissionregistration.k8s.io", "validatingwebhookconfigurations", GEN | ALL },
	{ "admissionregistration.k8s.io", "validatingadmissionpolicies", GEN },
	{ "admissionregistration.k8s.io", "validatingadmissionpolicybindings", GEN },
	{ "admissionregistration.k8s.io", "mutatingadmissionpolicies", GEN },
	{ "admissionregistration.k8s.io", "mutatingadmissionpolicybindings", GEN },
	{ "apiextensions.k8s.io", "customresourcedefinitions", GEN | STRATEGY_NEEDS_VERSION,
	  definition_strategy_create, definition_strategy_update, .deleting = crd_deletion_begin },
	{ "certificates.k8s.io", "certificatesigningrequests", 0,
	  certificate_request_strategy_create, certificate_request_strategy_update,
	  certificate_request_strategy_update_sub },
	{ "storage.k8s.io", "storageclasses", BACK },
	{ "storage.k8s.io", "csidrivers", STRATEGY_GENERATION_LATER | BACK },
	{ "storage.k8s.io", "csinodes", BACK },
	{ "storage.k8s.io", "volumeattachments", BACK },
	{ "storage.k8s.io", "volumeattributesclasses", BACK },
	{ "resource.k8s.io", "resourceclaims", BACK },
	{ "resource.k8s.io", "resourceclaimtemplates", BACK },
	{ "resource.k8s.io", "resourceslices", GEN | BACK },
	{ "resource.k8s.io", "deviceclasses", GEN | BACK },
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
static bool spec_changed(const struct write *w)
{
	if (!spec_differs(w, w->tree))
		return false;
	auto_buf text = { 0 };
	json_t *canonical = NULL;
	bool differs = true;
	if (api_json_write(w->res->type, w->tree, false, &text, NULL) == 0 &&
	    api_json_parse(buf_view(&text), &canonical, NULL, NULL) == 0)
		differs = spec_differs(w, canonical);
	json_decref(canonical);
	return differs;
}

static bool annotations_changed(const struct write *w)
{
	const json_t *a = meta_annotations(w->old), *b = meta_annotations(w->tree);
	return (json_object_size(a) || json_object_size(b)) && !json_equal(a, b);
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
	     spec_changed(w)) ||
	    (w->strategy->flags & STRATEGY_ANNOTATIONS_COUNT && annotations_changed(w)))
		meta_set_int(w->tree, "generation", meta_generation(w->old) + 1);
	return 0;
}

int strategy_update(struct write *w, struct err *err)
{
	if (!w->subresource[0])
		return update_main(w, err);
	if (!strcmp(w->subresource, "status"))
		keep_all_but_status(w);
	if (!strcmp(w->subresource, "scale") && w->strategy->flags & STRATEGY_GENERATION &&
	    spec_changed(w))
		meta_set_int(w->tree, "generation", meta_generation(w->old) + 1);
	if (!w->strategy->update_sub)
		return 0;
	return w->strategy->update_sub(w, err);
}
