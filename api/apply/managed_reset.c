/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that a request can't own (upstream's strategies' GetResetFields) and fields that nobody owns. Main resources with a status
 * subresource reset `status`, the status subresource resets `spec`; what differs is a row here. */
#include <pthread.h>

#include "api/apply/fieldset_node.h"
#include "api/apply/managed_entry.h"
#include "base/mem.h"

static const struct reset {
	const char *group, *plural, *subresource;
	const char *paths; /* comma-separated */
} resets[] = {
	{ "", "pods", "status", "spec,metadata.deletionTimestamp,metadata.ownerReferences" },
	{ "", "pods", "ephemeralcontainers", "status" },
	{ "", "pods", "resize", "status" },
	{ "", "namespaces", "finalize", "status" },
	{ "admissionregistration.k8s.io", "validatingadmissionpolicies", "status",
	  "metadata,spec" },
	{ "apps", "deployments", "status", "spec,metadata.labels" },
	{ "certificates.k8s.io", "certificatesigningrequests", "", "spec,status" },
	{ "certificates.k8s.io", "certificatesigningrequests", "status", "spec,status.conditions" },
	{ "certificates.k8s.io", "certificatesigningrequests", "approval",
	  "spec,status.certificate" },
	{ "flowcontrol.apiserver.k8s.io", "flowschemas", "status", "metadata,spec" },
	{ "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "status",
	  "metadata,spec" },
	{ "networking.k8s.io", "servicecidrs", "status", "metadata,spec" },
	{ "resource.k8s.io", "resourceclaims", "status", "metadata,spec" },
	{ "storage.k8s.io", "csinodes", "status", "metadata,spec" },
	{ "storage.k8s.io", "volumeattachments", "status", "metadata,spec" },
	{ "storagemigration.k8s.io", "storageversionmigrations", "status", "metadata,spec" },
};

static const char unowned[] =
	"apiVersion,kind,metadata,metadata.name,metadata.namespace,metadata.creationTimestamp,"
	"metadata.selfLink,metadata.uid,metadata.clusterName,metadata.generation,"
	"metadata.managedFields,metadata.resourceVersion";

/* One or two steps are all that the tables have. */
static const struct fieldset *set_of_paths(struct arena *a, const char *paths)
{
	struct set_builder b = { .a = a };
	struct str rest = str_from(paths), path;
	while (str_next(&rest, ',', &path)) {
		size_t dot = str_find(path, '.');
		struct set_builder below = { .a = a };
		if (dot < path.n)
			set_add(&below, element_field(str_of(path.p + dot + 1, path.n - dot - 1)),
				true, NULL);
		set_add(&b, element_field(str_of(path.p, dot)), dot == path.n, set_finish(&below));
	}
	return set_finish(&b);
}

static const struct fieldset *unowned_set; /* constant, made once */

static void unowned_make(void)
{
	static struct arena forever;
	unowned_set = set_of_paths(&forever, unowned);
}

const struct fieldset *managed_unowned_fields(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, unowned_make);
	return unowned_set;
}

static bool has_status(const struct api_resource *r)
{
	for (size_t i = 0; i < r->nsubresources; i++)
		if (strcmp(r->subresources[i].name, "status") == 0)
			return true;
	return false;
}

const struct fieldset *managed_reset_fields(struct arena *a, const struct api_resource *r,
					    struct str subresource)
{
	if (r->crd && str_eq(subresource, STR("status")))
		return set_of_paths(a, "metadata,spec");
	for (size_t i = 0; i < COUNT_OF(resets) && !r->crd; i++)
		if (strcmp(resets[i].plural, r->plural) == 0 &&
		    strcmp(resets[i].group, r->group) == 0 &&
		    str_eqz(subresource, resets[i].subresource))
			return set_of_paths(a, resets[i].paths);
	if (str_eq(subresource, STR("status")))
		return set_of_paths(a, "spec");
	return subresource.n == 0 && has_status(r) ? set_of_paths(a, "status") : NULL;
}
