/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/kubelet/pod/log_link.h"
#include "base/file.h"

static char root[64], links[128];

static int make_dir(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/test-log-link-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(links, sizeof(links), "%s/var/log/containers", root);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return dir_remove(root, NULL);
}

static char *log_make(const char *name)
{
	char *path = str_printf("%s/%s", root, name);
	assert_int_equal(file_write_atomic(path, "x", 1, 0600, NULL), 0);
	return path;
}

static const struct log_link one = { "web-0", "shop", "main", "0123456789ab" };

/* Where the link of that name leads; "": there is none. */
static const char *target(const char *name)
{
	static char out[PATH_MAX];
	auto_free char *path = str_printf("%s/%s", links, name);
	ssize_t n = readlink(path, out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	return out;
}

static void a_link_has_the_names_of_pod_namespace_and_container(void **state)
{
	auto_free char *log = log_make("0.log");
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(log_link_make(links, &one, log, &err), 0);
	assert_string_equal(target("web-0_shop_main-0123456789ab.log"), log);
}

static void a_container_without_a_log_has_no_link(void **state)
{
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(log_link_make(links, &one, "/nowhere/0.log", &err), 0);
	assert_string_equal(target("web-0_shop_main-0123456789ab.log"), "");
}

static void a_long_name_keeps_its_suffix_and_leads_to_the_newest_log(void **state)
{
	char pod[241], name[NAME_MAX + 1];
	auto_free char *before = log_make("0.log"), *now = log_make("1.log");
	auto_err err = { 0 };
	(void)state;
	memset(pod, 'p', sizeof(pod) - 1);
	pod[sizeof(pod) - 1] = '\0';
	snprintf(name, sizeof(name), "%s_shop_main-.log", pod);
	assert_int_equal(strlen(name), NAME_MAX);
	struct log_link l = { pod, "shop", "main", "0123456789ab" };
	assert_int_equal(log_link_make(links, &l, before, &err), 0);
	assert_string_equal(target(name), before);
	l.id = "ba9876543210";
	assert_int_equal(log_link_make(links, &l, now, &err), 0);
	assert_string_equal(target(name), now);
}

static void links_go_with_one_log_or_with_a_directory_of_them(void **state)
{
	auto_free char *first = log_make("0.log"), *second = log_make("1.log");
	auto_free char *all = str_printf("%s/", root);
	struct log_link l = one;
	auto_err err = { 0 };
	(void)state;
	log_links_remove(links, first); /* not even the directory is there */
	assert_int_equal(log_link_make(links, &l, first, &err), 0);
	l.id = "ba9876543210";
	assert_int_equal(log_link_make(links, &l, second, &err), 0);
	log_links_remove(links, first);
	assert_string_equal(target("web-0_shop_main-0123456789ab.log"), "");
	assert_string_equal(target("web-0_shop_main-ba9876543210.log"), second);
	log_links_remove(links, all);
	assert_string_equal(target("web-0_shop_main-ba9876543210.log"), "");
}

static void what_others_put_there_stays(void **state)
{
	auto_free char *log = log_make("0.log"), *file = str_printf("%s/own.log", links);
	auto_free char *all = str_printf("%s/", root), *foreign = str_printf("%s/f.log", links);
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(log_link_make(links, &one, log, &err), 0);
	assert_int_equal(file_write_atomic(file, "x", 1, 0600, NULL), 0);
	assert_int_equal(symlink("/etc/hosts", foreign), 0);
	log_links_remove(links, all);
	assert_true(file_exists(file));
	assert_string_equal(target("f.log"), "/etc/hosts");
}

#define CLAIM(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_link_has_the_names_of_pod_namespace_and_container),
		CLAIM(a_container_without_a_log_has_no_link),
		CLAIM(a_long_name_keeps_its_suffix_and_leads_to_the_newest_log),
		CLAIM(links_go_with_one_log_or_with_a_directory_of_them),
		CLAIM(what_others_put_there_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
