/* SPDX-License-Identifier: Apache-2.0 */
#include "api/warnings/warnings.h"

#include "api/object/meta.h"
#include "api/values/addr.h"
#include "api/values/quantity.h"
#include "api/warnings/kinds.h"
#include "base/mem.h"

/* ---- telling ---- */

void warn(struct warnings *w, const char *fmt, ...)
{
	auto_buf text = { 0 };
	va_list ap;
	if (w->enough)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	w->enough = !w->tell(w->ctx, text.p);
}

void warn_at(struct warnings *w, const char *child, const char *fmt, ...)
{
	auto_buf text = { 0 };
	va_list ap;
	if (w->enough)
		return;
	size_t was = check_in(&w->at, child);
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	warn(w, "%s: %s", w->at.path.p, text.p);
	check_out(&w->at, was);
}

bool warn_annotated(const json_t *object, const char *key)
{
	return json_object_get(meta_annotations(object), key) != NULL;
}

void warn_ip(struct warnings *w, const char *child, struct str text)
{
	char canonical[ADDR_TEXT_MAX];
	struct addr ip;
	if (!addr_parse(text, &ip))
		return;
	addr_text(&ip, canonical);
	if (ip.zeros || ip.mapped)
		warn_at(w, child, "non-standard IP address \"%.*s\" is invalid: use \"%s\"",
			STR_ARG(text), canonical);
	else if (ip.family == 6 && !str_eqz(text, canonical))
		warn_at(w, child,
			"IPv6 address \"%.*s\" should be in RFC 5952 canonical format (\"%s\")",
			STR_ARG(text), canonical);
}

void warn_cidr(struct warnings *w, const char *child, struct str text)
{
	char whole[ADDR_TEXT_MAX], masked[ADDR_TEXT_MAX];
	struct addr_range cidr;
	struct addr net;
	auto_buf canonical = { 0 };
	if (!addr_range_parse(text, &cidr))
		return;
	net = addr_range_masked(&cidr);
	addr_text(&net, masked);
	addr_text(&cidr.ip, whole);
	buf_printf(&canonical, "%s/%d", whole, cidr.bits);
	if (strcmp(whole, masked) != 0)
		warn_at(w, child,
			"CIDR value \"%.*s\" is ambiguous in this context (should be \"%s/%d\" or "
			"\"%s/%d\"?)",
			STR_ARG(text), masked, cidr.bits, whole, cidr.ip.family == 4 ? 32 : 128);
	else if (cidr.ip.family == 6 && !str_eq(text, buf_view(&canonical)))
		warn_at(w, child,
			"IPv6 CIDR value \"%.*s\" should be in RFC 5952 canonical format (\"%s\")",
			STR_ARG(text), canonical.p);
}

void warn_fraction(struct warnings *w, const json_t *holder, const char *list, const char *name)
{
	const json_t *value = tree_get(holder, list, name, NULL);
	struct quantity q;
	if (!value || quantity_parse(tree_str(value), &q, NULL) < 0 || q.nano % 1000000000 == 0)
		return;
	size_t was = check_in(&w->at, list);
	check_in_key(&w->at, str_from(name));
	warn_at(w, NULL, "fractional byte value \"%.*s\" is invalid, must be an integer",
		STR_ARG(tree_str(value)));
	check_out(&w->at, was);
}

/* ---- labels of nodes ---- */

const char *node_label_deprecated(struct str key)
{
	static const struct {
		const char *key, *text;
	} labels[] = {
		{ "beta.kubernetes.io/arch",
		  "deprecated since v1.14; use \"kubernetes.io/arch\" instead" },
		{ "beta.kubernetes.io/os",
		  "deprecated since v1.14; use \"kubernetes.io/os\" instead" },
		{ "failure-domain.beta.kubernetes.io/region",
		  "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead" },
		{ "failure-domain.beta.kubernetes.io/zone",
		  "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead" },
		{ "beta.kubernetes.io/instance-type",
		  "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead" },
		{ "app.kubernetes.io/created-by", "deprecated since v1.9" },
		{ "scheduler.alpha.kubernetes.io/preferAvoidPods",
		  "deprecated since v1.22; use Taints and Tolerations instead" },
		{ "node-role.kubernetes.io/master",
		  "use \"node-role.kubernetes.io/control-plane\" instead" },
	};
	for (size_t i = 0; i < COUNT_OF(labels); i++)
		if (str_eqz(key, labels[i].key))
			return labels[i].text;
	return NULL;
}

static void warn_expressions(struct warnings *w, const json_t *term)
{
	size_t was = check_in(&w->at, "matchExpressions"), i;
	json_t *item;
	json_array_foreach (json_object_get(term, "matchExpressions"), i, item) {
		struct str key = tree_get_str(item, "key", NULL);
		const char *why = node_label_deprecated(key);
		size_t at = check_in_index(&w->at, i);
		if (why)
			warn_at(w, "key", "%.*s is %s", STR_ARG(key), why);
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

void warn_node_selector_terms(struct warnings *w, const json_t *terms)
{
	size_t i;
	json_t *term;
	json_array_foreach (terms, i, term) {
		size_t at = check_in_index(&w->at, i);
		warn_expressions(w, term);
		check_out(&w->at, at);
	}
}

/* ---- kinds ---- */

static void node(struct warnings *w, const json_t *new, const json_t *old)
{
	(void)old;
	size_t was, i;
	json_t *cidr;
	if (tree_get(new, "spec", "configSource", NULL))
		warn(w, "spec.configSource: the feature is removed");
	if (tree_get_str(new, "spec", "externalID", NULL).n)
		warn(w, "spec.externalID: this field is deprecated, and is unused by Kubernetes");
	was = check_in(&w->at, "spec.podCIDRs");
	json_array_foreach (tree_get(new, "spec", "podCIDRs", NULL), i, cidr) {
		size_t at = check_in_index(&w->at, i);
		warn_cidr(w, NULL, tree_str(cidr));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void quota(struct warnings *w, const json_t *new, const json_t *old)
{
	static const char *const names[] = { "cpu", "memory", "storage", "ephemeral-storage" };
	const json_t *hard = tree_get(new, "spec", "hard", NULL);
	for (size_t i = 0; i < COUNT_OF(names) && !old; i++) {
		auto_free char *request = str_printf("requests.%s", names[i]);
		auto_free char *limit = str_printf("limits.%s", names[i]);
		const char *shown = request;
		struct quantity r, l;
		if (!json_object_get(hard, shown) && i < 2)
			shown = names[i];
		struct str a = tree_str(json_object_get(hard, shown)),
			   b = tree_str(json_object_get(hard, limit));
		if (a.n && b.n && quantity_parse(a, &r, NULL) == 0 &&
		    quantity_parse(b, &l, NULL) == 0 && quantity_cmp(r, l) > 0)
			warn(w, "ResourceQuota %s (%.*s) should be less than %s (%.*s)", shown,
			     STR_ARG(a), limit, STR_ARG(b));
	}
}

static void claim(struct warnings *w, const json_t *new, const json_t *old)
{
	(void)old;
	if (warn_annotated(new, "volume.beta.kubernetes.io/storage-class"))
		warn(w, "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated "
			"since v1.8; use \"storageClassName\" attribute instead");
	size_t was = check_in(&w->at, "spec");
	warn_claim_spec(w, json_object_get(new, "spec"));
	check_out(&w->at, was);
}

static void volume(struct warnings *w, const json_t *new, const json_t *old)
{
	(void)old;
	warn_volume(w, new);
}

static void service(struct warnings *w, const json_t *new, const json_t *old)
{
	(void)old;
	warn_service(w, new);
}

static void csi_driver(struct warnings *w, const json_t *new, const json_t *old)
{
	const json_t *tokens = tree_get(new, "spec", "tokenRequests", NULL),
		     *before = tree_get(old, "spec", "tokenRequests", NULL);
	if (json_array_size(tokens) == 0 || (old && before && shape_equal(tokens, before)))
		return;
	if (!tree_get(new, "spec", "serviceAccountTokenInSecrets", NULL))
		warn(w, "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI "
			"driver, set to true to prevent possible logging of tokens in volume "
			"attributes");
}

static void secret(struct warnings *w, const json_t *new, const json_t *old)
{
	(void)old;
	warn_secret(w, new);
}

static void device_slice(struct warnings *w, const json_t *new, const json_t *old)
{
	struct str driver = tree_get_str(new, "spec", "driver", NULL);
	auto_free char *small = str_lower(driver);
	(void)old;
	if (!str_eqz(driver, small))
		warn(w,
		     "spec.driver: driver names should be lowercase; \"%.*s\" contains uppercase "
		     "characters",
		     STR_ARG(driver));
}

static void runtime_class(struct warnings *w, const json_t *new, const json_t *old)
{
	const char *key;
	json_t *unused;
	json_object_foreach (tree_get(new, "scheduling", "nodeSelector", NULL), key, unused) {
		const char *why = node_label_deprecated(str_from(key));
		if (!old && why)
			warn(w, "scheduling.nodeSelector: %s", why);
	}
}

static const struct {
	const char *group, *plural;
	void (*run)(struct warnings *w, const json_t *new, const json_t *old);
} rows[] = {
	{ "", "endpoints", warn_of_endpoints },
	{ "", "nodes", node },
	{ "", "persistentvolumeclaims", claim },
	{ "", "persistentvolumes", volume },
	{ "", "pods", warn_of_pod },
	{ "", "podtemplates", warn_of_pod_template },
	{ "", "replicationcontrollers", warn_of_replication_controller },
	{ "", "resourcequotas", quota },
	{ "", "secrets", secret },
	{ "", "services", service },
	{ "storage.k8s.io", "csidrivers", csi_driver },
	{ "apiextensions.k8s.io", "customresourcedefinitions", warn_definition },
	{ "apps", "daemonsets", warn_of_daemon_set },
	{ "apps", "deployments", warn_of_workload },
	{ "apps", "replicasets", warn_of_workload },
	{ "apps", "statefulsets", warn_of_stateful_set },
	{ "batch", "cronjobs", warn_of_cron_job },
	{ "batch", "jobs", warn_of_job },
	{ "discovery.k8s.io", "endpointslices", warn_of_endpoint_slice },
	{ "networking.k8s.io", "ingresses", warn_of_ingress },
	{ "networking.k8s.io", "networkpolicies", warn_of_network_policy },
	{ "node.k8s.io", "runtimeclasses", runtime_class },
	{ "resource.k8s.io", "resourceslices", device_slice },
};

void object_warnings(const struct api_resource *r, const char *subresource, const json_t *new,
		     const json_t *old, bool (*tell)(void *ctx, const char *text), void *ctx)
{
	struct warnings w = { .tell = tell, .ctx = ctx };
	for (size_t i = 0; i < COUNT_OF(rows) && !*subresource; i++)
		if (!strcmp(rows[i].plural, r->plural) && !strcmp(rows[i].group, r->group))
			rows[i].run(&w, new, old);
	buf_free(&w.at.path);
}
