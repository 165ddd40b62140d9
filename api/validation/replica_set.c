/* SPDX-License-Identifier: Apache-2.0 */
/* Replica sets, and the replication controllers that were before them. */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/workload_parts.h"

void validate_replica_set(struct check *c, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec");
	size_t was = check_in(c, "spec");
	check_non_negative(c, spec, "replicas");
	check_non_negative(c, spec, "minReadySeconds");
	check_workload_selector(c, spec, "deployment", "invalid label selector");
	check_workload_template(c, spec, "ReplicaSet");
	check_out(c, was);
}

void validate_replica_set_update(struct check *c, const json_t *new, const json_t *old)
{
	validate_replica_set(c, new);
	check_selector_kept(c, new, old);
}

void validate_replica_set_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "fullyLabeledReplicas", "readyReplicas",
					      "availableReplicas", NULL };
	check_workload_status(c, new, old, counts, "readyReplicas");
}

static bool labels_match(const json_t *selector, const json_t *labels)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)selector, key, value)
		if (!json_equal(value, json_object_get(labels, key)))
			return false;
	return true;
}

void validate_replication_controller(struct check *c, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec"),
		     *selector = json_object_get(spec, "selector");
	const json_t *labels = tree_get(spec, "template", "metadata", "labels", NULL);
	size_t was = check_in(c, "spec");
	check_non_negative(c, spec, "minReadySeconds");
	if (shape_empty(selector))
		check_required(c, "selector", "%s", "");
	check_non_negative(c, spec, "replicas");
	if (!json_object_get(spec, "template"))
		check_required(c, "template", "%s", "");
	else if (!labels_match(selector, labels))
		check_invalid(c, "template.metadata.labels", labels,
			      "`selector` does not match template `labels`");
	if (json_object_get(spec, "template"))
		check_workload_template(c, spec, "ReplicationController");
	check_out(c, was);
}
