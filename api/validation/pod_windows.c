/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's operating system, and what only one of them knows. */
#include <regex.h>

#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

#define SPEC_MAX_KIB   64
#define DOMAIN_MAX     256
#define USER_MAX       104
#define USER_FORBIDDEN "\"/\\:;|=,+*?<>@[]"

static bool matches(const char *pattern, struct str text)
{
	regex_t re;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	auto_free char *copy = str_dup(text);
	bool yes = regexec(&re, copy, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

static void check_user(struct check *c, const json_t *name, struct str user)
{
	auto_free char *copy = str_dup(user);
	if (user.n == 0)
		check_invalid(c, "runAsUserName", name, "runAsUserName's User cannot be empty");
	else if (user.n > USER_MAX)
		check_invalid(c, "runAsUserName", name,
			      "runAsUserName's User length must not be longer than %d characters",
			      USER_MAX);
	if (user.n && strspn(copy, ". ") == user.n)
		check_invalid(c, "runAsUserName", name,
			      "runAsUserName's User cannot contain only periods or spaces");
	if (strpbrk(copy, USER_FORBIDDEN))
		check_invalid(c, "runAsUserName", name,
			      "runAsUserName's User cannot contain the following characters: "
			      "\"/\\:;|=,+*?<>@[]");
}

static bool has_control(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return true;
	return false;
}

static void check_user_name(struct check *c, const json_t *name)
{
	struct str text = tree_str(name), user = text, domain = STR("");
	size_t slash = str_find(text, '\\');
	if (text.n == 0) {
		check_invalid(c, "runAsUserName", name, "runAsUserName cannot be an empty string");
		return;
	}
	if (has_control(text)) {
		check_invalid(c, "runAsUserName", name,
			      "runAsUserName cannot contain control characters");
		return;
	}
	if (str_rfind(text, '\\') != slash) {
		check_invalid(c, "runAsUserName", name,
			      "runAsUserName cannot contain more than one backslash");
		return;
	}
	if (slash < text.n) {
		domain = str_of(text.p, slash);
		user = str_of(text.p + slash + 1, text.n - slash - 1);
	}
	if (domain.n >= DOMAIN_MAX)
		check_invalid(c, "runAsUserName", name,
			      "runAsUserName's Domain length must be under %d characters",
			      DOMAIN_MAX);
	if (slash < text.n && !matches("^[^\\\\/:*?\"<>|.][^\\\\/:*?\"<>|]{0,14}$", domain) &&
	    !matches("^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])\\.)*([A-Za-z0-9]|[A-Za-"
		     "z0-9][A-Za-z0-9-]*[A-Za-z0-9])$",
		     domain))
		check_invalid(c, "runAsUserName", name,
			      "runAsUserName's Domain doesn't match the NetBios nor the DNS "
			      "format");
	check_user(c, name, user);
}

void check_windows_options(struct check *c, const json_t *context)
{
	const json_t *options = json_object_get(context, "windowsOptions"),
		     *name = json_object_get(options, "gmsaCredentialSpecName"),
		     *spec = json_object_get(options, "gmsaCredentialSpec");
	size_t was = check_in(c, "windowsOptions");
	if (name)
		check_name(c, "gmsaCredentialSpecName", tree_str(name), name_dns_subdomain);
	if (spec && tree_str(spec).n == 0)
		check_invalid(c, "gmsaCredentialSpec", spec,
			      "gmsaCredentialSpec cannot be an empty string");
	else if (spec && tree_str(spec).n > SPEC_MAX_KIB * 1024)
		check_invalid(c, "gmsaCredentialSpec", spec,
			      "gmsaCredentialSpec size must be under %d KiB", SPEC_MAX_KIB);
	if (json_object_get(options, "runAsUserName"))
		check_user_name(c, json_object_get(options, "runAsUserName"));
	check_out(c, was);
}

/* ---- every container of a pod ---- */

typedef void (*visit_fn)(struct check *c, const json_t *container, void *arg);

static void visit(struct check *c, const json_t *spec, visit_fn fn, void *arg)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		size_t was = check_in(c, lists[k]), i;
		json_t *container;
		json_array_foreach (json_object_get(spec, lists[k]), i, container) {
			size_t at = check_in_index(c, i);
			fn(c, container, arg);
			check_out(c, at);
		}
		check_out(c, was);
	}
}

/* ---- host processes ---- */

struct host_process {
	const json_t *pod; /* what the pod says: a bool, or NULL */
	size_t containers, yes;
};

static void count_host_process(struct check *c, const json_t *container, void *arg)
{
	struct host_process *h = arg;
	const json_t *own =
		tree_get(container, "securityContext", "windowsOptions", "hostProcess", NULL);
	h->containers++;
	if (h->pod && own && json_is_true(h->pod) != json_is_true(own))
		check_invalid(c, "securityContext.windowsOptions.hostProcess", own,
			      "pod hostProcess value must be identical if both are specified, was "
			      "%s",
			      json_is_true(h->pod) ? "true" : "false");
	h->yes += json_is_true(own ? own : h->pod);
}

void check_host_process(struct check *c, const json_t *spec)
{
	struct host_process h = { .pod = tree_get(spec, "securityContext", "windowsOptions",
						  "hostProcess", NULL) };
	visit(c, spec, count_host_process, &h);
	if (h.yes == 0)
		return;
	if (h.yes != h.containers)
		check_invalid_text(c, NULL, STR(""),
				   "If pod contains any hostProcess containers then all containers "
				   "must be HostProcess containers");
	if (!json_is_true(json_object_get(spec, "hostNetwork")))
		check_invalid(
			c, "hostNetwork", json_false(),
			"hostNetwork must be true if pod contains any hostProcess containers");
}

/* ---- fields of the other system ---- */

static void forbid(struct check *c, const json_t *context, const char *const *names, size_t n)
{
	size_t was = check_in(c, "securityContext");
	for (size_t i = 0; i < n; i++)
		if (json_object_get(context, names[i]))
			check_forbidden(c, names[i], "cannot be set for a windows pod");
	check_out(c, was);
}

static void forbid_linux(struct check *c, const json_t *container, void *unused)
{
	static const char *const names[] = { "appArmorProfile",
					     "seLinuxOptions",
					     "seccompProfile",
					     "capabilities",
					     "readOnlyRootFilesystem",
					     "privileged",
					     "allowPrivilegeEscalation",
					     "procMount",
					     "runAsUser",
					     "runAsGroup" };
	(void)unused;
	forbid(c, json_object_get(container, "securityContext"), names, COUNT_OF(names));
}

static void check_windows(struct check *c, const json_t *spec)
{
	static const char *const names[] = { "appArmorProfile",     "seLinuxOptions",
					     "seccompProfile",      "fsGroup",
					     "fsGroupChangePolicy", "sysctls",
					     "runAsUser",           "runAsGroup",
					     "supplementalGroups",  "supplementalGroupsPolicy",
					     "seLinuxChangePolicy" };
	static const char *const of_spec[] = { "hostUsers", "hostPID", "hostIPC",
					       "shareProcessNamespace" };
	forbid(c, json_object_get(spec, "securityContext"), names, COUNT_OF(names));
	for (size_t i = 0; i < COUNT_OF(of_spec); i++) {
		const json_t *value = json_object_get(spec, of_spec[i]);
		bool pointer = i == 0 || i == 3;
		if (pointer ? value != NULL : json_is_true(value))
			check_forbidden(c, of_spec[i], "cannot be set for a windows pod");
	}
	visit(c, spec, forbid_linux, NULL);
}

static void forbid_windows(struct check *c, const json_t *holder, void *unused)
{
	(void)unused;
	if (tree_get(holder, "securityContext", "windowsOptions", NULL))
		check_forbidden(c, "securityContext.windowsOptions",
				"windows options cannot be set for a linux pod");
}

void check_os(struct check *c, const json_t *spec)
{
	static const char *const systems[] = { "linux", "windows", NULL };
	const json_t *os = json_object_get(spec, "os");
	struct str name = field(os, "name");
	if (!os)
		return;
	if (name.n == 0) {
		check_required(c, "os.name", "%s", "");
	} else if (!str_in(name, systems)) {
		check_unsupported(c, "os", json_object_get(os, "name"), systems);
	} else if (str_eqz(name, "windows")) {
		check_windows(c, spec);
	} else {
		forbid_windows(c, spec, NULL);
		visit(c, spec, forbid_windows, NULL);
	}
}
