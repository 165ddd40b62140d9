/* SPDX-License-Identifier: Apache-2.0 */
#include "api/warnings/warnings.h"

#include "api/object/meta.h"
#include "api/values/addr.h"
#include "api/values/quantity.h"
#include "base/mem.h"

/* ---- telling ---- */

void warn(struct warnings *w, const char *fmt, ...)
{
	auto_buf text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	w->tell(w->ctx, text.p);
}

void warn_at(struct warnings *w, const char *child, const char *fmt, ...)
{
	auto_buf text = { 0 };
	size_t was = check_in(&w->at, child);
	va_list ap;
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

static const char in_names[] =
	"this is used in Pod names and hostnames, which can result in surprising behavior; a DNS "
	"label is recommended";

static void warn_name(struct warnings *w, const json_t *object, const char *why)
{
	struct name_errors e = name_dns_label(meta_name(object));
	auto_buf list = { 0 };
	for (size_t i = 0; i < e.n; i++)
		buf_printf(&list, "%s%s", i ? " " : "", e.text[i]);
	if (e.n)
		warn_at(w, "metadata.name", "%s: [%s]", why, list.p);
}

static void warn_template(struct warnings *w, const json_t *template, const char *path)
{
	size_t was = check_in(&w->at, path);
	if (template)
		warn_pod_spec(w, json_object_get(template, "metadata"),
			      json_object_get(template, "spec"), true);
	check_out(&w->at, was);
}

static bool spec_changed(const json_t *new, const json_t *old)
{
	return !old || meta_generation(new) != meta_generation(old);
}

static void pod(struct warnings *w, const json_t *new, const json_t *old)
{
	if (old)
		return;
	warn_name(w, new,
		  "this is used in the Pod's hostname, which can result in surprising behavior; a "
		  "DNS label is recommended");
	warn_pod_spec(w, meta_of(new), json_object_get(new, "spec"), false);
}

static void pod_template(struct warnings *w, const json_t *new, const json_t *old)
{
	if (spec_changed(new, old))
		warn_template(w, json_object_get(new, "template"), "template");
}

static void workload(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old)
		warn_name(w, new, in_names);
	if (spec_changed(new, old))
		warn_template(w, tree_get(new, "spec", "template", NULL), "spec.template");
}

static void daemon_set(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old || !shape_equal(tree_get(new, "spec", "template", NULL),
				 tree_get(old, "spec", "template", NULL)))
		warn_template(w, tree_get(new, "spec", "template", NULL), "spec.template");
}

static void stateful_set(struct warnings *w, const json_t *new, const json_t *old)
{
	size_t was, i;
	json_t *claim;
	if (spec_changed(new, old))
		warn_template(w, tree_get(new, "spec", "template", NULL), "spec.template");
	was = check_in(&w->at, "spec.volumeClaimTemplates");
	json_array_foreach (tree_get(new, "spec", "volumeClaimTemplates", NULL), i, claim) {
		size_t at = check_in_index(&w->at, i);
		check_in(&w->at, old ? "Spec" : NULL);
		warn_claim_spec(w, json_object_get(claim, "spec"));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
	if (json_integer_value(tree_get(new, "spec", "revisionHistoryLimit", NULL)) < 0)
		warn_at(w, "spec.revisionHistoryLimit",
			"a negative value retains all historical revisions; a value >= 0 is "
			"recommended");
}

static void warn_job_spec(struct warnings *w, const json_t *spec)
{
	if (str_eqz(tree_get_str(spec, "completionMode", NULL), "Indexed") &&
	    json_integer_value(json_object_get(spec, "completions")) > 100000 &&
	    json_integer_value(json_object_get(spec, "parallelism")) > 10000)
		warn_at(w, NULL,
			"In Indexed Jobs with a number of completions higher than 10^5 and a "
			"parallelism higher than 10^4, Kubernetes might not be able to track "
			"completedIndexes when a big number of indexes fail");
	warn_template(w, json_object_get(spec, "template"), "template");
}

static void job(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old)
		warn_name(w, new, in_names);
	size_t was = check_in(&w->at, "spec");
	if (spec_changed(new, old))
		warn_job_spec(w, json_object_get(new, "spec"));
	check_out(&w->at, was);
}

static void cron_job(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old)
		warn_name(w, new, in_names);
	size_t was = check_in(&w->at, "spec.jobTemplate.spec");
	if (spec_changed(new, old))
		warn_job_spec(w, tree_get(new, "spec", "jobTemplate", "spec", NULL));
	check_out(&w->at, was);
	if (old && str_contains(tree_get_str(new, "spec", "schedule", NULL), STR("TZ")))
		warn(w, "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
			"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for "
			"more details");
}

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

static void warn_addresses(struct warnings *w, const json_t *list, const char *name)
{
	size_t was = check_in(&w->at, name), i;
	json_t *item;
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(&w->at, i);
		if (json_is_string(item))
			warn_ip(w, NULL, tree_str(item));
		else
			warn_ip(w, "ip", tree_get_str(item, "ip", NULL));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void endpoints(struct warnings *w, const json_t *new, const json_t *old)
{
	(void)old;
	size_t was = check_in(&w->at, "subsets"), i;
	json_t *subset;
	json_array_foreach (json_object_get(new, "subsets"), i, subset) {
		size_t at = check_in_index(&w->at, i);
		warn_addresses(w, json_object_get(subset, "addresses"), "addresses");
		warn_addresses(w, json_object_get(subset, "notReadyAddresses"),
			       "notReadyAddresses");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void endpoint_slice(struct warnings *w, const json_t *new, const json_t *old)
{
	size_t was, i;
	json_t *endpoint;
	if (!old && str_eqz(tree_get_str(new, "addressType", NULL), "FQDN"))
		warn(w, "spec.addressType: FQDN endpoints are deprecated");
	was = check_in(&w->at, "endpoints");
	json_array_foreach (json_object_get(new, "endpoints"), i, endpoint) {
		size_t at = check_in_index(&w->at, i);
		warn_addresses(w, json_object_get(endpoint, "addresses"), "addresses");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

static void ingress(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old && warn_annotated(new, "kubernetes.io/ingress.class") &&
	    !tree_get(new, "spec", "ingressClassName", NULL))
		warn(w, "annotation \"kubernetes.io/ingress.class\" is deprecated, please use "
			"'spec.ingressClassName' instead");
}

static void warn_ip_block(struct warnings *w, const json_t *peer)
{
	const json_t *block = json_object_get(peer, "ipBlock");
	size_t was = check_in(&w->at, "ipBlock"), list, i;
	json_t *except;
	if (block)
		warn_cidr(w, "cidr", tree_get_str(block, "cidr", NULL));
	list = check_in(&w->at, "except");
	json_array_foreach (json_object_get(block, "except"), i, except) {
		size_t at = check_in_index(&w->at, i);
		warn_cidr(w, NULL, tree_str(except));
		check_out(&w->at, at);
	}
	check_out(&w->at, list);
	check_out(&w->at, was);
}

static void network_policy(struct warnings *w, const json_t *new, const json_t *old)
{
	static const char *const ways[][2] = { { "ingress", "from" }, { "egress", "to" } };
	(void)old;
	for (size_t k = 0; k < COUNT_OF(ways); k++) {
		size_t was = check_in(&w->at, "spec"), i, j;
		json_t *rule, *peer;
		check_in(&w->at, ways[k][0]);
		json_array_foreach (tree_get(new, "spec", ways[k][0], NULL), i, rule) {
			size_t at = check_in_index(&w->at, i), list = check_in(&w->at, ways[k][1]);
			json_array_foreach (json_object_get(rule, ways[k][1]), j, peer) {
				size_t one = check_in_index(&w->at, j);
				warn_ip_block(w, peer);
				check_out(&w->at, one);
			}
			check_out(&w->at, list);
			check_out(&w->at, at);
		}
		check_out(&w->at, was);
	}
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
	{ "", "endpoints", endpoints },
	{ "", "nodes", node },
	{ "", "persistentvolumeclaims", claim },
	{ "", "persistentvolumes", volume },
	{ "", "pods", pod },
	{ "", "podtemplates", pod_template },
	{ "", "replicationcontrollers", workload },
	{ "", "resourcequotas", quota },
	{ "", "secrets", secret },
	{ "", "services", service },
	{ "storage.k8s.io", "csidrivers", csi_driver },
	{ "apiextensions.k8s.io", "customresourcedefinitions", warn_definition },
	{ "apps", "daemonsets", daemon_set },
	{ "apps", "deployments", workload },
	{ "apps", "replicasets", workload },
	{ "apps", "statefulsets", stateful_set },
	{ "batch", "cronjobs", cron_job },
	{ "batch", "jobs", job },
	{ "discovery.k8s.io", "endpointslices", endpoint_slice },
	{ "networking.k8s.io", "ingresses", ingress },
	{ "networking.k8s.io", "networkpolicies", network_policy },
	{ "node.k8s.io", "runtimeclasses", runtime_class },
};

void object_warnings(const struct api_resource *r, const char *subresource, const json_t *new,
		     const json_t *old, void (*tell)(void *ctx, const char *text), void *ctx)
{
	struct warnings w = { .tell = tell, .ctx = ctx };
	for (size_t i = 0; i < COUNT_OF(rows) && !*subresource; i++)
		if (!strcmp(rows[i].plural, r->plural) && !strcmp(rows[i].group, r->group))
			rows[i].run(&w, new, old);
	buf_free(&w.at.path);
}
