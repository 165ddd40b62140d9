/* SPDX-License-Identifier: Apache-2.0 */
/* Some fields of a pod need a node that says that it knows them (k8s.io/component-helpers/nodedeclaredfeatures of v1.37). */
#include "base/mem.h"
#include "server/scheduler/plugin.h"

static bool wants_user_namespace_on_host_network(const struct core_v1_pod_spec *spec)
{
	return spec->host_network && spec->host_users && !*spec->host_users;
}

static bool container_restarts_all(const struct core_v1_container *c)
{
	for (size_t i = 0; i < c->restart_policy_rules.n; i++)
		if (str_eqz(c->restart_policy_rules.items[i].action, "RestartAllContainers"))
			return true;
	return false;
}

static bool wants_restart_of_all(const struct core_v1_pod_spec *spec)
{
	bool wants = false;

	for (size_t i = 0; i < spec->containers.n; i++)
		wants |= container_restarts_all(&spec->containers.items[i]);
	for (size_t i = 0; i < spec->init_containers.n; i++)
		wants |= container_restarts_all(&spec->init_containers.items[i]);
	return wants;
}

static bool container_has_bind_options(const struct core_v1_container *c)
{
	for (size_t i = 0; i < c->volume_mounts.n; i++)
		if (c->volume_mounts.items[i].bind_mount_options.n)
			return true;
	return false;
}

static bool wants_bind_options(const struct core_v1_pod_spec *spec)
{
	bool wants = false;

	for (size_t i = 0; i < spec->containers.n; i++)
		wants |= container_has_bind_options(&spec->containers.items[i]);
	for (size_t i = 0; i < spec->init_containers.n; i++)
		wants |= container_has_bind_options(&spec->init_containers.items[i]);
	return wants;
}

static const struct feature {
	const char *name;
	bool (*wants)(const struct core_v1_pod_spec *spec);
} features[] = {
	{ "RestartAllContainersOnContainerExits", wants_restart_of_all },
	{ "UserNamespacesHostNetworkSupport", wants_user_namespace_on_host_network },
	{ "VolumeBindMountOptions", wants_bind_options },
};

static bool declares(const struct core_v1_node *n, const char *name)
{
	for (size_t i = 0; i < n->status.declared_features.n; i++)
		if (str_eqz(n->status.declared_features.items[i], name))
			return true;
	return false;
}

static bool has_all(const struct core_v1_pod *pod, const struct core_v1_node *n)
{
	for (size_t i = 0; i < COUNT_OF(features); i++)
		if (features[i].wants(&pod->spec) && !declares(n, features[i].name))
			return false;
	return true;
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	(void)out;
	for (size_t i = 0; i < COUNT_OF(features); i++)
		if (features[i].wants(&c->pod->spec))
			return true;
	return false;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	if (!has_all(c->pod, n->node))
		verdict_add_final(v, "node(s) didn't match Pod's required features");
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	return !e->node || has_all(pod, e->node);
}

const struct sched_plugin plugin_node_declared_features = { .name = "NodeDeclaredFeatures",
							    .pre_filter = pre_filter,
							    .filter = filter,
							    .events = SCHED_EVENT_NODE_ADD |
								      SCHED_EVENT_NODE_FEATURES |
								      SCHED_EVENT_SELF,
							    .hint = hint };
