/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/node_status.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/version.h"

#define IMAGES_MAX 50 /* upstream's --node-status-max-images */
#define NAMES_MAX  5

static const struct {
	const char *type, *reasons[2], *messages[2];
} conditions[] = {
	[NODE_MEMORY_PRESSURE] = { "MemoryPressure",
				   { "KubeletHasSufficientMemory", "KubeletHasInsufficientMemory" },
				   { "kubelet has sufficient memory available",
				     "kubelet has insufficient memory available" } },
	[NODE_DISK_PRESSURE] = { "DiskPressure",
				 { "KubeletHasNoDiskPressure", "KubeletHasDiskPressure" },
				 { "kubelet has no disk pressure", "kubelet has disk pressure" } },
	[NODE_PID_PRESSURE] = { "PIDPressure",
				{ "KubeletHasSufficientPID", "KubeletHasInsufficientPID" },
				{ "kubelet has sufficient PID available",
				  "kubelet has insufficient PID available" } },
	[NODE_READY] = { "Ready",
			 { "KubeletNotReady", "KubeletReady" },
			 { "container runtime network not ready: NetworkReady=false "
			   "reason:NetworkPluginNotReady message:no pod CIDR yet",
			   "kubelet is posting ready status" } },
};

static void write_conditions(const struct node_view *v, int64_t heartbeat_us, struct buf *out)
{
	char now[TIME_TEXT_MAX], since[TIME_TEXT_MAX];
	time_format(heartbeat_us / 1000000, now);
	for (int i = 0; i < NODE_CONDITIONS; i++) {
		bool value = v->conditions[i].value;
		time_format(v->conditions[i].since_us / 1000000, since);
		buf_printf(out, "%s{\"type\":\"%s\",\"status\":\"%s\"", i ? "," : "",
			   conditions[i].type, value ? "True" : "False");
		if (heartbeat_us)
			buf_printf(out,
				   ",\"lastHeartbeatTime\":\"%s\",\"lastTransitionTime\":\"%s\"",
				   now, since);
		buf_printf(out, ",\"reason\":\"%s\",\"message\":\"%s\"}",
			   conditions[i].reasons[value], conditions[i].messages[value]);
	}
}

static void write_amounts(const struct node_view *v, bool allocatable, struct buf *out)
{
	const struct machine *m = v->machine;
	long long memory = allocatable ? m->allocatable_bytes : m->memory_bytes;
	if (m->cpu_milli % 1000)
		buf_printf(out, "\"cpu\":\"%lldm\"", (long long)m->cpu_milli);
	else
		buf_printf(out, "\"cpu\":\"%lld\"", (long long)m->cpu_milli / 1000);
	if (allocatable)
		buf_printf(out, ",\"ephemeral-storage\":\"%lld\"",
			   (long long)m->allocatable_disk_bytes);
	else
		buf_printf(out, ",\"ephemeral-storage\":\"%lldKi\"",
			   (long long)m->disk_bytes >> 10);
	buf_printf(out, ",\"memory\":\"%lldKi\",\"pods\":\"%d\"", memory >> 10, v->max_pods);
}

static void write_text(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, ",\"%s\":", key);
	buf_json_string(out, str_from(value));
}

static void write_info(const struct machine *m, struct buf *out)
{
	buf_puts(out, "\"nodeInfo\":{\"machineID\":");
	buf_json_string(out, str_from(m->machine_id));
	write_text(out, "systemUUID", m->system_uuid);
	write_text(out, "bootID", m->boot_id);
	write_text(out, "kernelVersion", m->kernel);
	write_text(out, "osImage", m->os_image);
	write_text(out, "containerRuntimeVersion", "allinone://" KUBERNETES_VERSION);
	write_text(out, "kubeletVersion", KUBERNETES_VERSION);
	write_text(out, "kubeProxyVersion", "");
	write_text(out, "operatingSystem", "linux");
	write_text(out, "architecture", m->architecture);
	buf_putc(out, '}');
}

/* What pods may ask for and not every node has. Features by name and in order (k8s.io/component-helpers/nodedeclaredfeatures). */
static void write_abilities(struct buf *out)
{
	buf_puts(out,
		 ",\"features\":{\"supplementalGroupsPolicy\":true},\"runtimeHandlers\":[{\"name\":"
		 "\"\",\"features\":{\"recursiveReadOnlyMounts\":true,\"userNamespaces\":false}}],"
		 "\"declaredFeatures\":[\"InPlacePodLevelResourcesVerticalScaling\","
		 "\"InPlacePodVerticalScalingInitContainers\","
		 "\"RestartAllContainersOnContainerExits\"]");
}

void node_status_write(const struct node_view *v, int64_t heartbeat_us, bool as_patch,
		       struct buf *out)
{
	buf_puts(out, "{\"capacity\":{");
	write_amounts(v, false, out);
	buf_puts(out, "},\"allocatable\":{");
	write_amounts(v, true, out);
	buf_puts(out, "},\"conditions\":[");
	write_conditions(v, heartbeat_us, out);
	/* They merge by type, of which there may be two: a patch has to replace the list. */
	buf_puts(out,
		 as_patch ? "],\"addresses\":[{\"$patch\":\"replace\"}," : "],\"addresses\":[");
	for (size_t i = 0; v->ips[i]; i++)
		buf_printf(out, "{\"type\":\"InternalIP\",\"address\":\"%s\"},", v->ips[i]);
	buf_printf(out, "{\"type\":\"Hostname\",\"address\":\"%s\"}],", v->name);
	buf_printf(out, "\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":%d}},", v->port);
	write_info(v->machine, out);
	write_abilities(out);
	buf_printf(out, ",\"images\":%.*s}", STR_ARG(v->images.n ? v->images : STR("[]")));
}

bool node_status_is_shown(const struct node_view *v, const struct core_v1_node *node)
{
	int shown = 0;
	for (size_t i = 0; i < node->status.conditions.n; i++) {
		const struct core_v1_node_condition *c = &node->status.conditions.items[i];
		for (int k = 0; k < NODE_CONDITIONS; k++)
			shown += str_eqz(c->type, conditions[k].type) &&
				 str_eqz(c->status, v->conditions[k].value ? "True" : "False");
	}
	return shown == NODE_CONDITIONS;
}

static int by_size(const void *a, const void *b)
{
	const struct image *x = *(struct image *const *)a, *y = *(struct image *const *)b;
	return x->size_bytes < y->size_bytes ? 1 : x->size_bytes > y->size_bytes ? -1 : 0;
}

void node_status_images(struct image_store *s, struct buf *out)
{
	struct image **list = NULL;
	size_t n = 0;
	buf_puts(out, "[");
	if (image_list(s, &list, &n, NULL) < 0)
		n = 0;
	if (n)
		qsort(list, n, sizeof(*list), by_size);
	for (size_t i = 0; i < n; i++) {
		if (i < IMAGES_MAX) {
			buf_puts(out, i ? ",{\"names\":[" : "{\"names\":[");
			for (size_t k = 0; k < NAMES_MAX && list[i]->names && list[i]->names[k];
			     k++) {
				buf_puts(out, k ? "," : "");
				buf_json_string(out, str_from(list[i]->names[k]));
			}
			buf_printf(out, "],\"sizeBytes\":%lld}", (long long)list[i]->size_bytes);
		}
		image_free(list[i]);
	}
	free(list);
	buf_puts(out, "]");
}
