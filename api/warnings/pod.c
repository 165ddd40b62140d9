/* SPDX-License-Identifier: Apache-2.0 */
/* Pods and their templates; pod_placement.c, pod_ports.c and paths.c have parts of it. */
#include "api/object/meta.h"
#include "api/warnings/pod_parts.h"
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

void pod_each_container(struct warnings *w, const json_t *spec, container_fn fn, void *ctx)
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
	warn_pod_node_labels(w, spec);
	warn_pod_node_affinity(w, spec);
	warn_pod_spread(w, spec);
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
	pod_each_container(w, spec, warn_container, &around);
	warn_pod_ports(w, spec);
	if (json_integer_value(json_object_get(spec, "terminationGracePeriodSeconds")) < 0)
		warn_at(w, "spec.terminationGracePeriodSeconds",
			"must be >= 0; negative values are invalid and will be treated as 1");
	warn_pod_affinity(w, spec);
	warn_list_of_ips(w, tree_get(spec, "dnsConfig", "nameservers", NULL),
			 "spec.dnsConfig.nameservers", NULL);
	warn_list_of_ips(w, json_object_get(spec, "hostAliases"), "spec.hostAliases", "ip");
}
