/* SPDX-License-Identifier: Apache-2.0 */
/* Environment variables and what they refer to. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "api/values/quantity.h"
#include "base/mem.h"

static const char *const env_fields[] = { "metadata.name",
					  "metadata.namespace",
					  "metadata.uid",
					  "spec.nodeName",
					  "spec.serviceAccountName",
					  "status.hostIP",
					  "status.hostIPs",
					  "status.podIP",
					  "status.podIPs",
					  NULL };
static const char *const volume_fields[] = { "metadata.annotations", "metadata.labels",
					     "metadata.name",        "metadata.namespace",
					     "metadata.uid",         NULL };
static const char *const known_fields[] = { "metadata.annotations",
					    "metadata.labels",
					    "metadata.name",
					    "metadata.namespace",
					    "metadata.uid",
					    "spec.nodeName",
					    "spec.restartPolicy",
					    "spec.serviceAccountName",
					    "spec.schedulerName",
					    "status.phase",
					    "status.hostIP",
					    "status.hostIPs",
					    "status.podIP",
					    "status.podIPs",
					    NULL };
static const char *const resource_fields[] = { "limits.cpu",
					       "limits.ephemeral-storage",
					       "limits.memory",
					       "requests.cpu",
					       "requests.ephemeral-storage",
					       "requests.memory",
					       NULL };
static const char *const cpu_divisors[] = { "1m", "1", NULL };
static const char *const byte_divisors[] = { "1",   "1k",  "1M",  "1G",  "1T",  "1P",  "1E",
					     "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei", NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* `metadata.labels['app']`: path and what is between the quotes. False: no subscript. */
static bool split_subscript(struct str text, struct str *path, struct str *subscript)
{
	size_t open = str_find(text, '[');
	if (open + 4 > text.n || text.p[open + 1] != '\'' || text.p[text.n - 1] != ']' ||
	    text.p[text.n - 2] != '\'')
		return false;
	*path = str_of(text.p, open);
	*subscript = str_of(text.p + open + 2, text.n - open - 4);
	return true;
}

static void check_subscript(struct check *c, struct str path, struct str subscript)
{
	if (str_eqz(path, "metadata.annotations"))
		check_name(c, NULL, subscript, name_annotation_key);
	else if (str_eqz(path, "metadata.labels"))
		check_name(c, NULL, subscript, name_label_key);
	else
		check_invalid_text(c, NULL, path, "does not support subscript");
}

void check_field_ref(struct check *c, const json_t *ref, bool volume)
{
	struct str text = field(ref, "fieldPath"), path, subscript;
	if (field(ref, "apiVersion").n == 0) {
		check_required(c, "apiVersion", "%s", "");
	} else if (text.n == 0) {
		check_required(c, "fieldPath", "%s", "");
	} else if (!str_eqz(field(ref, "apiVersion"), "v1")) {
		check_invalid_text(c, "fieldPath", text,
				   "error converting fieldPath: unsupported pod version: %.*s",
				   STR_ARG(field(ref, "apiVersion")));
	} else if (split_subscript(text, &path, &subscript)) {
		check_subscript(c, path, subscript);
	} else if (!str_in(text, known_fields)) {
		check_invalid_text(c, "fieldPath", text,
				   "error converting fieldPath: field label not supported: %.*s",
				   STR_ARG(text));
	} else if (!str_in(text, volume ? volume_fields : env_fields)) {
		check_unsupported(c, "fieldPath", json_object_get(ref, "fieldPath"),
				  volume ? volume_fields : env_fields);
	}
}

static bool known_resource(struct str resource)
{
	return str_in(resource, resource_fields) ||
	       str_starts(resource, STR("requests.hugepages-")) ||
	       str_starts(resource, STR("limits.hugepages-"));
}

static void check_divisor(struct check *c, struct str resource, struct str text)
{
	struct quantity q;
	char canonical[QUANTITY_TEXT_MAX];
	bool cpu = str_ends(resource, STR(".cpu"));
	if (text.n == 0 || quantity_parse(text, &q, NULL) < 0 || quantity_is_zero(q) ||
	    !known_resource(resource))
		return;
	size_t n = quantity_text(q, canonical);
	if (str_in(str_of(canonical, n), cpu ? cpu_divisors : byte_divisors))
		return;
	if (cpu)
		check_invalid_text(
			c, "divisor", resource,
			"only divisor's values 1m and 1 are supported with the cpu resource");
	else
		check_invalid_text(c, "divisor", resource,
				   "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, "
				   "1Gi, 1Ti, 1Pi, 1Ei are supported with "
				   "the %s resource",
				   str_ends(resource, STR("memory")) ? "memory"
				   : str_contains(resource, STR("hugepages-"))
					   ? "hugepages"
					   : "local ephemeral storage");
}

void check_resource_field_ref(struct check *c, const json_t *ref, bool volume)
{
	struct str resource = field(ref, "resource");
	if (volume && field(ref, "containerName").n == 0)
		check_required(c, "containerName", "%s", "");
	else if (resource.n == 0)
		check_required(c, "resource", "%s", "");
	else if (!known_resource(resource))
		check_unsupported(c, "resource", json_object_get(ref, "resource"), resource_fields);
	check_divisor(c, resource, field(ref, "divisor"));
}

static void check_env_field_ref(struct check *c, const json_t *ref)
{
	check_field_ref(c, ref, false);
}

static void check_env_resource_ref(struct check *c, const json_t *ref)
{
	check_resource_field_ref(c, ref, false);
}

/* A key of a ConfigMap or a Secret. */
static void check_key_ref(struct check *c, const json_t *ref)
{
	check_name(c, "name", field(ref, "name"), name_dns_subdomain);
	check_required_name(c, "key", field(ref, "key"), name_config_key);
}

static void check_file_ref(struct check *c, const json_t *ref)
{
	struct str path = field(ref, "path");
	check_required_name(c, "key", field(ref, "key"), name_env);
	check_required_name(c, "volumeName", field(ref, "volumeName"), name_dns_label);
	if (path.n == 0)
		check_required(c, "path", "%s", "");
	else
		check_no_backsteps(c, "path", path);
}

static const struct {
	const char *name;
	void (*check)(struct check *c, const json_t *ref);
} sources[] = {
	{ "fieldRef", check_env_field_ref },  { "resourceFieldRef", check_env_resource_ref },
	{ "configMapKeyRef", check_key_ref }, { "secretKeyRef", check_key_ref },
	{ "fileKeyRef", check_file_ref },
};

static void check_value_from(struct check *c, const json_t *var)
{
	const json_t *from = json_object_get(var, "valueFrom");
	size_t was = check_in(c, "valueFrom"), n = 0;
	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		const json_t *ref = json_object_get(from, sources[i].name);
		if (!ref)
			continue;
		size_t at = check_in(c, sources[i].name);
		sources[i].check(c, ref);
		check_out(c, at);
		n++;
	}
	if (n == 0)
		check_invalid_text(c, NULL, STR(""),
				   "must specify one of: `fieldRef`, `resourceFieldRef`, "
				   "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
	else if (field(var, "value").n)
		check_invalid_text(c, NULL, STR(""),
				   "may not be specified when `value` is not empty");
	else if (n > 1)
		check_invalid_text(c, NULL, STR(""),
				   "may not have more than one field specified at a time");
	check_out(c, was);
}

static void check_env_from(struct check *c, const json_t *list)
{
	size_t was = check_in(c, "envFrom"), i;
	json_t *item;
	json_array_foreach (list, i, item) {
		const json_t *map = json_object_get(item, "configMapRef"),
			     *secret = json_object_get(item, "secretRef");
		size_t at = check_in_index(c, i);
		if (field(item, "prefix").n)
			check_name(c, "prefix", field(item, "prefix"), name_env);
		if (map)
			check_required_name(c, "configMapRef.name", field(map, "name"),
					    name_dns_subdomain);
		if (secret)
			check_required_name(c, "secretRef.name", field(secret, "name"),
					    name_dns_subdomain);
		check_out(c, at);
		if (!map && !secret)
			check_invalid_text(c, NULL, STR(""),
					   "must specify one of: `configMapRef` or `secretRef`");
		else if (map && secret)
			check_invalid_text(c, NULL, STR(""),
					   "may not have more than one field specified at a time");
	}
	check_out(c, was);
}

void check_env(struct check *c, const json_t *container)
{
	size_t was = check_in(c, "env"), i;
	json_t *var;
	json_array_foreach (json_object_get(container, "env"), i, var) {
		size_t at = check_in_index(c, i);
		check_required_name(c, "name", field(var, "name"), name_env);
		if (json_object_get(var, "valueFrom"))
			check_value_from(c, var);
		check_out(c, at);
	}
	check_out(c, was);
	check_env_from(c, json_object_get(container, "envFrom"));
}

/* ---- files of volumes ---- */

static void check_file_volume(struct check *c, const json_t *ref, struct map *volumes)
{
	struct str name = field(ref, "volumeName");
	const json_t *volume = map_get(volumes, name);
	if (!volume)
		check_not_found(c, "volumeName", name, "");
	else if (!json_object_get(volume, "emptyDir"))
		check_invalid_text(c, "volumeName", name,
				   "referenced volume must be of type emptyDir");
}

static void check_files_of(struct check *c, const json_t *container, struct map *volumes)
{
	size_t was = check_in(c, "env"), i;
	json_t *var;
	json_array_foreach (json_object_get(container, "env"), i, var) {
		const json_t *ref = tree_get(var, "valueFrom", "fileKeyRef", NULL);
		size_t at = check_in_index(c, i);
		check_in(c, "valueFrom.fileKeyRef");
		if (ref)
			check_file_volume(c, ref, volumes);
		check_out(c, at);
	}
	check_out(c, was);
}

void check_env_files(struct check *c, const json_t *spec)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	struct map volumes = { 0 };
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(spec, "volumes"), i, item)
		map_put(&volumes, field(item, "name"), item);
	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		size_t was = check_in(c, lists[k]);
		json_array_foreach (json_object_get(spec, lists[k]), i, item) {
			size_t at = check_in_index(c, i);
			check_files_of(c, item, &volumes);
			check_out(c, at);
		}
		check_out(c, was);
	}
	map_free(&volumes, NULL);
}
