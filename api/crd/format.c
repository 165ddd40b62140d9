/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of JSON Schema that upstream checks in custom resources (kube-openapi's strfmt). */
#include <arpa/inet.h>
#include <ctype.h>

#include "api/crd/rules.h"
#include "api/values/duration.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"

static bool any(struct str s)
{
	(void)s;
	return true;
}

static bool is_uri(struct str s)
{
	size_t colon = str_find(s, ':');
	if (s.n && s.p[0] == '/')
		return !memchr(s.p, ' ', s.n);
	if (colon == 0 || colon == s.n || !isalpha((unsigned char)s.p[0]))
		return false;
	for (size_t i = 0; i < colon; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr("+-.", s.p[i]))
			return false;
	return !memchr(s.p, ' ', s.n) && colon + 1 < s.n;
}

static bool is_email(struct str s)
{
	size_t at = str_rfind(s, '@');
	return at > 0 && at + 1 < s.n && !memchr(s.p, ' ', s.n);
}

static bool is_hostname(struct str s)
{
	struct str rest = s, label;
	if (s.n == 0 || s.n > 255)
		return false;
	while (rest.n && str_next(&rest, '.', &label)) {
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!isalnum((unsigned char)label.p[i]) && !strchr("-_", label.p[i]))
				return false;
	}
	return true;
}

static bool is_ipv4(struct str s)
{
	return ip_family(s) == 4;
}

static bool is_ipv6(struct str s)
{
	return ip_family(s) == 6;
}

static bool is_cidr(struct str s)
{
	return cidr_family(s) != 0;
}

static bool is_mac(struct str s)
{
	size_t digits = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (isxdigit((unsigned char)s.p[i]))
			digits++;
		else if (!strchr(":-.", s.p[i]) || i == 0 || i + 1 == s.n)
			return false;
	}
	return digits == 12 || digits == 16 || digits == 40;
}

static bool hex_run(struct str s, size_t *at, size_t n)
{
	for (; n && *at < s.n && isxdigit((unsigned char)s.p[*at]); n--)
		++*at;
	return n == 0;
}

/* version 0: any. */
static bool uuid(struct str s, char version, bool variant)
{
	static const size_t parts[] = { 8, 4, 4, 4, 12 };
	size_t at = 0;
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (i && at < s.n && s.p[at] == '-')
			at++;
		if (i == 2 && version && (at >= s.n || s.p[at] != version))
			return false;
		if (i == 3 && variant && (at >= s.n || !strchr("89abAB", s.p[at])))
			return false;
		if (!hex_run(s, &at, parts[i]))
			return false;
	}
	return at == s.n;
}

static bool is_uuid(struct str s)
{
	return uuid(s, 0, false);
}

static bool is_uuid3(struct str s)
{
	return uuid(s, '3', false);
}

static bool is_uuid4(struct str s)
{
	return uuid(s, '4', true);
}

static bool is_uuid5(struct str s)
{
	return uuid(s, '5', true);
}

static bool is_object_id(struct str s)
{
	size_t at = 0;
	return hex_run(s, &at, 24) && at == s.n;
}

static size_t digits_of(struct str s, char *out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("- ", s.p[i])) {
			if (n == max)
				return 0;
			out[n++] = s.p[i];
		}
	return n;
}

static bool is_isbn10(struct str s)
{
	char d[10];
	int sum = 0;
	if (digits_of(s, d, 10) != 10)
		return false;
	for (int i = 0; i < 10; i++) {
		if (!isdigit((unsigned char)d[i]) && !(i == 9 && toupper(d[i]) == 'X'))
			return false;
		sum += (10 - i) * (isdigit((unsigned char)d[i]) ? d[i] - '0' : 10);
	}
	return sum % 11 == 0;
}

static bool is_isbn13(struct str s)
{
	char d[13];
	int sum = 0;
	if (digits_of(s, d, 13) != 13)
		return false;
	for (int i = 0; i < 13; i++) {
		if (!isdigit((unsigned char)d[i]))
			return false;
		sum += (d[i] - '0') * (i % 2 ? 3 : 1);
	}
	return sum % 10 == 0;
}

static bool is_isbn(struct str s)
{
	return is_isbn10(s) || is_isbn13(s);
}

static bool is_credit_card(struct str s)
{
	int sum = 0, n = 0;
	for (size_t i = s.n; i-- > 0;) {
		if (!isdigit((unsigned char)s.p[i]))
			continue;
		int d = (s.p[i] - '0') * (n % 2 ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
		n++;
	}
	return n >= 13 && n <= 19 && sum % 10 == 0;
}

static bool is_ssn(struct str s)
{
	char d[9];
	size_t n = digits_of(s, d, 9);
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)d[i]))
			return false;
	return n == 9;
}

static bool is_hex_color(struct str s)
{
	size_t at = s.n && s.p[0] == '#', digits = s.n - at;
	return (digits == 3 || digits == 6) && hex_run(s, &at, digits);
}

static bool is_rgb_color(struct str s)
{
	struct str rest = s, one;
	int parts = 0;
	if (!str_cut_prefix(&rest, STR("rgb(")) || !rest.n || rest.p[rest.n - 1] != ')')
		return false;
	rest.n--;
	while (rest.n && str_next(&rest, ',', &one)) {
		int64_t v;
		if (!str_to_i64(str_trim(one), &v) || v < 0 || v > 255)
			return false;
		parts++;
	}
	return parts == 3;
}

static bool is_base64(struct str s)
{
	auto_buf bytes = { 0 };
	return s.n && base64_decode(&bytes, s);
}

static bool is_date(struct str s)
{
	char text[32];
	int64_t us;
	if (s.n != 10)
		return false;
	int n = snprintf(text, sizeof(text), "%.*sT00:00:00Z", STR_ARG(s));
	return time_parse(str_of(text, (size_t)n), &us);
}

static bool is_time(struct str s)
{
	int64_t us;
	return time_parse(s, &us);
}

/* Go's form, or Scala's: a number and a word. */
static bool is_duration(struct str s)
{
	static const char *const units[] = { "ns",     "nano", "us",  "micro",  "µs", "ms",
					     "milli",  "s",    "sec", "second", "m",  "min",
					     "minute", "h",    "hr",  "hour",   "d",  "day",
					     "w",      "wk",   "week" };
	int64_t ns, number;
	size_t i = 0;
	if (duration_parse(s, &ns))
		return true;
	while (i < s.n && isdigit((unsigned char)s.p[i]))
		i++;
	if (!str_to_i64(str_of(s.p, i), &number))
		return false;
	struct str unit = str_trim(str_of(s.p + i, s.n - i));
	for (size_t k = 0; k < COUNT_OF(units); k++) {
		struct str one = unit;
		if (str_eqz(one, units[k]))
			return true;
		if (one.n > 1 && one.p[one.n - 1] == 's' &&
		    str_eqz(str_of(one.p, one.n - 1), units[k]))
			return true;
	}
	return false;
}

static bool is_short_name(struct str s)
{
	return name_ok(name_dns_label(s));
}

static bool is_long_name(struct str s)
{
	return name_ok(name_dns_subdomain(s));
}

static const struct {
	const char *name; /* without dashes */
	bool (*ok)(struct str);
} formats[] = {
	{ "bsonobjectid", is_object_id },
	{ "byte", is_base64 },
	{ "cidr", is_cidr },
	{ "creditcard", is_credit_card },
	{ "date", is_date },
	{ "datetime", is_time },
	{ "duration", is_duration },
	{ "email", is_email },
	{ "hexcolor", is_hex_color },
	{ "hostname", is_hostname },
	{ "ipv4", is_ipv4 },
	{ "ipv6", is_ipv6 },
	{ "isbn", is_isbn },
	{ "isbn10", is_isbn10 },
	{ "isbn13", is_isbn13 },
	{ "k8slongname", is_long_name },
	{ "k8sshortname", is_short_name },
	{ "mac", is_mac },
	{ "password", any },
	{ "rgbcolor", is_rgb_color },
	{ "ssn", is_ssn },
	{ "uri", is_uri },
	{ "uuid", is_uuid },
	{ "uuid3", is_uuid3 },
	{ "uuid4", is_uuid4 },
	{ "uuid5", is_uuid5 },
};

static bool (*find(const char *format))(struct str)
{
	char bare[32];
	size_t n = 0;
	for (; *format; format++)
		if (*format != '-') {
			if (n + 1 == sizeof(bare))
				return NULL;
			bare[n++] = *format;
		}
	bare[n] = 0;
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (strcmp(formats[i].name, bare) == 0)
			return formats[i].ok;
	return NULL;
}

bool crd_format_known(const char *type, const char *format)
{
	if (!strcmp(type, "integer"))
		return !strcmp(format, "int32") || !strcmp(format, "int64");
	if (!strcmp(type, "number"))
		return !strcmp(format, "float") || !strcmp(format, "double");
	return (!*type || !strcmp(type, "string")) && find(format);
}

bool crd_format_ok(const char *format, struct str text)
{
	bool (*ok)(struct str) = find(format);
	return !ok || ok(text);
}
