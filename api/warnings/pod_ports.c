/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of a pod's containers: which are named or taken twice, and by whom. */
#include "api/object/meta.h"
#include "api/warnings/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

struct port { /* one that was seen, and where */
	const json_t *port;
	char *path;
};
struct ports {
	struct port *items;
	size_t n;
};

static bool same_port(const json_t *a, const json_t *b)
{
	return json_integer_value(json_object_get(a, "containerPort")) ==
		       json_integer_value(json_object_get(b, "containerPort")) &&
	       str_eq(field(a, "protocol"), field(b, "protocol"));
}

static void warn_port_pair(struct warnings *w, const json_t *port, const struct port *other)
{
	struct str a = field(port, "hostIP"), b = field(other->port, "hostIP");
	json_int_t pa = json_integer_value(json_object_get(port, "hostPort")),
		   pb = json_integer_value(json_object_get(other->port, "hostPort"));
	if (str_eq(a, b) && pa == pb)
		warn_at(w, NULL, "duplicate port definition with %s", other->path);
	else if (pa == 0 || pb == 0)
		warn_at(w, NULL, "overlapping port definition with %s", other->path);
	else if (pa == pb && (a.n == 0) != (b.n == 0))
		warn_at(w, NULL, "dangerously ambiguous port definition with %s", other->path);
}

static void keep_port(struct ports *seen, const json_t *port, struct str path)
{
	if ((seen->n & (seen->n - 1)) == 0)
		seen->items = mem_realloc(seen->items,
					  (seen->n ? 2 * seen->n : 1) * sizeof(*seen->items));
	seen->items[seen->n++] = (struct port){ port, str_dup(path) };
}

static void warn_ports(struct warnings *w, const json_t *container, void *ctx)
{
	struct ports *seen = ctx;
	size_t was = check_in(&w->at, "ports"), i;
	json_t *port;
	json_array_foreach (json_object_get(container, "ports"), i, port) {
		size_t at = check_in_index(&w->at, i);
		struct str ip = field(port, "hostIP");
		if (ip.n && json_integer_value(json_object_get(port, "hostPort")) == 0)
			warn_at(w, NULL,
				"hostIP set without hostPort: {Name:%.*s HostPort:0 "
				"ContainerPort:%lld Protocol:%.*s HostIP:%.*s}",
				STR_ARG(field(port, "name")),
				(long long)json_integer_value(
					json_object_get(port, "containerPort")),
				STR_ARG(field(port, "protocol")), STR_ARG(ip));
		for (size_t k = 0; k < seen->n && !w->enough; k++)
			if (same_port(port, seen->items[k].port))
				warn_port_pair(w, port, &seen->items[k]);
		if (seen->n < WARN_PAIRED_MAX)
			keep_port(seen, port, buf_view(&w->at.path));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_port_names(struct warnings *w, const json_t *container, void *ctx)
{
	struct map *names = ctx;
	size_t was = check_in(&w->at, "ports"), i;
	json_t *port;
	json_array_foreach (json_object_get(container, "ports"), i, port) {
		struct str name = field(port, "name");
		size_t at = check_in_index(&w->at, i);
		const char *other = name.n ? map_get(names, name) : NULL;
		if (other)
			warn_at(w, NULL,
				"duplicate port name \"%.*s\" with %s, services and probes that "
				"select ports by name will use %s",
				STR_ARG(name), other, other);
		else if (name.n)
			map_put(names, name, str_dup(buf_view(&w->at.path)));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

void warn_pod_ports(struct warnings *w, const json_t *spec)
{
	struct ports seen = { 0 };
	struct map names = { 0 };
	pod_each_container(w, spec, warn_ports, &seen);
	for (size_t i = 0; i < seen.n; i++)
		free(seen.items[i].path);
	free(seen.items);
	pod_each_container(w, spec, warn_port_names, &names);
	map_free(&names, free);
}
