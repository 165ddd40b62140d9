/* SPDX-License-Identifier: Apache-2.0 */
/* Security contexts of pods and containers. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static const char *const profile_types[] = { "Localhost", "RuntimeDefault", "Unconfined", NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_id(struct check *c, const json_t *context, const char *child)
{
	check_range(c, context, child, 0, INT32_MAX);
}

static void check_seccomp(struct check *c, const json_t *context)
{
	const json_t *profile = json_object_get(context, "seccompProfile"),
		     *local = json_object_get(profile, "localhostProfile");
	struct str type = field(profile, "type");
	if (!profile)
		return;
	size_t was = check_in(c, "seccompProfile");
	if (type.n == 0)
		check_required(c, "type", "type is required when seccompProfile is set");
	else if (!str_in(type, profile_types))
		check_unsupported(c, "type", json_object_get(profile, "type"), profile_types);
	if (!str_eqz(type, "Localhost")) {
		if (local)
			check_invalid_internal(c, "localhostProfile", "core/v1.SeccompProfile",
					       profile,
					       "can only be set when seccomp type is Localhost");
	} else if (!local) {
		check_required(c, "localhostProfile", "must be set when seccomp type is Localhost");
	} else {
		check_relative_path(c, "localhostProfile", tree_str(local));
	}
	check_out(c, was);
}

static void check_app_armor_local(struct check *c, const json_t *local)
{
	struct str text = tree_str(local), trimmed = str_trim(text);
	if (local && trimmed.n != text.n)
		check_invalid(c, "localhostProfile", local, "must not be padded with whitespace");
	else if (text.n == 0)
		check_required(c, "localhostProfile",
			       "must be set when AppArmor type is Localhost");
	if (text.n > 4095)
		check_too_long(c, "localhostProfile", 4095);
}

static void check_app_armor(struct check *c, const json_t *context)
{
	const json_t *profile = json_object_get(context, "appArmorProfile"),
		     *local = json_object_get(profile, "localhostProfile");
	struct str type = field(profile, "type");
	if (!profile)
		return;
	size_t was = check_in(c, "appArmorProfile");
	if (str_eqz(type, "Localhost"))
		check_app_armor_local(c, local);
	else if (type.n == 0)
		check_required(c, "type", "type is required when appArmorProfile is set");
	else if (!str_in(type, profile_types))
		check_unsupported(c, "type", json_object_get(profile, "type"), profile_types);
	else if (local)
		check_invalid(c, "localhostProfile", local,
			      "can only be set when AppArmor type is Localhost");
	check_out(c, was);
}

static void check_escalation(struct check *c, const json_t *context)
{
	size_t i;
	json_t *capability;
	if (!json_is_false(json_object_get(context, "allowPrivilegeEscalation")))
		return;
	if (json_is_true(json_object_get(context, "privileged")))
		check_invalid_internal(
			c, NULL, "core/v1.SecurityContext", context,
			"cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
	json_array_foreach (tree_get(context, "capabilities", "add", NULL), i, capability)
		if (str_eqz(tree_str(capability), "CAP_SYS_ADMIN"))
			check_invalid_internal(c, NULL, "core/v1.SecurityContext", context,
					       "cannot set `allowPrivilegeEscalation` to false and "
					       "`capabilities.Add` CAP_SYS_ADMIN");
}

void check_security_context(struct check *c, const json_t *context, bool host_users)
{
	static const char *const mounts[] = { "Default", "Unmasked", NULL };
	const json_t *proc = json_object_get(context, "procMount");
	check_id(c, context, "runAsUser");
	check_id(c, context, "runAsGroup");
	if (proc && !str_in(tree_str(proc), mounts))
		check_unsupported(c, "procMount", proc, mounts);
	if (host_users && str_eqz(tree_str(proc), "Unmasked"))
		check_invalid(c, "procMount", proc, "`hostUsers` must be false to use `Unmasked`");
	check_seccomp(c, context);
	check_escalation(c, context);
	check_windows_options(c, context);
	check_app_armor(c, context);
}

/* ---- pods ---- */

static bool sysctl_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
}

/* Segments of [a-z0-9]([-_a-z0-9]*[a-z0-9])? divided by "." or "/". */
static bool valid_sysctl(struct str name)
{
	bool start = true;
	for (size_t i = 0; i < name.n; i++) {
		char ch = name.p[i];
		bool divider = ch == '.' || ch == '/', inner = ch == '-' || ch == '_';
		bool last = i + 1 == name.n || name.p[i + 1] == '.' || name.p[i + 1] == '/';
		if ((divider && (start || i + 1 == name.n)) ||
		    (!divider && !inner && !sysctl_char(ch)) || (inner && (start || last)))
			return false;
		start = divider;
	}
	return name.n > 0 && name.n <= 253;
}

static bool in_namespace(struct str name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (str_starts(name, str_from(*prefixes)))
			return true;
	return false;
}

static void check_host_sysctl(struct check *c, struct str name, const json_t *spec)
{
	static const char *const net[] = { "net.", "net/", NULL };
	static const char *const ipc[] = { "kernel.sem", "kernel.shm", "kernel.msg",
					   "fs.mqueue.", "kernel/sem", "kernel/shm",
					   "kernel/msg", "fs/mqueue/", NULL };
	if (json_is_true(json_object_get(spec, "hostNetwork")) && in_namespace(name, net))
		check_invalid_text(c, "name", name,
				   "may not be specified when 'hostNetwork' is true");
	else if (json_is_true(json_object_get(spec, "hostIPC")) && in_namespace(name, ipc))
		check_invalid_text(c, "name", name, "may not be specified when 'hostIPC' is true");
}

static void check_sysctls(struct check *c, const json_t *context, const json_t *spec)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "sysctls"), i;
	json_t *item;
	json_array_foreach (json_object_get(context, "sysctls"), i, item) {
		struct str name = field(item, "name");
		size_t at = check_in_index(c, i);
		if (name.n == 0)
			check_required(c, "name", "%s", "");
		else if (!valid_sysctl(name))
			check_invalid_text(c, "name", name,
					   "must have at most 253 characters and match regex "
					   "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./"
					   "])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
		else if (seen_before(&seen, name))
			check_duplicate_text(c, "name", name);
		check_host_sysctl(c, name, spec);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

static void check_groups(struct check *c, const json_t *context)
{
	size_t was = check_in(c, "supplementalGroups"), i;
	json_t *group;
	json_array_foreach (json_object_get(context, "supplementalGroups"), i, group) {
		json_int_t id = json_integer_value(group);
		size_t at = check_in_index(c, i);
		if (id < 0 || id > INT32_MAX)
			check_invalid(c, NULL, group, "must be between 0 and %d, inclusive",
				      INT32_MAX);
		check_out(c, at);
	}
	check_out(c, was);
}

void check_pod_security(struct check *c, const json_t *spec)
{
	static const char *const change[] = { "Always", "OnRootMismatch", NULL };
	static const char *const policies[] = { "Merge", "Strict", NULL };
	static const char *const labels[] = { "MountOption", "Recursive", NULL };
	const json_t *context = json_object_get(spec, "securityContext");
	size_t was = check_in(c, "securityContext");
	check_id(c, context, "fsGroup");
	check_id(c, context, "runAsUser");
	check_id(c, context, "runAsGroup");
	check_groups(c, context);
	check_sysctls(c, context, spec);
	check_known_if_set(c, context, "fsGroupChangePolicy", change);
	check_seccomp(c, context);
	check_windows_options(c, context);
	check_app_armor(c, context);
	check_known_if_set(c, context, "supplementalGroupsPolicy", policies);
	check_known_if_set(c, context, "seLinuxChangePolicy", labels);
	check_out(c, was);
	if (json_is_true(json_object_get(spec, "shareProcessNamespace")) &&
	    json_is_true(json_object_get(spec, "hostPID")))
		check_invalid(c, "shareProcessNamespace",
			      json_object_get(spec, "shareProcessNamespace"),
			      "ShareProcessNamespace and HostPID cannot both be enabled");
}
