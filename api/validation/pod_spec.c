/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's spec, wherever it stands: pods and templates. The parts are in the pod_*.c files beside this one. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

void check_service_account_name(struct check *c, const char *child, struct str name)
{
	check_name(c, child, name, name_dns_subdomain);
}

/* ---- DNS and names ---- */

static void check_searches(struct check *c, const json_t *searches)
{
	size_t was = check_in(c, "searches"), total = 0, i;
	json_t *item;
	if (json_array_size(searches) > 32)
		check_invalid(c, NULL, searches, "must not have more than 32 search paths");
	json_array_foreach (searches, i, item)
		total += json_string_length(item) + (i ? 1 : 0);
	if (total > 2048)
		check_invalid(c, NULL, searches,
			      "must not have more than 2048 characters (including spaces) in the "
			      "search list");
	json_array_foreach (searches, i, item) {
		struct str search = tree_str(item);
		size_t at = check_in_index(c, i);
		if (search.n > 1 && search.p[search.n - 1] == '.')
			search.n--;
		if (!str_eqz(search, "."))
			check_name(c, NULL, search, name_search_domain);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_dns_config(struct check *c, const json_t *spec)
{
	const json_t *config = json_object_get(spec, "dnsConfig"),
		     *servers = json_object_get(config, "nameservers");
	bool none = str_eqz(field(spec, "dnsPolicy"), "None");
	size_t was = check_in(c, "dnsConfig"), i;
	json_t *item;
	if (none && !config)
		check_required(c, NULL, "must provide `dnsConfig` when `dnsPolicy` is None");
	else if (none && json_array_size(servers) == 0)
		check_required(c, "nameservers",
			       "must provide at least one DNS nameserver when `dnsPolicy` is None");
	if (json_array_size(servers) > 3)
		check_invalid(c, "nameservers", servers, "must not have more than 3 nameservers");
	size_t list = check_in(c, "nameservers");
	json_array_foreach (servers, i, item) {
		size_t at = check_in_index(c, i);
		check_ip(c, NULL, tree_str(item));
		check_out(c, at);
	}
	check_out(c, list);
	check_searches(c, json_object_get(config, "searches"));
	list = check_in(c, "options");
	json_array_foreach (json_object_get(config, "options"), i, item) {
		size_t at = check_in_index(c, i);
		if (field(item, "name").n == 0)
			check_required(c, NULL, "must not be empty");
		check_out(c, at);
	}
	check_out(c, list);
	check_out(c, was);
}

static void check_host_aliases(struct check *c, const json_t *list)
{
	size_t was = check_in(c, "hostAliases"), i, j;
	json_t *alias, *name;
	json_array_foreach (list, i, alias) {
		size_t at = check_in_index(c, i);
		check_ip(c, "ip", field(alias, "ip"));
		size_t names = check_in(c, "hostnames");
		json_array_foreach (json_object_get(alias, "hostnames"), j, name) {
			size_t in = check_in_index(c, j);
			check_name(c, NULL, tree_str(name), name_dns_subdomain);
			check_out(c, in);
		}
		check_out(c, names);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_host_name(struct check *c, const json_t *spec)
{
	const json_t *name = json_object_get(spec, "hostnameOverride");
	if (!name)
		return;
	if (json_is_true(json_object_get(spec, "setHostnameAsFQDN")))
		check_forbidden(c, "hostnameOverride",
				"may not be specified when setHostnameAsFQDN is true");
	if (json_is_true(json_object_get(spec, "hostNetwork")))
		check_forbidden(c, "hostnameOverride",
				"may not be specified when hostNetwork is true");
	if (tree_str(name).n > 64)
		check_too_long(c, "hostnameOverride", 64);
	check_name(c, "hostnameOverride", tree_str(name), name_dns_subdomain);
}

/* ---- gates ---- */

static void check_gates(struct check *c, const json_t *spec)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "readinessGates"), i;
	json_t *gate;
	json_array_foreach (json_object_get(spec, "readinessGates"), i, gate) {
		size_t at = check_in_index(c, i);
		check_name(c, "conditionType", field(gate, "conditionType"), name_label_key);
		check_out(c, at);
	}
	check_out(c, was);
	was = check_in(c, "schedulingGates");
	json_array_foreach (json_object_get(spec, "schedulingGates"), i, gate) {
		size_t at = check_in_index(c, i);
		check_name(c, NULL, field(gate, "name"), name_label_key);
		if (seen_before(&seen, field(gate, "name")))
			check_duplicate_text(c, NULL, field(gate, "name"));
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

/* ---- the rest ---- */

static void check_host_users(struct check *c, const json_t *spec)
{
	if (!json_is_false(json_object_get(spec, "hostUsers")))
		return;
	if (json_is_true(json_object_get(spec, "hostNetwork")))
		check_forbidden(c, "hostNetwork", "when `hostUsers` is false");
	if (json_is_true(json_object_get(spec, "hostPID")))
		check_forbidden(c, "HostPID", "when `hostUsers` is false");
	if (json_is_true(json_object_get(spec, "hostIPC")))
		check_forbidden(c, "HostIPC", "when `hostUsers` is false");
}

static void check_optional_name(struct check *c, const json_t *spec, const char *name,
				name_check rule)
{
	if (field(spec, name).n)
		check_name(c, name, field(spec, name), rule);
}

static void check_names(struct check *c, const json_t *spec)
{
	struct str account = field(spec, "serviceAccountName"), old = field(spec, "serviceAccount");
	check_optional_name(c, spec, "serviceAccountName", name_dns_subdomain);
	if (old.n && !str_eq(old, account))
		check_invalid_text(c, "deprecatedServiceAccount", old,
				   "must be the same as serviceAccountName: \"%.*s\"",
				   STR_ARG(account));
	check_optional_name(c, spec, "nodeName", name_dns_subdomain);
}

static void check_overhead(struct check *c, const json_t *spec)
{
	const json_t *overhead = json_object_get(spec, "overhead");
	json_t *resources = json_object();
	if (overhead)
		json_object_set(resources, "limits", (json_t *)overhead);
	size_t was = check_in(c, "overhead");
	check_resources(c, resources, NULL, false);
	check_out(c, was);
	json_decref(resources);
}

/* With the node's network, a port of the node is that of the container. */
static void check_host_ports(struct check *c, const struct pod_rules *p)
{
	size_t was = check_in(c, "containers"), i, k;
	json_t *container, *port;
	if (json_is_true(json_object_get(p->spec, "hostNetwork")))
		json_array_foreach (json_object_get(p->spec, "containers"), i, container)
			json_array_foreach (json_object_get(container, "ports"), k, port) {
				const json_t *host = json_object_get(port, "hostPort");
				json_int_t v = json_integer_value(host);
				if ((!p->is_pod && v == 0) ||
				    v == json_integer_value(json_object_get(port, "containerPort")))
					continue;
				size_t at = check_in_index(c, i), ports = check_in(c, "ports");
				json_t *shown = json_integer(v);
				check_in_index(c, k);
				check_invalid(c, "hostPort", shown,
					      "must match `containerPort` when `hostNetwork` is "
					      "true");
				json_decref(shown);
				check_out(c, ports);
				check_out(c, at);
			}
	check_out(c, was);
}

static void check_group(struct check *c, const json_t *spec)
{
	const json_t *group = json_object_get(spec, "schedulingGroup"),
		     *name = json_object_get(group, "podGroupName");
	if (group && !name)
		check_invalid(c, "schedulingGroup.podGroupName", NULL,
			      "must specify one of: `podGroupName`");
	else if (group)
		check_name(c, "schedulingGroup.podGroupName", tree_str(name), name_dns_subdomain);
}

static void check_choices(struct check *c, const json_t *spec)
{
	static const char *const restart[] = { "Always", "OnFailure", "Never", NULL };
	static const char *const dns[] = { "ClusterFirstWithHostNet", "ClusterFirst", "Default",
					   "None", NULL };
	check_one_of(c, spec, "restartPolicy", restart, true);
	check_one_of(c, spec, "dnsPolicy", dns, true);
}

static void check_preemption(struct check *c, const json_t *spec)
{
	static const char *const policies[] = { "PreemptLowerPriority", "Never", NULL };
	if (json_object_get(spec, "preemptionPolicy"))
		check_one_of(c, spec, "preemptionPolicy", policies, true);
}

static void check_grace(struct check *c, struct pod_rules *p)
{
	const json_t *grace = json_object_get(p->spec, "terminationGracePeriodSeconds");
	p->has_grace = grace != NULL;
	p->grace_s = json_integer_value(grace);
	if (!grace)
		check_required(c, "terminationGracePeriodSeconds", "%s", "");
}

/* In upstream's order, for errors come in it. */
void check_pod_spec(struct check *c, struct pod_rules *p)
{
	const json_t *spec = p->spec;
	check_grace(c, p);
	check_volumes(c, p);
	check_pod_claims(c, spec);
	check_containers(c, p);
	check_pod_resources(c, spec);
	check_host_ports(c, p);
	check_choices(c, spec);
	check_labels(c, "nodeSelector", json_object_get(spec, "nodeSelector"));
	check_pod_security(c, spec);
	check_affinity(c, json_object_get(spec, "affinity"));
	check_dns_config(c, spec);
	check_gates(c, spec);
	check_topology_spread(c, json_object_get(spec, "topologySpreadConstraints"));
	check_host_process(c, spec);
	check_host_users(c, spec);
	check_host_name(c, spec);
	check_names(c, spec);
	check_range(c, spec, "activeDeadlineSeconds", 1, INT32_MAX);
	check_optional_name(c, spec, "hostname", name_dns_label);
	check_optional_name(c, spec, "subdomain", name_dns_label);
	check_tolerations(c, json_object_get(spec, "tolerations"));
	check_host_aliases(c, json_object_get(spec, "hostAliases"));
	check_optional_name(c, spec, "priorityClassName", name_dns_subdomain);
	if (json_object_get(spec, "runtimeClassName"))
		check_name(c, "runtimeClassName", field(spec, "runtimeClassName"),
			   name_dns_subdomain);
	check_preemption(c, spec);
	check_overhead(c, spec);
	check_os(c, spec);
	check_group(c, spec);
	check_env_files(c, spec);
	map_free(&p->volumes, NULL);
}

void check_pod_template(struct check *c, const json_t *template)
{
	struct pod_rules p = { .spec = json_object_get(template, "spec") };
	check_labels(c, "labels", tree_get(template, "metadata", "labels", NULL));
	check_annotations(c, "annotations", tree_get(template, "metadata", "annotations", NULL));
	size_t was = check_in(c, "spec");
	check_pod_spec(c, &p);
	if (json_array_size(json_object_get(p.spec, "ephemeralContainers")))
		check_forbidden(c, "ephemeralContainers",
				"ephemeral containers not allowed in pod template");
	check_out(c, was);
}
