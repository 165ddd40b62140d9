/* SPDX-License-Identifier: Apache-2.0 */
/* CSI drivers, what nodes have of them, and attached volumes. Follows upstream's pkg/apis/storage/validation. */
#include <ctype.h>

#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "api/values/quantity.h"
#include "base/mem.h"

#define NODE_ID_MAX       256
#define ATTACHED_MAX      (256 * 1024)
#define ERROR_MESSAGE_MAX 1024
#define CONDITIONS_MAX    16
#define REASON_MAX        256

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- drivers ---- */

static void check_token_requests(struct check *c, const json_t *list)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "tokenRequests"), i;
	json_t *request;
	json_array_foreach (list, i, request) {
		const json_t *seconds = json_object_get(request, "expirationSeconds");
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, field(request, "audience")))
			check_duplicate_text(c, "audience", field(request, "audience"));
		else if (seconds && json_integer_value(seconds) < 600)
			check_invalid(c, "expirationSeconds", seconds,
				      "may not specify a duration less than 10 minutes");
		else if (seconds && json_integer_value(seconds) > (json_int_t)1 << 32)
			check_invalid(c, "expirationSeconds", seconds,
				      "may not specify a duration larger than 2^32 seconds");
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

static void check_lifecycle_modes(struct check *c, const json_t *list)
{
	static const char *const modes[] = { "Persistent", "Ephemeral", NULL };
	size_t i;
	json_t *mode;
	json_array_foreach (list, i, mode)
		if (!str_in(tree_str(mode), modes))
			check_unsupported(c, "volumeLifecycleModes", mode, modes);
}

void validate_csi_driver(struct check *c, const json_t *driver)
{
	static const char *const policies[] = { "File", "None", "ReadWriteOnceWithFSType", NULL };
	const json_t *spec = json_object_get(driver, "spec"),
		     *period = json_object_get(spec, "nodeAllocatableUpdatePeriodSeconds"),
		     *secrets = json_object_get(spec, "serviceAccountTokenInSecrets"),
		     *policy = json_object_get(spec, "fsGroupPolicy");
	size_t was = check_in(c, "spec");
	if (policy && !str_in(tree_str(policy), policies))
		check_unsupported(c, "fsGroupPolicy", policy, policies);
	check_token_requests(c, json_object_get(spec, "tokenRequests"));
	check_lifecycle_modes(c, json_object_get(spec, "volumeLifecycleModes"));
	if (period && json_integer_value(period) < 10)
		check_invalid(c, "nodeAllocatableUpdatePeriodSeconds", period,
			      "must be greater than or equal to 10 seconds");
	if (secrets && json_array_size(json_object_get(spec, "tokenRequests")) == 0)
		check_invalid(c, "serviceAccountTokenInSecrets", secrets,
			      "serviceAccountTokenInSecrets is set but no tokenRequests are "
			      "specified");
	check_out(c, was);
}

void validate_csi_driver_update(struct check *c, const json_t *new, const json_t *old)
{
	validate_csi_driver(c, new);
	check_immutable(c, "spec.attachedRequired", tree_get(new, "spec", "attachRequired", NULL),
			tree_get(old, "spec", "attachRequired", NULL));
	check_immutable(c, "spec.volumeLifecycleModes",
			tree_get(new, "spec", "volumeLifecycleModes", NULL),
			tree_get(old, "spec", "volumeLifecycleModes", NULL));
}

/* ---- nodes ---- */

static void check_topology_keys(struct check *c, const json_t *keys)
{
	struct map seen = { 0 };
	size_t i;
	json_t *key;
	json_array_foreach (keys, i, key) {
		if (tree_str(key).n == 0)
			check_required(c, NULL, "%s", "");
		if (seen_before(&seen, tree_str(key)))
			check_duplicate(c, NULL, key);
		check_name(c, NULL, tree_str(key), name_label_key);
	}
	map_free(&seen, NULL);
}

static void check_node_driver(struct check *c, const json_t *driver, struct map *names)
{
	struct str id = field(driver, "nodeID"), name = field(driver, "name");
	check_csi_driver_name(c, "name", name);
	if (id.n == 0)
		check_required(c, "nodeID", "%s", "");
	if (id.n > NODE_ID_MAX)
		check_invalid_text(c, "nodeID", id, "must be %d characters or less", NODE_ID_MAX);
	size_t was = check_in(c, "allocatable");
	check_non_negative(c, json_object_get(driver, "allocatable"), "count");
	check_out(c, was);
	if (seen_before(names, name))
		check_duplicate_text(c, "name", name);
	check_topology_keys(c, json_object_get(driver, "topologyKeys"));
}

void validate_csi_node(struct check *c, const json_t *node)
{
	struct map names = { 0 };
	size_t was = check_in(c, "spec.drivers"), i;
	json_t *driver;
	json_array_foreach (tree_get(node, "spec", "drivers", NULL), i, driver) {
		size_t at = check_in_index(c, i);
		check_node_driver(c, driver, &names);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&names, NULL);
}

static json_t *fixed_part(const json_t *driver)
{
	json_t *part = json_copy((json_t *)driver);
	json_object_del(part, "allocatable");
	if (json_array_size(json_object_get(part, "topologyKeys")) == 0)
		json_object_del(part, "topologyKeys");
	return part;
}

/* A driver that stays may change what it can take, and nothing else. */
void validate_csi_node_update(struct check *c, const json_t *new, const json_t *old)
{
	size_t i, k;
	json_t *was, *now;
	validate_csi_node(c, new);
	json_array_foreach (tree_get(old, "spec", "drivers", NULL), i, was)
		json_array_foreach (tree_get(new, "spec", "drivers", NULL), k, now) {
			if (!str_eq(field(was, "name"), field(now, "name")))
				continue;
			json_t *a = fixed_part(now), *b = fixed_part(was);
			if (!shape_equal(a, b))
				check_invalid_internal(c, "spec.drivers",
						       "storage/v1.CSINodeDriver", a,
						       "field is immutable");
			json_decref(a);
			json_decref(b);
		}
}

static void check_health_condition(struct check *c, const json_t *condition)
{
	static const char *const states[] = { "StorageDegraded", "StorageUnreachable", NULL };
	static const char *const access[] = { "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
					      "ReadWriteOncePod", NULL };
	static const char *const modes[] = { "Filesystem", "Block", NULL };
	struct str reason = field(condition, "reason");
	if (!str_in(field(condition, "status"), states))
		check_unsupported(c, "status", json_object_get(condition, "status"), states);
	if (reason.n == 0)
		check_required(c, "reason", "%s", "");
	else if (reason.n > REASON_MAX)
		check_too_long(c, "reason", REASON_MAX);
	if (field(condition, "message").n > ERROR_MESSAGE_MAX)
		check_too_long(c, "message", ERROR_MESSAGE_MAX);
	check_one_of(c, condition, "accessMode", access, false);
	check_one_of(c, condition, "volumeMode", modes, false);
}

static void check_health(struct check *c, const json_t *health)
{
	const json_t *conditions = json_object_get(health, "healthConditions");
	size_t i;
	json_t *condition;
	if (field(health, "name").n == 0)
		check_required(c, "name", "%s", "");
	else
		check_csi_driver_name(c, "name", field(health, "name"));
	if (json_array_size(conditions) > CONDITIONS_MAX) {
		check_too_many(c, "healthConditions", json_array_size(conditions), CONDITIONS_MAX);
		return;
	}
	size_t was = check_in(c, "healthConditions");
	json_array_foreach (conditions, i, condition) {
		size_t at = check_in_index(c, i);
		check_health_condition(c, condition);
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_csi_node_status(struct check *c, const json_t *new, const json_t *old)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "status.storageHealth"), i;
	json_t *health;
	(void)old;
	json_array_foreach (tree_get(new, "status", "storageHealth", NULL), i, health) {
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, field(health, "name")))
			check_duplicate_text(c, NULL, field(health, "name"));
		check_health(c, health);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

/* ---- capacities ---- */

void validate_storage_capacity(struct check *c, const json_t *capacity)
{
	const json_t *amount = json_object_get(capacity, "capacity");
	struct quantity q;
	check_label_selector(c, "nodeTopology", json_object_get(capacity, "nodeTopology"));
	check_name(c, "storageClassName", field(capacity, "storageClassName"), name_dns_subdomain);
	if (amount && quantity_parse(tree_str(amount), &q, NULL) == 0 && q.nano < 0)
		check_invalid(c, "capacity", amount, "must be greater than or equal to 0");
}

void validate_storage_capacity_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *class = json_object_get(new, "storageClassName");
	check_immutable(c, "nodeTopology", json_object_get(new, "nodeTopology"),
			json_object_get(old, "nodeTopology"));
	if (!str_eq(tree_str(class), field(old, "storageClassName")))
		check_invalid_text(c, "storageClassName", tree_str(class), "field is immutable");
}

/* ---- attachments ---- */

static void check_attachment_source(struct check *c, const json_t *source)
{
	const json_t *inline_spec = json_object_get(source, "inlineVolumeSpec"),
		     *name = json_object_get(source, "persistentVolumeName");
	size_t was = check_in(c, "source");
	if (!inline_spec && !name)
		check_required(
			c, NULL,
			"must specify exactly one of inlineVolumeSpec and persistentVolumeName");
	else if (inline_spec && name)
		check_forbidden(
			c, NULL,
			"must specify exactly one of inlineVolumeSpec and persistentVolumeName");
	else if (name && tree_str(name).n == 0)
		check_required(c, "persistentVolumeName",
			       "must specify non empty persistentVolumeName");
	else if (inline_spec) {
		size_t at = check_in(c, "inlineVolumeSpec");
		check_inline_volume(c, inline_spec);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_volume_error(struct check *c, const json_t *status, const char *child)
{
	const json_t *error = json_object_get(status, child),
		     *code = json_object_get(error, "errorCode");
	size_t was = check_in(c, child);
	if (field(error, "message").n > ERROR_MESSAGE_MAX)
		check_too_long(c, "message", ERROR_MESSAGE_MAX);
	if (code && json_integer_value(code) < 0)
		check_invalid(c, "errorCode", code, "must be between 0 and 2147483647, inclusive");
	check_out(c, was);
}

static void check_attachment_status(struct check *c, const json_t *status)
{
	const char *key;
	json_t *value;
	size_t bytes = 0;
	json_object_foreach (json_object_get(status, "attachmentMetadata"), key, value)
		bytes += strlen(key) + json_string_length(value);
	if (bytes > ATTACHED_MAX)
		check_too_long(c, "status.attachmentMetadata", ATTACHED_MAX);
	size_t was = check_in(c, "status");
	check_volume_error(c, status, "attachError");
	check_volume_error(c, status, "detachError");
	check_out(c, was);
}

static void check_attachment(struct check *c, const json_t *attachment, bool creation)
{
	const json_t *spec = json_object_get(attachment, "spec"),
		     *name = tree_get(spec, "source", "persistentVolumeName", NULL);
	size_t was = check_in(c, "spec");
	c->declared = creation;
	check_csi_driver_name(c, "attacher", field(spec, "attacher"));
	c->declared = false;
	check_attachment_source(c, json_object_get(spec, "source"));
	check_name(c, "nodeName", field(spec, "nodeName"), name_dns_subdomain);
	check_out(c, was);
	check_attachment_status(c, json_object_get(attachment, "status"));
	if (name)
		check_name(c, "spec.source.persistentVolumeName", tree_str(name),
			   name_dns_subdomain);
}

void validate_volume_attachment(struct check *c, const json_t *attachment)
{
	check_attachment(c, attachment, true);
}

/* The generated rules stop at the spec, which stays as it is: what they would say of its parts the others say. */
void validate_volume_attachment_update(struct check *c, const json_t *new, const json_t *old)
{
	check_attachment(c, new, false);
	CHECK_DECLARED(c, check_fixed(c, "spec", new, old));
}

/* ---- attributes ---- */

void validate_attributes_class(struct check *c, const json_t *class)
{
	const json_t *parameters = json_object_get(class, "parameters");
	struct str driver = field(class, "driverName");
	auto_free char *small = str_dup(driver);
	for (char *p = small; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	check_required_name(c, "driverName", str_of(small, driver.n), name_annotation_key);
	check_parameters(c, parameters);
	if (json_object_size(parameters) == 0)
		check_required(c, "parameters", "must contain at least one key/value pair");
}

void validate_attributes_class_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "parameters"),
		     *b = json_object_get(old, "parameters");
	if (!str_eq(field(new, "driverName"), field(old, "driverName")))
		check_forbidden(c, "driverName", "updates to driverName are forbidden.");
	if (!(shape_empty(a) && shape_empty(b)) && !shape_equal(a, b))
		check_forbidden(c, "parameters", "updates to parameters are forbidden.");
	validate_attributes_class(c, new);
}
