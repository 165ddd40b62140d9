/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/sysctls.h"
#include "base/mem.h"

static const char *verdict(const char *name, bool host_network, const char *allowed)
{
	static char text[256];
	auto_buf why = { 0 };
	struct core_v1_sysctl one = { str_from(name), STR("1") };
	struct core_v1_pod_security_context sc = { .sysctls = { &one, 1 } };
	struct core_v1_pod_spec spec = { .security_context = &sc, .host_network = host_network };
	bool ok = sysctls_admitted(&spec, allowed, &why);
	assert_int_equal(ok, why.n == 0);
	snprintf(text, sizeof(text), "%s", ok ? "" : why.p);
	return text;
}

static void what_is_safe_is_admitted(void **state)
{
	(void)state;
	assert_string_equal(verdict("net.ipv4.tcp_syncookies", false, ""), "");
	assert_string_equal(verdict("net/ipv4/tcp_syncookies", false, ""), "");
	assert_string_equal(verdict("kernel.msgmax", false, ""),
			    "forbidden sysctl: \"kernel.msgmax\" not allowlisted");
}

static void what_the_node_allows_is_admitted(void **state)
{
	(void)state;
	assert_string_equal(verdict("kernel.msgmax", false, "kernel.msg*"), "");
	assert_string_equal(verdict("net.core.somaxconn", false, "kernel.msg*, net.core.somaxconn"),
			    "");
	assert_string_equal(verdict("net.core.rmem_max", false, "net.core.somaxconn"),
			    "forbidden sysctl: \"net.core.rmem_max\" not allowlisted");
}

static void the_hosts_own_are_not_a_pods_to_change(void **state)
{
	(void)state;
	assert_string_equal(
		verdict("net.ipv4.tcp_syncookies", true, ""),
		"forbidden sysctl: \"net.ipv4.tcp_syncookies\" not allowed with host Net enabled");
	assert_string_equal(verdict("kernel.shm_rmid_forced", true, ""), "");
}

static void only_what_belongs_to_a_namespace_can_be_allowed(void **state)
{
	(void)state;
	auto_err err = { 0 };
	assert_int_equal(sysctls_check_allowed("", &err), 0);
	assert_int_equal(sysctls_check_allowed("kernel.msg*,kernel.shm*,net.*,fs.mqueue.*", &err),
			 0);
	assert_true(sysctls_check_allowed("net.core.somaxconn,vm.swappiness", &err) < 0);
	assert_string_equal(err_text(&err),
			    "the sysctls \"vm.swappiness\" are not known to be namespaced");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_safe_is_admitted),
		cmocka_unit_test(what_the_node_allows_is_admitted),
		cmocka_unit_test(the_hosts_own_are_not_a_pods_to_change),
		cmocka_unit_test(only_what_belongs_to_a_namespace_can_be_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
