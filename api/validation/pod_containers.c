/* SPDX-License-Identifier: Apache-2.0 */
/* The three lists of containers of a pod. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
static const char *const pull_policies[] = { "Always", "IfNotPresent", "Never", NULL };
static const char *const message_policies[] = { "File", "FallbackToLogsOnError", NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- one container ---- */

static void check_container_port(struct check *c, const json_t *port, struct map *names)
{
	struct str name = field(port, "name");
	const json_t *host = json_object_get(port, "hostPort"),
		     *number = json_object_get(port, "containerPort");
	if (name.n && !name_ok(name_port(name)))
		check_name(c, "name", name, name_port);
	else if (name.n && seen_before(names, name))
		check_duplicate_text(c, "name", name);
	if (json_integer_value(number) == 0)
		check_required(c, "containerPort", "%s", "");
	else
		check_port(c, "containerPort", number);
	if (json_integer_value(host))
		check_port(c, "hostPort", host);
	check_one_of(c, port, "protocol", protocols, true);
}

static void check_container_ports(struct check *c, const json_t *container)
{
	struct map names = { 0 };
	size_t was = check_in(c, "ports"), i;
	json_t *port;
	json_array_foreach (json_object_get(container, "ports"), i, port) {
		size_t at = check_in_index(c, i);
		check_container_port(c, port, &names);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&names, NULL);
}

static void check_resize_policy(struct check *c, const json_t *container, const json_t *spec)
{
	static const char *const resources[] = { "cpu", "memory", NULL }, *const policies[] = {
		"NotRequired", "RestartContainer", NULL
	};
	struct map seen = { 0 };
	size_t was = check_in(c, "resizePolicy"), i;
	json_t *item;
	json_array_foreach (json_object_get(container, "resizePolicy"), i, item) {
		const json_t *name = json_object_get(item, "resourceName"),
			     *policy = json_object_get(item, "restartPolicy");
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, tree_str(name)))
			check_duplicate_text(c, NULL, tree_str(name));
		check_out(c, at);
		if (tree_str(name).n == 0)
			check_required(c, NULL, "%s", "");
		else if (!str_in(tree_str(name), resources))
			check_unsupported(c, NULL, name, resources);
		if (tree_str(policy).n == 0)
			check_required(c, NULL, "%s", "");
		else if (!str_in(tree_str(policy), policies))
			check_unsupported(c, NULL, policy, policies);
		if (str_eqz(field(spec, "restartPolicy"), "Never") &&
		    !str_eqz(tree_str(policy), "NotRequired"))
			check_invalid_text(
				c, NULL, tree_str(policy),
				"must be 'NotRequired' when pod `restartPolicy` is 'Never'");
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

static void check_restart_rule(struct check *c, const json_t *rule)
{
	static const char *const actions[] = { "Restart", "RestartAllContainers", NULL },
				 *const operators[] = { "In", "NotIn", NULL };
	const json_t *codes = json_object_get(rule, "exitCodes");
	check_known(c, rule, "action", actions);
	if (!codes) {
		check_required(c, "exitCodes", "must be specified");
		return;
	}
	size_t was = check_in(c, "exitCodes"),
	       n = json_array_size(json_object_get(codes, "values"));
	check_known(c, codes, "operator", operators);
	if (n > 255)
		check_too_many(c, "values", n, 255);
	check_out(c, was);
}

static void check_restart(struct check *c, const json_t *container, bool init)
{
	static const char *const policies[] = { "Always", "Never", "OnFailure", NULL };
	const json_t *policy = json_object_get(container, "restartPolicy"),
		     *rules = json_object_get(container, "restartPolicyRules");
	size_t n = json_array_size(rules), i;
	json_t *rule;
	if (!policy && n)
		check_required(c, "restartPolicy",
			       "must specify restartPolicy when restart rules are used");
	if (!policy && init)
		return; /* then upstream looks at no rule */
	if (policy && !str_in(tree_str(policy), policies))
		check_unsupported(c, "restartPolicy", policy, policies);
	if (n > 20)
		check_too_many(c, "restartPolicyRules", n, 20);
	size_t was = check_in(c, "restartPolicyRules");
	json_array_foreach (rules, i, rule) {
		size_t at = check_in_index(c, i);
		check_restart_rule(c, rule);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_image_text(struct check *c, const json_t *container, const struct pod_rules *p)
{
	struct str image = field(container, "image");
	if (image.n == 0)
		check_required(c, "image", "%s", "");
	else if (p->is_pod && str_trim(image).n != image.n)
		check_invalid_text(c, "image", image,
				   "must not have leading or trailing whitespace");
}

static bool host_users(const json_t *spec)
{
	return !json_is_false(json_object_get(spec, "hostUsers"));
}

static void check_common(struct check *c, const json_t *container, const struct pod_rules *p)
{
	check_required_name(c, "name", field(container, "name"), name_dns_label);
	check_image_text(c, container, p);
	check_one_of(c, container, "terminationMessagePolicy", message_policies, true);
	check_container_ports(c, container);
	check_env(c, container);
	check_mounts(c, container, p);
	check_one_of(c, container, "imagePullPolicy", pull_policies, true);
	size_t was = check_in(c, "resources");
	check_resources(c, json_object_get(container, "resources"),
			json_object_get(p->spec, "resourceClaims"), false);
	check_out(c, was);
	check_resize_policy(c, container, p->spec);
	was = check_in(c, "securityContext");
	check_security_context(c, json_object_get(container, "securityContext"),
			       host_users(p->spec));
	check_out(c, was);
}

static void check_hooks(struct check *c, const json_t *container, const struct pod_rules *p)
{
	if (json_object_get(container, "lifecycle"))
		check_lifecycle(c, json_object_get(container, "lifecycle"), p);
	check_probe(c, container, "livenessProbe", p);
	check_probe(c, container, "readinessProbe", p);
	check_probe(c, container, "startupProbe", p);
}

/* ---- host ports ---- */

static void check_host_ports_of(struct check *c, const json_t *container, struct map *seen)
{
	size_t was = check_in(c, "ports"), i;
	json_t *port;
	json_array_foreach (json_object_get(container, "ports"), i, port) {
		json_int_t number = json_integer_value(json_object_get(port, "hostPort"));
		auto_buf text = { 0 };
		if (!number)
			continue;
		buf_printf(&text, "%.*s/%.*s/%lld", STR_ARG(field(port, "protocol")),
			   STR_ARG(field(port, "hostIP")), (long long)number);
		size_t at = check_in_index(c, i);
		if (seen_before(seen, buf_view(&text)))
			check_duplicate_text(c, "hostPort", buf_view(&text));
		check_out(c, at);
	}
	check_out(c, was);
}

/* ---- the lists ---- */

static void check_main(struct check *c, const struct pod_rules *p, struct map *names)
{
	const json_t *list = json_object_get(p->spec, "containers");
	struct map host_ports = { 0 };
	size_t was = check_in(c, "containers"), i;
	json_t *container;
	if (json_array_size(list) == 0)
		check_required(c, NULL, "%s", "");
	json_array_foreach (list, i, container) {
		size_t at = check_in_index(c, i);
		check_common(c, container, p);
		if (seen_before(names, field(container, "name")))
			check_duplicate_text(c, "name", field(container, "name"));
		check_hooks(c, container, p);
		check_restart(c, container, false);
		check_host_ports_of(c, container, &host_ports);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&host_ports, NULL);
}

static void check_init_hooks(struct check *c, const json_t *container, const struct pod_rules *p)
{
	static const char *const fields[] = { "lifecycle", "livenessProbe", "readinessProbe",
					      "startupProbe" };
	if (str_eqz(field(container, "restartPolicy"), "Always")) {
		check_hooks(c, container, p);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (json_object_get(container, fields[i]))
			check_forbidden(
				c, fields[i],
				"may not be set for init containers without restartPolicy=Always");
}

static void check_init(struct check *c, const struct pod_rules *p, struct map *names)
{
	size_t was = check_in(c, "initContainers"), i;
	json_t *container;
	json_array_foreach (json_object_get(p->spec, "initContainers"), i, container) {
		struct map host_ports = { 0 };
		struct str name = field(container, "name");
		size_t at = check_in_index(c, i);
		check_common(c, container, p);
		check_restart(c, container, true);
		if (name.n && seen_before(names, name))
			check_duplicate_text(c, "name", name);
		check_host_ports_of(c, container, &host_ports);
		check_init_hooks(c, container, p);
		check_out(c, at);
		map_free(&host_ports, NULL);
	}
	check_out(c, was);
}

static void check_ephemeral_fields(struct check *c, const json_t *container)
{
	static const char *const forbidden[] = {
		"ports",     "resources",    "livenessProbe", "readinessProbe",    "startupProbe",
		"lifecycle", "resizePolicy", "restartPolicy", "restartPolicyRules"
	};
	size_t i;
	json_t *mount;
	for (i = 0; i < COUNT_OF(forbidden); i++)
		if (!shape_empty(json_object_get(container, forbidden[i])))
			check_forbidden(c, forbidden[i],
					"cannot be set for an Ephemeral Container");
	size_t was = check_in(c, "volumeMounts");
	json_array_foreach (json_object_get(container, "volumeMounts"), i, mount) {
		size_t at = check_in_index(c, i);
		if (field(mount, "subPath").n)
			check_forbidden(c, "subPath", "cannot be set for an Ephemeral Container");
		if (field(mount, "subPathExpr").n)
			check_forbidden(c, "subPathExpr",
					"cannot be set for an Ephemeral Container");
		check_out(c, at);
	}
	check_out(c, was);
}

static void add_names(struct map *names, const json_t *list)
{
	size_t i;
	json_t *container;
	json_array_foreach (list, i, container)
		seen_before(names, field(container, "name"));
}

static void check_ephemeral_containers(struct check *c, const struct pod_rules *p,
				       struct map *names)
{
	struct map others = { 0 };
	size_t was = check_in(c, "ephemeralContainers"), i;
	json_t *container;
	add_names(&others, json_object_get(p->spec, "containers"));
	add_names(&others, json_object_get(p->spec, "initContainers"));
	json_array_foreach (json_object_get(p->spec, "ephemeralContainers"), i, container) {
		struct str target = field(container, "targetContainerName");
		size_t at = check_in_index(c, i);
		check_common(c, container, p);
		if (seen_before(names, field(container, "name")))
			check_duplicate_text(c, "name", field(container, "name"));
		if (target.n && !map_get(&others, target))
			check_not_found(c, "targetContainerName", target, "");
		check_ephemeral_fields(c, container);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&others, NULL);
}

void check_containers(struct check *c, const struct pod_rules *p)
{
	struct map names = { 0 };
	check_main(c, p, &names);
	check_init(c, p, &names);
	check_ephemeral_containers(c, p, &names);
	map_free(&names, NULL);
}
