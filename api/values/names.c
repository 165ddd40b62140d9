/* SPDX-License-Identifier: Apache-2.0 */
/* The regular expressions of upstream, matched by hand; their text is part of the messages. */
#include "api/values/names.h"

#define LABEL_FMT     "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define SUBDOMAIN_FMT LABEL_FMT "(\\." LABEL_FMT ")*"
#define SEARCH_FMT    "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
#define KEY_FMT       "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define SUBDOMAIN_MSG                                                                            \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "    \
	"'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com'," \
	" regex used for validation is '" SUBDOMAIN_FMT "')"
#define KEY_MSG                                                                                  \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with " \
	"an "                                                                                    \
	"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "   \
	"validation is '" KEY_FMT "')"

static void say(struct name_errors *e, const char *text)
{
	if (e->n < sizeof(e->text) / sizeof(e->text[0]))
		e->text[e->n++] = text;
}

static bool lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool lower_digit(char c)
{
	return lower(c) || digit(c);
}

static bool alnum(char c)
{
	return lower_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool any_case(char c)
{
	return alnum(c);
}

/* Starts with `first`, ends with `end`, all others are `end` or in `inner`. */
static bool framed(struct str s, bool (*first)(char), bool (*end)(char), const char *inner)
{
	if (s.n == 0 || !first(s.p[0]) || !end(s.p[s.n - 1]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!end(s.p[i]) && (s.p[i] == 0 || !strchr(inner, s.p[i])))
			return false;
	return true;
}

static bool is_label(struct str s)
{
	return framed(s, lower_digit, lower_digit, "-");
}

static bool is_subdomain(struct str s)
{
	struct str rest = s, label;
	if (s.n == 0)
		return false;
	while (str_next(&rest, '.', &label))
		if (!is_label(label))
			return false;
	return s.p[s.n - 1] != '.';
}

struct name_errors name_dns_label(struct str s)
{
	struct name_errors e = { 0 };
	if (s.n > 63)
		say(&e, "must be no more than 63 characters");
	if (is_label(s))
		return e;
	say(&e, is_subdomain(s) ? "must not contain dots"
				: "a lowercase RFC 1123 label must consist of lower case "
				  "alphanumeric characters "
				  "or '-', and must start and end with an alphanumeric character "
				  "(e.g. 'my-name', "
				  " or '123-abc', regex used for validation is '" LABEL_FMT "')");
	return e;
}

struct name_errors name_dns_subdomain(struct str s)
{
	struct name_errors e = { 0 };
	if (s.n > 253)
		say(&e, "must be no more than 253 characters");
	if (!is_subdomain(s))
		say(&e, SUBDOMAIN_MSG);
	return e;
}

struct name_errors name_long(struct str s)
{
	struct name_errors e = name_dns_subdomain(s);
	if (s.n > 253)
		e.text[0] = "must be no more than 253 bytes";
	return e;
}

struct name_errors name_dns1035_label(struct str s)
{
	struct name_errors e = { 0 };
	if (s.n > 63)
		say(&e, "must be no more than 63 characters");
	if (!framed(s, lower, lower_digit, "-"))
		say(&e, "a DNS-1035 label must consist of lower case alphanumeric characters or "
			"'-', start with "
			"an alphabetic character, and end with an alphanumeric character (e.g. "
			"'my-name',  or "
			"'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
	return e;
}

struct name_errors name_search_domain(struct str s)
{
	struct name_errors e = { 0 };
	struct str rest = s, label;
	bool good = s.n > 0 && s.p[s.n - 1] != '.';
	if (s.n > 253)
		say(&e, "must be no more than 253 characters");
	while (good && str_next(&rest, '.', &label)) {
		if (label.n && label.p[0] == '_')
			label = str_of(label.p + 1, label.n - 1);
		good = framed(label, lower_digit, lower_digit, "-_");
	}
	if (!good)
		say(&e, "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
			"characters, '_', '-' or '.', and must start and end with an alphanumeric "
			"character (e.g. 'example.com', regex used for validation is '" SEARCH_FMT
			"(\\." SEARCH_FMT ")*')");
	return e;
}

struct name_errors name_wildcard_subdomain(struct str s)
{
	struct name_errors e = { 0 };
	if (s.n > 253)
		say(&e, "must be no more than 253 characters");
	if (s.n < 2 || s.p[0] != '*' || s.p[1] != '.' || !is_subdomain(str_of(s.p + 2, s.n - 2)))
		say(&e,
		    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS "
		    "subdomain, "
		    "which must consist of lower case alphanumeric characters, '-' or '.' and end "
		    "with an "
		    "alphanumeric character (e.g. '*.example.com', regex used for validation is "
		    "'\\*\\." SUBDOMAIN_FMT "')");
	return e;
}

static void check_prefix(struct name_errors *e, struct str prefix, bool (*valid)(struct str))
{
	if (prefix.n == 0) {
		say(e, "prefix part must be non-empty");
		return;
	}
	if (prefix.n > 253)
		say(e, "prefix part must be no more than 253 bytes");
	if (!valid(prefix))
		say(e, "prefix part " SUBDOMAIN_MSG);
}

static struct name_errors check_key(struct str s, bool (*prefix_valid)(struct str))
{
	struct name_errors e = { 0 };
	size_t slash = str_find(s, '/');
	struct str name = s;
	if (slash < s.n) {
		name = str_of(s.p + slash + 1, s.n - slash - 1);
		if (str_find(name, '/') < name.n) {
			say(&e,
			    "a valid label key " KEY_MSG " with an optional DNS subdomain prefix "
			    "and '/' (e.g. 'example.com/MyName')");
			return e;
		}
		check_prefix(&e, str_of(s.p, slash), prefix_valid);
	}
	if (name.n == 0)
		say(&e, "name part must be non-empty");
	else if (name.n > 63)
		say(&e, "name part must be no more than 63 bytes");
	if (!framed(name, alnum, alnum, "-_."))
		say(&e, "name part " KEY_MSG);
	return e;
}

struct name_errors name_label_key(struct str s)
{
	return check_key(s, is_subdomain);
}

static bool is_caseless_subdomain(struct str s)
{
	struct str rest = s, label;
	while (str_next(&rest, '.', &label))
		if (!framed(label, any_case, any_case, "-"))
			return false;
	return s.n && s.p[s.n - 1] != '.';
}

struct name_errors name_annotation_key(struct str s)
{
	return check_key(s, is_caseless_subdomain);
}

struct name_errors name_label_value(struct str s)
{
	struct name_errors e = { 0 };
	if (s.n > 63)
		say(&e, "must be no more than 63 bytes");
	if (s.n && !framed(s, alnum, alnum, "-_."))
		say(&e, "a valid label must be an empty string or consist of alphanumeric "
			"characters, '-', '_' "
			"or '.', and must start and end with an alphanumeric character (e.g. "
			"'MyValue',  or "
			"'my_value',  or '12345', regex used for validation is '(" KEY_FMT ")?')");
	return e;
}

static void check_dots(struct name_errors *e, struct str s)
{
	if (str_eq(s, STR(".")))
		say(e, "must not be '.'");
	else if (str_eq(s, STR("..")))
		say(e, "must not be '..'");
	else if (str_starts(s, STR("..")))
		say(e, "must not start with '..'");
}

struct name_errors name_file(struct str s)
{
	struct name_errors e = { 0 };
	check_dots(&e, s);
	return e;
}

static bool all_of(struct str s, const char *more)
{
	for (size_t i = 0; i < s.n; i++)
		if (!alnum(s.p[i]) && (s.p[i] == 0 || !strchr(more, s.p[i])))
			return false;
	return s.n > 0;
}

struct name_errors name_config_key(struct str s)
{
	struct name_errors e = { 0 };
	if (s.n > 253)
		say(&e, "must be no more than 253 characters");
	if (!all_of(s, "-._"))
		say(&e, "a valid config key must consist of alphanumeric characters, '-', '_' or "
			"'.' (e.g. "
			"'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
			"'[-._a-zA-Z0-9]+')");
	check_dots(&e, s);
	return e;
}

struct name_errors name_port(struct str s)
{
	struct name_errors e = { 0 };
	bool letter = false, charset = s.n > 0;
	for (size_t i = 0; i < s.n; i++) {
		letter = letter || lower(s.p[i]);
		charset = charset && (lower_digit(s.p[i]) || s.p[i] == '-');
	}
	if (s.n > 15)
		say(&e, "must be no more than 15 characters");
	if (!charset)
		say(&e, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
	if (!letter)
		say(&e, "must contain at least one letter (a-z)");
	if (str_contains(s, STR("--")))
		say(&e, "must not contain consecutive hyphens");
	if (s.n && (s.p[0] == '-' || s.p[s.n - 1] == '-'))
		say(&e, "must not begin or end with a hyphen");
	return e;
}

struct name_errors name_env(struct str s)
{
	struct name_errors e = { 0 };
	if (s.n == 0)
		say(&e, "environment variable name must be non-empty");
	for (size_t i = 0; i < s.n && e.n == 0; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e || s.p[i] == '=')
			say(&e, "a valid environment variable name must consist only of printable "
				"ASCII characters "
				"other than '='");
	return e;
}

struct name_errors name_c_identifier(struct str s)
{
	struct name_errors e = { 0 };
	if (!all_of(s, "_") || digit(s.p[0]))
		say(&e, "a valid C identifier must start with alphabetic character or '_', "
			"followed by a string of "
			"alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or "
			"'MyName', regex used "
			"for validation is '[A-Za-z_][A-Za-z0-9_]*')");
	return e;
}

struct name_errors name_http_header(struct str s)
{
	struct name_errors e = { 0 };
	if (!all_of(s, "-"))
		say(&e, "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. "
			"'X-Header-Name', "
			"regex used for validation is '[-A-Za-z0-9]+')");
	return e;
}

struct name_errors name_path_segment(struct str s)
{
	struct name_errors e = { 0 };
	if (str_eq(s, STR(".")))
		say(&e, "may not be '.'");
	else if (str_eq(s, STR("..")))
		say(&e, "may not be '..'");
	if (str_find(s, '/') < s.n)
		say(&e, "may not contain '/'");
	if (str_find(s, '%') < s.n)
		say(&e, "may not contain '%'");
	return e;
}

struct name_errors name_percent(struct str s)
{
	struct name_errors e = { 0 };
	size_t i = 0;
	while (i < s.n && digit(s.p[i]))
		i++;
	if (i == 0 || i + 1 != s.n || s.p[i] != '%')
		say(&e, "a valid percent string must be a numeric string followed by an ending '%' "
			"(e.g. '1%',  or "
			"'93%', regex used for validation is '[0-9]+%')");
	return e;
}
