/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/flags.h"

struct options {
	const char *name;
	bool quiet;
	int64_t port;
	struct flag_list sans;
};
static const struct flag flags[] = {
	{ "name", "NAME", FLAG_STRING, offsetof(struct options, name), "default", "a name" },
	{ "quiet", NULL, FLAG_BOOL, offsetof(struct options, quiet), "false", "say nothing" },
	{ "listen-port", "PORT", FLAG_INT, offsetof(struct options, port), "6443", "a port" },
	{ "san", "NAME", FLAG_LIST, offsetof(struct options, sans), "a,b", "names" },
};
static const struct flag_table table = { "test", flags, COUNT_OF(flags),
					 "/nonexistent/config.yaml" };

static char *config_file;

static int setup(void **state)
{
	(void)state;
	char path[] = "/tmp/allinone-flags-XXXXXX";
	close(mkstemp(path));
	config_file = str_printf("--config=%s", path);
	unsetenv("ALLINONE_LISTEN_PORT");
	unsetenv("ALLINONE_SAN");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(config_file + strlen("--config="));
	free(config_file);
	return 0;
}

static void write_config(const char *text)
{
	assert_int_equal(file_write_atomic(config_file + strlen("--config="), text, strlen(text),
					   0600, NULL),
			 0);
}

#define PARSE(options, err, ...)                                                    \
	({                                                                          \
		char *argv_[] = { "test", ##__VA_ARGS__ };                          \
		flags_parse(&table, (int)COUNT_OF(argv_), argv_, (options), (err)); \
	})

static void defaults_hold_when_nothing_is_said(void **state)
{
	(void)state;
	struct options o = { 0 };
	auto_err err = { 0 };
	assert_int_equal(PARSE(&o, &err), 0);
	assert_string_equal(o.name, "default");
	assert_int_equal(o.port, 6443);
	assert_int_equal(o.sans.n, 2);
	assert_null(o.sans.items[2]);
	flags_free(&table, &o);
}

static void line_beats_environment_beats_file(void **state)
{
	(void)state;
	struct options o = { 0 };
	auto_err err = { 0 };
	write_config("name: from-file\nlisten-port: 1\nquiet: true\nsan: [f]\n");
	setenv("ALLINONE_LISTEN_PORT", "2", 1);
	setenv("ALLINONE_SAN", "e1,e2", 1);
	assert_int_equal(PARSE(&o, &err, config_file, "--san", "l1", "--san=l2,l3"), 0);
	assert_string_equal(o.name, "from-file");
	assert_true(o.quiet);
	assert_int_equal(o.port, 2);
	assert_int_equal(o.sans.n, 3);
	assert_string_equal(o.sans.items[0], "l1");
	flags_free(&table, &o);
}

static void unknown_names_tell_the_nearest_known(void **state)
{
	(void)state;
	struct options o = { 0 };
	auto_err err = { 0 };
	assert_true(PARSE(&o, &err, "--lisen-port", "1") < 0);
	assert_string_equal(err_text(&err),
			    "unknown flag \"lisen-port\"; did you mean \"listen-port\"?");
	write_config("quite: true\n");
	assert_true(PARSE(&o, &err, config_file) < 0);
	assert_non_null(strstr(err_text(&err), "unknown key \"quite\"; did you mean \"quiet\"?"));
	flags_free(&table, &o);
}

static void wrong_values_are_refused(void **state)
{
	(void)state;
	struct options o = { 0 };
	auto_err err = { 0 };
	assert_true(PARSE(&o, &err, "--listen-port", "many") < 0);
	assert_string_equal(err_text(&err), "listen-port: \"many\" is not a number");
	assert_true(PARSE(&o, &err, "--quiet=perhaps") < 0);
	assert_true(PARSE(&o, &err, "--name") < 0);
	assert_string_equal(err_text(&err), "--name needs a value");
	assert_true(PARSE(&o, &err, "stray") < 0);
	write_config("name: [a, b]\n");
	assert_true(PARSE(&o, &err, config_file) < 0);
	flags_free(&table, &o);
}

static void a_named_config_file_must_exist(void **state)
{
	(void)state;
	struct options o = { 0 };
	auto_err err = { 0 };
	assert_true(PARSE(&o, &err, "--config", "/nonexistent/other.yaml") < 0);
	flags_free(&table, &o);
}

static void help_tells_of_a_config_file_where_one_is_read(void **state)
{
	(void)state;
	auto_buf with = { 0 }, without = { 0 };
	const struct flag_table alone = { "test", flags, COUNT_OF(flags), NULL };
	flags_help(&table, &with);
	flags_help(&alone, &without);
	assert_non_null(strstr(with.p, "in the config file, and in the environment"));
	assert_null(strstr(without.p, "config"));
}

static void a_duration_of_nothing_is_one_where_it_may_be(void **state)
{
	(void)state;
	int64_t ms = 7;
	auto_err err = { 0 };
	assert_int_equal(flag_duration("d", "1m30s", DURATION_SECOND, &ms, &err), 0);
	assert_int_equal(ms, 90000);
	assert_int_equal(flag_duration("d", "0s", 0, &ms, &err), 0);
	assert_int_equal(ms, 0);
	assert_true(flag_duration("d", "999ms", DURATION_SECOND, &ms, &err) < 0);
	assert_string_equal(err_text(&err), "--d: \"999ms\" is not a duration of a second or "
					    "more, such as 1m30s");
	assert_true(flag_duration("d", "-1s", 0, &ms, &err) < 0);
	assert_string_equal(err_text(&err), "--d: \"-1s\" is not a duration of 0s or more, such "
					    "as 1m30s");
	assert_int_equal(ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(defaults_hold_when_nothing_is_said, setup,
						teardown),
		cmocka_unit_test_setup_teardown(line_beats_environment_beats_file, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_names_tell_the_nearest_known, setup,
						teardown),
		cmocka_unit_test_setup_teardown(wrong_values_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_named_config_file_must_exist, setup, teardown),
		cmocka_unit_test(help_tells_of_a_config_file_where_one_is_read),
		cmocka_unit_test(a_duration_of_nothing_is_one_where_it_may_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
