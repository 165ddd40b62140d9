/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/app_armor.h"

#include "base/file.h"

#define ANNOTATION "container.apparmor.security.beta.kubernetes.io/"
#define ENABLED    "/sys/module/apparmor/parameters/enabled"

static bool is_profile(const struct core_v1_app_armor_profile *p)
{
	return p && !str_eqz(p->type, "Unconfined");
}

static bool any_asks(const struct core_v1_container *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].security_context &&
		    is_profile(list[i].security_context->app_armor_profile))
			return true;
	return false;
}

static bool asks(const struct core_v1_pod *pod)
{
	const struct core_v1_pod_spec *spec = &pod->spec;
	if ((spec->security_context && is_profile(spec->security_context->app_armor_profile)) ||
	    any_asks(spec->containers.items, spec->containers.n) ||
	    any_asks(spec->init_containers.items, spec->init_containers.n))
		return true;
	for (size_t i = 0; i < pod->metadata.annotations.n; i++)
		if (str_starts(pod->metadata.annotations.items[i].key, STR(ANNOTATION)) &&
		    !str_eqz(pod->metadata.annotations.items[i].value, "unconfined"))
			return true;
	return false;
}

static bool host_has_it(void)
{
	auto_buf b = { 0 };
	return file_read(ENABLED, 16, &b, NULL) == 0 && b.n && b.p[0] == 'Y';
}

bool app_armor_admitted(const struct core_v1_pod *pod, struct buf *why)
{
	if (!asks(pod))
		return true;
	buf_printf(why, "Cannot enforce AppArmor: %s",
		   host_has_it() ? "the runtime sets no profiles"
				 : "AppArmor is not enabled on the host");
	return false;
}
