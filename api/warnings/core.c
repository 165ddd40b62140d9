/* SPDX-License-Identifier: Apache-2.0 */
/* Services, secrets, volumes and claims. */
#include "api/object/meta.h"
#include "api/warnings/warnings.h"
#include "base/encode.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

void warn_claim_spec(struct warnings *w, const json_t *spec)
{
	const json_t *resources = json_object_get(spec, "resources");
	size_t was = check_in(&w->at, "resources");
	warn_fraction(w, resources, "requests", "storage");
	warn_fraction(w, resources, "limits", "storage");
	check_out(&w->at, was);
}

/* ---- volumes ---- */

void warn_volume(struct warnings *w, const json_t *volume)
{
	static const char *const old[][2] = {
		{ "cephfs", "cephfs: deprecated in v1.28, non-functional in v1.31+" },
		{ "photonPersistentDisk",
		  "photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+" },
		{ "scaleIO", "scaleIO: deprecated in v1.16, non-functional in v1.22+" },
		{ "storageos", "storageOS: deprecated in v1.22, non-functional in v1.25+" },
		{ "glusterfs", "glusterfs: deprecated in v1.25, non-functional in v1.26+" },
		{ "rbd", "rbd: deprecated in v1.28, non-functional in v1.31+" },
	};
	const json_t *spec = json_object_get(volume, "spec");
	if (warn_annotated(volume, "volume.beta.kubernetes.io/storage-class"))
		warn(w, "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated "
			"since v1.8; use \"storageClassName\" attribute instead");
	if (warn_annotated(volume, "volume.beta.kubernetes.io/mount-options"))
		warn(w, "metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated "
			"since v1.31; use \"mountOptions\" attribute instead");
	if (str_eqz(field(spec, "persistentVolumeReclaimPolicy"), "Recycle"))
		warn(w, "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is "
			"deprecated. Instead, the recommended approach is to use dynamic "
			"provisioning.");
	size_t was = check_in(&w->at, "spec.nodeAffinity.required.nodeSelectorTerms");
	warn_node_selector_terms(w, tree_get(spec, "nodeAffinity", "required", "nodeSelectorTerms",
					     NULL));
	check_out(&w->at, was);
	for (size_t i = 0; i < COUNT_OF(old); i++)
		if (json_object_get(spec, old[i][0]))
			warn(w, "spec.%s", old[i][1]);
}

/* ---- services ---- */

static void warn_list(struct warnings *w, const json_t *spec, const char *name,
		      void (*fn)(struct warnings *w, const char *child, struct str text))
{
	size_t was = check_in(&w->at, "spec"), i;
	json_t *item;
	check_in(&w->at, name);
	json_array_foreach (json_object_get(spec, name), i, item) {
		size_t at = check_in_index(&w->at, i);
		fn(w, NULL, tree_str(item));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void warn_headless(struct warnings *w, const json_t *spec)
{
	if (field(spec, "loadBalancerIP").n)
		warn(w, "spec.loadBalancerIP is ignored for headless services");
	if (json_array_size(json_object_get(spec, "externalIPs")))
		warn(w, "spec.externalIPs is ignored for headless services");
	if (!str_eqz(field(spec, "sessionAffinity"), "None"))
		warn(w, "spec.SessionAffinity is ignored for headless services");
}

void warn_service(struct warnings *w, const json_t *new)
{
	const json_t *spec = json_object_get(new, "spec");
	struct str ip = field(spec, "clusterIP");
	bool headless = str_eqz(ip, "None"), named = str_eqz(field(spec, "type"), "ExternalName"),
	     external = json_array_size(json_object_get(spec, "externalIPs"));
	if (warn_annotated(new, "service.kubernetes.io/topology-aware-hints"))
		warn(w, "annotation service.kubernetes.io/topology-aware-hints is deprecated, "
			"please use service.kubernetes.io/topology-mode instead");
	if (ip.n && !headless && !named)
		warn_list(w, spec, "clusterIPs", warn_ip);
	if (headless && !named)
		warn_headless(w, spec);
	warn_list(w, spec, "externalIPs", warn_ip);
	if (external && !headless && !named)
		warn(w, "spec.externalIPs is deprecated and may no longer be implemented in some "
			"clusters");
	if (field(spec, "loadBalancerIP").n)
		warn_ip(w, "spec.loadBalancerIP", field(spec, "loadBalancerIP"));
	warn_list(w, spec, "loadBalancerSourceRanges", warn_cidr);
	if (named && external)
		warn(w, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
	if (!named && field(spec, "externalName").n)
		warn(w, "spec.externalName is ignored when spec.type is not \"ExternalName\"");
	if (str_eqz(field(spec, "trafficDistribution"), "PreferClose"))
		warn(w, "spec.trafficDistribution: \"PreferClose\" is deprecated; use "
			"\"PreferSameZone\"");
}

/* ---- secrets ---- */

/* The kinds of PEM blocks in a text, "[A B]"; whether one is what is looked for. */
static bool pem_types(struct str text, const char *wanted, struct buf *types)
{
	struct str rest = text, line;
	buf_putc(types, '[');
	while (str_next(&rest, '\n', &line)) {
		line = str_trim(line);
		if (!str_cut_prefix(&line, STR("-----BEGIN ")) || !str_ends(line, STR("-----")))
			continue;
		line.n -= 5;
		if (str_ends(line, str_from(wanted)))
			return true;
		buf_printf(types, "%s%.*s", types->n > 1 ? " " : "", STR_ARG(line));
	}
	buf_putc(types, ']');
	return false;
}

/* Whether a certificate can be looked for in the text at all. */
static bool warn_pem(struct warnings *w, const json_t *secret, const char *key, const char *wanted,
		     const char *input)
{
	auto_buf text = { 0 };
	auto_buf types = { 0 };
	struct str encoded = tree_get_str(secret, "data", key, NULL);
	base64_decode(&text, encoded);
	if (pem_types(text.n ? buf_view(&text) : STR(""), wanted, &types))
		return true;
	if (types.n == 2)
		warn(w, "tls: failed to find any PEM data in %s input", input);
	else if (!strcmp(wanted, "CERTIFICATE"))
		warn(w,
		     "tls: failed to find \"CERTIFICATE\" PEM block in %s input after skipping "
		     "PEM blocks of the following types: %s",
		     input, types.p);
	else
		warn(w,
		     "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in %s "
		     "input after skipping PEM blocks of the following types: %s",
		     input, types.p);
	return false;
}

void warn_secret(struct warnings *w, const json_t *secret)
{
	if (!str_eqz(field(secret, "type"), "kubernetes.io/tls"))
		return;
	if (warn_pem(w, secret, "tls.crt", "CERTIFICATE", "certificate"))
		warn_pem(w, secret, "tls.key", "PRIVATE KEY", "key");
}
