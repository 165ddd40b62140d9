/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations of admission webhooks. Follows upstream's pkg/apis/admissionregistration/validation and apiserver/pkg/util/webhook. */
#include <ctype.h>

#include "api/object/meta.h"
#include "api/validation/admission_parts.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

#define URL_FORM "; desired format: https://host[/path]"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- where it is ---- */

/* Where a percent sign lacks its two digits; s.n: nowhere. */
static size_t bad_escape(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '%' && (i + 2 >= s.n || !isxdigit((unsigned char)s.p[i + 1]) ||
				      !isxdigit((unsigned char)s.p[i + 2])))
			return i;
	return s.n;
}

/* The parts of scheme://user@host/path?query#fragment, as far as they are complained about. */
static void check_url(struct check *c, struct str url)
{
	struct str scheme = { 0 }, rest = url, fragment = { 0 }, query = { 0 }, host = { 0 };
	size_t at = str_find(rest, '#');
	if (at < rest.n) {
		fragment = str_of(rest.p + at + 1, rest.n - at - 1);
		rest.n = at;
	}
	at = str_find(rest, ':');
	if (at < rest.n && at > 0 && str_find(str_of(rest.p, at), '/') == at) {
		scheme = str_of(rest.p, at);
		rest = str_of(rest.p + at + 1, rest.n - at - 1);
	}
	at = str_find(rest, '?');
	if (at < rest.n) {
		query = str_of(rest.p + at + 1, rest.n - at - 1);
		rest.n = at;
	}
	at = bad_escape(rest);
	if (at < rest.n) {
		size_t n = rest.n - at > 3 ? 3 : rest.n - at;
		check_required(c, NULL,
			       "url must be a valid URL: parse \"%.*s\": invalid URL escape "
			       "\"%.*s\"" URL_FORM,
			       STR_ARG(url), (int)n, rest.p + at);
		return;
	}
	if (str_cut_prefix(&rest, STR("//")))
		host = str_of(rest.p, str_find(rest, '/'));
	if (!str_eqz(scheme, "https"))
		check_invalid_text(c, NULL, scheme,
				   "'https' is the only allowed URL scheme" URL_FORM);
	at = str_rfind(host, '@');
	struct str user = at < host.n ? str_of(host.p, at) : STR("");
	if (at < host.n)
		host = str_of(host.p + at + 1, host.n - at - 1);
	if (host.n == 0)
		check_invalid_text(c, NULL, host, "host must be specified" URL_FORM);
	if (user.n)
		check_invalid_text(c, NULL, user, "user information is not permitted in the URL");
	if (fragment.n)
		check_invalid_text(c, NULL, fragment, "fragments are not permitted in the URL");
	if (query.n)
		check_invalid_text(c, NULL, query, "query parameters are not permitted in the URL");
}

static void check_segments(struct check *c, struct str path)
{
	struct str rest = str_of(path.p + 1, path.n - 1);
	if (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	for (size_t i = 0, more = 1; more; i++) {
		size_t slash = str_find(rest, '/');
		struct str step = str_of(rest.p, slash);
		struct name_errors e = name_dns_subdomain(step);
		if (step.n == 0)
			check_invalid_text(c, "path", path, "segment[%zu] may not be empty", i);
		for (size_t k = 0; step.n && k < e.n; k++)
			check_invalid_text(c, "path", path, "segment[%zu]: %s", i, e.text[k]);
		more = slash < rest.n;
		rest = more ? str_of(rest.p + slash + 1, rest.n - slash - 1) : rest;
	}
}

static void check_service(struct check *c, const json_t *service)
{
	struct str path = field(service, "path");
	int64_t port = tree_int(json_object_get(service, "port"), 0);
	/* upstream takes one for the other when it looks whether they are there */
	if (field(service, "namespace").n == 0)
		check_required(c, "name", "%s", "");
	if (field(service, "name").n == 0)
		check_required(c, "namespace", "%s", "");
	if (port < 1 || port > 65535)
		check_invalid_number(c, "port", port,
				     "port is not valid: must be between 1 and 65535, inclusive");
	if (path.n == 0 || str_eqz(path, "/"))
		return;
	if (str_eqz(path, "//")) {
		check_invalid_text(c, "path", path, "segment[0] may not be empty");
		return;
	}
	if (*path.p != '/')
		check_invalid_text(c, "path", path, "must start with a '/'");
	check_segments(c, path);
}

void check_webhook_client(struct check *c, const json_t *client)
{
	const json_t *url = json_object_get(client, "url"),
		     *service = json_object_get(client, "service");
	if (!url == !service) {
		check_required(c, NULL, "exactly one of url or service is required");
		return;
	}
	size_t was = check_in(c, url ? "url" : "service");
	if (url)
		check_url(c, tree_str(url));
	else
		check_service(c, service);
	check_out(c, was);
}

/* ---- one hook ---- */

static void check_hook_name(struct check *c, struct str name)
{
	size_t dots = 0, before = check_causes(c);
	for (size_t i = 0; i < name.n; i++)
		dots += name.p[i] == '.';
	check_required_name(c, "name", name, name_dns_subdomain);
	if (!check_failed(c, before) && dots < 2)
		check_invalid_text(
			c, "name", name,
			"should be a domain with at least three segments separated by dots");
}

static void check_rules(struct check *c, const json_t *hook)
{
	size_t was = check_in(c, "rules"), i;
	json_t *rule;
	json_array_foreach (json_object_get(hook, "rules"), i, rule) {
		size_t at = check_in_index(c, i);
		check_operations_rule(c, rule);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_hook(struct check *c, const json_t *hook)
{
	static const char *const effects[] = { "None", "NoneOnDryRun", NULL };
	const json_t *timeout = json_object_get(hook, "timeoutSeconds");
	check_hook_name(c, field(hook, "name"));
	check_rules(c, hook);
	check_known_if_set(c, hook, "failurePolicy", admission_failure_policies);
	check_known_if_set(c, hook, "matchPolicy", admission_match_policies);
	if (!json_object_get(hook, "sideEffects"))
		check_required(c, "sideEffects", "must specify one of None, NoneOnDryRun");
	else if (!str_in(field(hook, "sideEffects"), effects))
		check_unsupported(c, "sideEffects", json_object_get(hook, "sideEffects"), effects);
	if (timeout && (json_integer_value(timeout) < 1 || json_integer_value(timeout) > 30))
		check_invalid(c, "timeoutSeconds", timeout,
			      "the timeout value must be between 1 and 30 seconds");
	check_label_selector(c, "namespaceSelector", json_object_get(hook, "namespaceSelector"));
	check_label_selector(c, "objectSelector", json_object_get(hook, "objectSelector"));
	check_known_if_set(c, hook, "reinvocationPolicy", admission_reinvocation_policies);
	size_t was = check_in(c, "clientConfig");
	check_webhook_client(c, json_object_get(hook, "clientConfig"));
	check_out(c, was);
	check_match_conditions(c, hook);
}

static void check_review_versions(struct check *c, const json_t *hook)
{
	static const char *const accepted[] = { "v1", "v1beta1", NULL };
	const json_t *list = json_object_get(hook, "admissionReviewVersions");
	struct map seen = { 0 };
	size_t was = check_in(c, "admissionReviewVersions"), i;
	bool any = false;
	json_t *version;
	if (json_array_size(list) == 0)
		check_required(c, NULL, "must specify one of v1, v1beta1");
	json_array_foreach (list, i, version) {
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, tree_str(version)))
			check_invalid(c, NULL, version, "duplicate version");
		else
			check_name(c, NULL, tree_str(version), name_dns1035_label);
		any = any || str_in(tree_str(version), accepted);
		check_out(c, at);
	}
	if (json_array_size(list) && !any)
		check_invalid(c, NULL, list, "must include at least one of v1, v1beta1");
	check_out(c, was);
	map_free(&seen, NULL);
}

void validate_webhooks(struct check *c, const json_t *configuration)
{
	struct map names = { 0 };
	size_t was = check_in(c, "webhooks"), i;
	json_t *hook;
	json_array_foreach (json_object_get(configuration, "webhooks"), i, hook) {
		struct str name = field(hook, "name");
		size_t at = check_in_index(c, i);
		check_hook(c, hook);
		check_review_versions(c, hook);
		if (name.n && seen_before(&names, name))
			check_duplicate_text(c, "name", name);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&names, NULL);
}
