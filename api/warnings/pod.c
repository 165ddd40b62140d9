/* SPDX-License-Identifier: Apache-2.0 */
/* Pods and their templates. */
#include "api/object/meta.h"
#include "api/values/quantity.h"
#include "api/warnings/warnings.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static bool annotated(const json_t *metadata, const char *key)
{
	return tree_get(metadata, "annotations", key, NULL) != NULL;
}

static void warn_annotation(struct warnings *w, struct str key, const char *text)
{
	size_t was = check_in(&w->at, "metadata.annotations");
	check_in_key(&w->at, key);
	warn_at(w, NULL, "%s", text);
	check_out(&w->at, was);
}

/* ---- where it may run ---- */

static void warn_node_labels(struct warnings *w, const json_t *spec)
{
	const char *key;
	json_t *unused;
	size_t was = check_in(&w->at, "spec.nodeSelector");
	json_object_foreach (json_object_get(spec, "nodeSelector"), key, unused) {
		const char *why = node_label_deprecated(str_from(key));
		size_t at = check_in_key(&w->at, str_from(key));
		if (why)
			warn_at(w, NULL, "%s", why);
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_bad_values(struct warnings *w, const json_t *expression)
{
	size_t was = check_in(&w->at, "values"), i;
	json_t *value;
	json_array_foreach (json_object_get(expression, "values"), i, value) {
		struct name_errors e = name_label_value(tree_str(value));
		size_t at = check_in_index(&w->at, i);
		for (size_t k = 0; k < e.n; k++)
			warn_at(w, NULL, "%.*s is invalid, %s", STR_ARG(tree_str(value)),
				e.text[k]);
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_preferred(struct warnings *w, const json_t *preferred)
{
	size_t was = check_in(&w->at, "preferredDuringSchedulingIgnoredDuringExecution"), i, k;
	json_t *term, *expression;
	json_array_foreach (preferred, i, term) {
		size_t at = check_in_index(&w->at, i);
		check_in(&w->at, "preference.matchExpressions");
		json_array_foreach (tree_get(term, "preference", "matchExpressions", NULL), k,
				    expression) {
			size_t one = check_in_index(&w->at, k);
			struct str key = field(expression, "key");
			const char *why = node_label_deprecated(key);
			if (why)
				warn_at(w, "key", "%.*s is %s", STR_ARG(key), why);
			warn_bad_values(w, expression);
			check_out(&w->at, one);
		}
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_node_affinity(struct warnings *w, const json_t *spec)
{
	static const char required[] = "requiredDuringSchedulingIgnoredDuringExecution",
			  preferred[] = "preferredDuringSchedulingIgnoredDuringExecution";
	const json_t *affinity = tree_get(spec, "affinity", "nodeAffinity", NULL);
	size_t was = check_in(&w->at, "spec.affinity.nodeAffinity"), at;
	at = check_in(&w->at, required);
	check_in(&w->at, "nodeSelectorTerms");
	warn_node_selector_terms(w, tree_get(affinity, required, "nodeSelectorTerms", NULL));
	check_out(&w->at, at);
	warn_preferred(w, json_object_get(affinity, preferred));
	check_out(&w->at, was);
}

static void warn_spread(struct warnings *w, const json_t *spec)
{
	size_t was = check_in(&w->at, "spec.topologySpreadConstraints"), i;
	json_t *item;
	json_array_foreach (json_object_get(spec, "topologySpreadConstraints"), i, item) {
		struct str key = field(item, "topologyKey");
		const char *why = node_label_deprecated(key);
		size_t at = check_in_index(&w->at, i);
		if (why)
			warn_at(w, "topologyKey", "%.*s is %s", STR_ARG(key), why);
		if (!json_object_get(item, "labelSelector"))
			warn_at(w, "labelSelector",
				"a null labelSelector results in matching no pod");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_terms(struct warnings *w, const json_t *affinity, const char *list,
		       const char *inside)
{
	size_t was = check_in(&w->at, list), i;
	json_t *item;
	json_array_foreach (json_object_get(affinity, list), i, item) {
		const json_t *term = inside ? json_object_get(item, inside) : item;
		size_t at = check_in_index(&w->at, i);
		check_in(&w->at, inside);
		if (!json_object_get(term, "labelSelector"))
			warn_at(w, "labelSelector",
				"a null labelSelector results in matching no pod");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_pod_affinity(struct warnings *w, const json_t *spec)
{
	static const char *const kinds[] = { "podAffinity", "podAntiAffinity" };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const json_t *affinity = tree_get(spec, "affinity", kinds[i], NULL);
		size_t was = check_in(&w->at, "spec.affinity");
		check_in(&w->at, kinds[i]);
		warn_terms(w, affinity, "requiredDuringSchedulingIgnoredDuringExecution", NULL);
		warn_terms(w, affinity, "preferredDuringSchedulingIgnoredDuringExecution",
			   "podAffinityTerm");
		check_out(&w->at, was);
	}
}

/* ---- volumes ---- */

static void warn_sources(struct warnings *w, const json_t *spec)
{
	static const struct {
		const char *field, *shown, *text;
	} old[] = {
		{ "photonPersistentDisk", NULL, "deprecated in v1.11, non-functional in v1.16+" },
		{ "gitRepo", NULL, "deprecated in v1.11, and disabled by default in v1.33+" },
		{ "scaleIO", NULL, "deprecated in v1.16, non-functional in v1.22+" },
		{ "flocker", NULL, "deprecated in v1.22, non-functional in v1.25+" },
		{ "storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+" },
		{ "quobyte", NULL, "deprecated in v1.22, non-functional in v1.25+" },
		{ "glusterfs", NULL, "deprecated in v1.25, non-functional in v1.26+" },
		{ "cephfs", NULL, "deprecated in v1.28, non-functional in v1.31+" },
		{ "rbd", NULL, "deprecated in v1.28, non-functional in v1.31+" },
	};
	size_t was = check_in(&w->at, "spec.volumes"), i;
	json_t *volume;
	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		const json_t *template = tree_get(volume, "ephemeral", "volumeClaimTemplate", NULL);
		size_t at = check_in_index(&w->at, i), in;
		for (size_t k = 0; k < COUNT_OF(old); k++)
			if (json_object_get(volume, old[k].field))
				warn_at(w, old[k].shown ? old[k].shown : old[k].field, "%s",
					old[k].text);
		in = check_in(&w->at, "ephemeral.volumeClaimTemplate.spec");
		warn_claim_spec(w, json_object_get(template, "spec"));
		check_out(&w->at, in);
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

/* ---- lists with doubles ---- */

static void warn_doubles(struct warnings *w, const json_t *spec, const char *list, const char *name)
{
	struct map seen = { 0 };
	size_t was = check_in(&w->at, "spec"), i;
	json_t *item;
	check_in(&w->at, list);
	json_array_foreach (json_object_get(spec, list), i, item) {
		size_t at = check_in_index(&w->at, i);
		if (seen_before(&seen, field(item, name)))
			warn_at(w, name, "duplicate %s \"%.*s\"", name, STR_ARG(field(item, name)));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
	map_free(&seen, NULL);
}

static void warn_pull_secrets(struct warnings *w, const json_t *spec)
{
	size_t was, i;
	json_t *item;
	warn_doubles(w, spec, "imagePullSecrets", "name");
	was = check_in(&w->at, "spec.imagePullSecrets");
	json_array_foreach (json_object_get(spec, "imagePullSecrets"), i, item) {
		size_t at = check_in_index(&w->at, i);
		if (field(item, "name").n == 0)
			warn_at(w, "name", "invalid empty name \"\"");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

/* ---- containers ---- */

typedef void (*container_fn)(struct warnings *w, const json_t *container, void *ctx);

static void each_container(struct warnings *w, const json_t *spec, container_fn fn, void *ctx)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		size_t was = check_in(&w->at, "spec"), i;
		json_t *container;
		check_in(&w->at, lists[k]);
		json_array_foreach (json_object_get(spec, lists[k]), i, container) {
			size_t at = check_in_index(&w->at, i);
			fn(w, container, ctx);
			check_out(&w->at, at);
		}
		check_out(&w->at, was);
	}
}

struct around { /* what a container's warnings look at */
	const json_t *metadata, *spec;
	bool template;
	size_t top; /* where the path of the pod ends */
};

static void warn_profile(struct warnings *w, const json_t *container, const struct around *a,
			 const char *prefix, const char *profile, const char *text)
{
	auto_buf key = { 0 };
	buf_printf(&key, "%s%.*s", prefix, STR_ARG(field(container, "name")));
	if (tree_get(container, "securityContext", profile, NULL) || !annotated(a->metadata, key.p))
		return;
	auto_buf here = { 0 };
	buf_str(&here, buf_view(&w->at.path));
	check_out(&w->at, a->top);
	warn_annotation(w, buf_view(&key), text);
	buf_reset(&w->at.path);
	buf_str(&w->at.path, buf_view(&here));
}

/* A later value hides an earlier one unless it refers to it. */
static bool hides(const json_t *item)
{
	struct str name = field(item, "name"), value = field(item, "value");
	auto_free char *ref = str_printf("$(%.*s)", STR_ARG(name));
	return json_object_get(item, "valueFrom") || str_eqz(value, ref) ||
	       !str_contains(value, str_from(ref));
}

static void warn_env(struct warnings *w, const json_t *container)
{
	struct map seen = { 0 };
	size_t was = check_in(&w->at, "env"), i;
	json_t *item;
	json_array_foreach (json_object_get(container, "env"), i, item) {
		size_t at = check_in_index(&w->at, i);
		if (seen_before(&seen, field(item, "name")) && hides(item))
			warn_at(w, NULL,
				"hides previous definition of \"%.*s\", which may be dropped when "
				"using apply",
				STR_ARG(field(item, "name")));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
	map_free(&seen, NULL);
}

static void warn_container(struct warnings *w, const json_t *container, void *ctx)
{
	static const char *const names[] = { "memory", "ephemeral-storage" };
	const struct around *a = ctx;
	const json_t *resources = json_object_get(container, "resources");
	warn_profile(w, container, a, "container.seccomp.security.alpha.kubernetes.io/",
		     "seccompProfile",
		     "non-functional in v1.27+; use the \"seccompProfile\" field instead");
	if (a->template)
		warn_profile(w, container, a, "container.apparmor.security.beta.kubernetes.io/",
			     "appArmorProfile",
			     "deprecated since v1.30; use the \"appArmorProfile\" field instead");
	size_t was = check_in(&w->at, "resources");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		warn_fraction(w, resources, "limits", names[i]);
		warn_fraction(w, resources, "requests", names[i]);
	}
	check_out(&w->at, was);
	warn_env(w, container);
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
		for (size_t k = 0; k < seen->n; k++)
			if (same_port(port, seen->items[k].port))
				warn_port_pair(w, port, &seen->items[k]);
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

static void warn_all_ports(struct warnings *w, const json_t *spec)
{
	struct ports seen = { 0 };
	struct map names = { 0 };
	each_container(w, spec, warn_ports, &seen);
	for (size_t i = 0; i < seen.n; i++)
		free(seen.items[i].path);
	free(seen.items);
	each_container(w, spec, warn_port_names, &names);
	map_free(&names, free);
}

/* ---- the whole ---- */

static void warn_annotations(struct warnings *w, const json_t *metadata)
{
	static const struct {
		const char *key, *text;
	} old[] = {
		{ "scheduler.alpha.kubernetes.io/critical-pod",
		  "non-functional in v1.16+; use the \"priorityClassName\" field instead" },
		{ "security.alpha.kubernetes.io/sysctls",
		  "non-functional in v1.11+; use the \"sysctls\" field instead" },
		{ "security.alpha.kubernetes.io/unsafe-sysctls",
		  "non-functional in v1.11+; use the \"sysctls\" field instead" },
	};
	for (size_t i = 0; i < COUNT_OF(old); i++)
		if (annotated(metadata, old[i].key))
			warn_annotation(w, str_from(old[i].key), old[i].text);
}

static void warn_list_of_ips(struct warnings *w, const json_t *list, const char *path,
			     const char *name)
{
	size_t was = check_in(&w->at, path), i;
	json_t *item;
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(&w->at, i);
		warn_ip(w, name, name ? field(item, name) : tree_str(item));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_overhead(struct warnings *w, const json_t *spec)
{
	size_t was = check_in(&w->at, "spec");
	warn_fraction(w, spec, "overhead", "memory");
	warn_fraction(w, spec, "overhead", "ephemeral-storage");
	check_out(&w->at, was);
}

void warn_pod_spec(struct warnings *w, const json_t *metadata, const json_t *spec, bool template)
{
	static const char seccomp[] = "seccomp.security.alpha.kubernetes.io/pod";
	struct around around = { metadata, spec, template, w->at.path.n };
	warn_node_labels(w, spec);
	warn_node_affinity(w, spec);
	warn_spread(w, spec);
	warn_annotations(w, metadata);
	warn_sources(w, spec);
	warn_pod_paths(w, json_object_get(spec, "volumes"));
	warn_doubles(w, spec, "hostAliases", "ip");
	warn_pull_secrets(w, spec);
	warn_overhead(w, spec);
	if (!tree_get(spec, "securityContext", "seccompProfile", NULL) &&
	    annotated(metadata, seccomp))
		warn_annotation(
			w, str_from(seccomp),
			"non-functional in v1.27+; use the \"seccompProfile\" field instead");
	each_container(w, spec, warn_container, &around);
	warn_all_ports(w, spec);
	if (json_integer_value(json_object_get(spec, "terminationGracePeriodSeconds")) < 0)
		warn_at(w, "spec.terminationGracePeriodSeconds",
			"must be >= 0; negative values are invalid and will be treated as 1");
	warn_pod_affinity(w, spec);
	warn_list_of_ips(w, tree_get(spec, "dnsConfig", "nameservers", NULL),
			 "spec.dnsConfig.nameservers", NULL);
	warn_list_of_ips(w, json_object_get(spec, "hostAliases"), "spec.hostAliases", "ip");
}
