/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/image_name.h"

#define NAME_MAX_BYTES 255
#define TAG_MAX_BYTES  128

static bool lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool word(char c)
{
	return lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Lower case words divided by ".", "_", "__" or any number of "-". */
static bool component_ok(struct str s)
{
	size_t i = 0;
	while (i < s.n) {
		size_t start = i, dashes = 0;
		while (i < s.n && lower_or_digit(s.p[i]))
			i++;
		if (i == start)
			return false;
		if (i == s.n)
			return true;
		if (s.p[i] == '-')
			while (i < s.n && s.p[i] == '-')
				i++, dashes++;
		else if (s.p[i] == '.')
			i++;
		else if (s.p[i] == '_')
			i += i + 1 < s.n && s.p[i + 1] == '_' ? 2 : 1;
		else
			return false;
	}
	return false;
}

static bool host_ok(struct str host)
{
	size_t start = 0;
	for (size_t i = 0; i <= host.n; i++)
		if (i == host.n || host.p[i] == '.') {
			if (i == start || host.p[start] == '-' || host.p[i - 1] == '-')
				return false;
			start = i + 1;
		} else if (!word(host.p[i]) && host.p[i] != '-') {
			return false;
		}
	return true;
}

static bool domain_ok(struct str domain)
{
	size_t colon = str_find(domain, ':');
	for (size_t i = colon + 1; i < domain.n; i++)
		if (domain.p[i] < '0' || domain.p[i] > '9')
			return false;
	return host_ok(str_of(domain.p, colon)) && colon + 1 != domain.n;
}

static bool has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

/* The first part is a host when it looks like one. */
static bool name_ok(struct str name)
{
	size_t slash = str_find(name, '/');
	struct str first = str_of(name.p, slash), rest = name, part;
	if (slash < name.n && (str_find(first, '.') < first.n || str_find(first, ':') < first.n ||
			       str_eqz(first, "localhost") || has_upper(first))) {
		if (!domain_ok(first))
			return false;
		rest = str_of(name.p + slash + 1, name.n - slash - 1);
	}
	if (rest.n == 0 || rest.p[rest.n - 1] == '/' || name.n > NAME_MAX_BYTES)
		return false;
	while (str_next(&rest, '/', &part))
		if (!component_ok(part))
			return false;
	return true;
}

static bool tag_ok(struct str tag)
{
	for (size_t i = 0; i < tag.n; i++)
		if (!word(tag.p[i]) && tag.p[i] != '_' &&
		    (i == 0 || (tag.p[i] != '.' && tag.p[i] != '-')))
			return false;
	return tag.n > 0 && tag.n <= TAG_MAX_BYTES;
}

static bool digest_ok(struct str digest)
{
	size_t colon = str_find(digest, ':'), n = digest.n - colon;
	if (colon == digest.n || colon == 0 || n < 33)
		return false;
	for (size_t i = colon + 1; i < digest.n; i++)
		if (!hex(digest.p[i]))
			return false;
	return true;
}

static bool is_identifier(struct str s)
{
	size_t i = 0;
	while (i < s.n && hex(s.p[i]))
		i++;
	return s.n == 64 && i == 64 && !has_upper(s);
}

struct str image_name_tag(struct str image)
{
	size_t at = str_find(image, '@');
	struct str named = str_of(image.p, at), tag = STR("");
	size_t slash = str_rfind(named, '/'), from = slash < named.n ? slash + 1 : 0,
	       colon = str_find(str_of(named.p + from, named.n - from), ':') + from;
	if (at < image.n && !digest_ok(str_of(image.p + at + 1, image.n - at - 1)))
		return tag;
	if (colon < named.n) {
		tag = str_of(named.p + colon + 1, named.n - colon - 1);
		named.n = colon;
		if (!tag_ok(tag))
			return STR("");
	}
	if (is_identifier(image) || !name_ok(named))
		return STR("");
	return tag.n == 0 && at == image.n ? STR("latest") : tag;
}
