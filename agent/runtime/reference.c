/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/reference.h"

#include <ctype.h>
#include <stdio.h>

#define TAG_MAX        128
#define REPOSITORY_MAX 255 /* domain and path together, as distribution has it */

static int bad(struct err *err, const char *reference, const char *why)
{
	return err_set(err, ERR_BAD_REQUEST,
		       "couldn't parse image name \"%.*s\": invalid reference format%s%s",
		       REFERENCE_MAX, reference, *why ? ": " : "", why);
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* alnum parts with separators ".", "_", "__" or any number of "-" between them */
static bool component_valid(struct str s)
{
	size_t i = 0;
	if (!s.n || !is_lower_alnum(s.p[0]) || !is_lower_alnum(s.p[s.n - 1]))
		return false;
	while (i < s.n) {
		char c = s.p[i];
		size_t run = 1;
		if (is_lower_alnum(c)) {
			i++;
			continue;
		}
		while (i + run < s.n && s.p[i + run] == c)
			run++;
		if (!(c == '-' || (c == '.' && run == 1) || (c == '_' && run <= 2)) ||
		    !is_lower_alnum(s.p[i + run]))
			return false;
		i += run;
	}
	return true;
}

static bool path_valid(struct str s)
{
	struct str part;
	if (!s.n)
		return false;
	while (str_next(&s, '/', &part))
		if (!component_valid(part))
			return false;
	return true;
}

static bool port_valid(struct str s)
{
	uint64_t port;
	return str_to_u64(s, &port) && port > 0 && port < 65536;
}

static bool domain_valid(struct str s)
{
	size_t end = s.n;
	if (s.n && s.p[0] == '[') { /* IPv6 */
		end = str_find(s, ']');
		if (end == s.n || end < 3)
			return false;
		for (size_t i = 1; i < end; i++)
			if (!isxdigit((unsigned char)s.p[i]) && s.p[i] != ':' && s.p[i] != '.')
				return false;
		struct str rest = str_of(s.p + end + 1, s.n - end - 1);
		return !rest.n || (rest.p[0] == ':' && port_valid(str_of(rest.p + 1, rest.n - 1)));
	}
	end = str_find(s, ':');
	if (end < s.n && !port_valid(str_of(s.p + end + 1, s.n - end - 1)))
		return false;
	struct str host = str_of(s.p, end), label;
	if (!host.n)
		return false;
	while (str_next(&host, '.', &label)) {
		if (!label.n || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!isalnum((unsigned char)label.p[i]) && label.p[i] != '-')
				return false;
	}
	return true;
}

static bool tag_valid(struct str s)
{
	if (!s.n || s.n > TAG_MAX || !(isalnum((unsigned char)s.p[0]) || s.p[0] == '_'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '_' && s.p[i] != '.' &&
		    s.p[i] != '-')
			return false;
	return true;
}

/* The part before the first '/' is a domain if it looks like one: a dot, a colon, "localhost", or capitals. */
static bool looks_like_domain(struct str s)
{
	if (str_eqz(s, "localhost") || (s.n && s.p[0] == '['))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '.' || s.p[i] == ':' || (s.p[i] >= 'A' && s.p[i] <= 'Z'))
			return true;
	return false;
}

static void put(char *out, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	if (n)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

static void split_domain(struct str *rest, struct str *domain)
{
	size_t slash = str_find(*rest, '/');
	*domain = str_of(rest->p, slash);
	if (slash == rest->n || !looks_like_domain(*domain)) {
		*domain = STR("docker.io");
		return;
	}
	*rest = str_of(rest->p + slash + 1, rest->n - slash - 1);
	if (str_eqz(*domain, "index.docker.io"))
		*domain = STR("docker.io");
}

static bool split_digest(struct str *rest, struct str *digest)
{
	size_t at = str_find(*rest, '@');
	*digest = (struct str){ 0 };
	if (at == rest->n)
		return true;
	*digest = str_of(rest->p + at + 1, rest->n - at - 1);
	rest->n = at;
	return digest->n > 0;
}

static void split_tag(struct str *rest, struct str *tag)
{
	size_t colon = str_rfind(*rest, ':');
	*tag = (struct str){ 0 };
	if (colon == rest->n)
		return;
	*tag = str_of(rest->p + colon + 1, rest->n - colon - 1);
	rest->n = colon;
}

static bool has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

int image_ref_parse(const char *reference, struct image_ref *out, struct err *err)
{
	struct str rest = str_from(reference), domain, tag, digest;
	struct image_ref r = { .domain = "" };
	if (!rest.n)
		return bad(err, reference, "");
	if (!split_digest(&rest, &digest))
		return bad(err, reference, "");
	if (digest.n >= sizeof(r.digest))
		return bad(err, reference, "unsupported digest");
	put(r.digest, sizeof(r.digest), digest);
	if (digest.n && !digest_valid(r.digest))
		return bad(err, reference, "unsupported digest");
	split_domain(&rest, &domain);
	split_tag(&rest, &tag);
	bool official = str_eqz(domain, "docker.io") && str_find(rest, '/') == rest.n;
	if (domain.n + 1 + rest.n + (official ? 8 : 0) > REPOSITORY_MAX)
		return bad(err, reference, "repository name must not be more than 255 characters");
	if (has_upper(rest))
		return bad(err, reference, "repository name must be lowercase");
	if (!domain_valid(domain) || !path_valid(rest) || (tag.p && !tag_valid(tag)))
		return bad(err, reference, "");
	put(r.domain, sizeof(r.domain), domain);
	snprintf(r.path, sizeof(r.path), "%s%.*s", official ? "library/" : "", STR_ARG(rest));
	if (!r.digest[0])
		put(r.tag, sizeof(r.tag), tag.n ? tag : STR("latest"));
	*out = r;
	return 0;
}

void image_ref_text(const struct image_ref *r, char out[REFERENCE_TEXT])
{
	snprintf(out, REFERENCE_TEXT, "%s/%s%s%s", r->domain, r->path, r->digest[0] ? "@" : ":",
		 r->digest[0] ? r->digest : r->tag);
}

int image_normalize(const char *reference, char **out, struct err *err)
{
	struct image_ref r;
	char text[REFERENCE_TEXT];
	int rc = image_ref_parse(reference, &r, err);
	if (rc < 0)
		return rc;
	image_ref_text(&r, text);
	*out = str_dup(str_from(text));
	return 0;
}
