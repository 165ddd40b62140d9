/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signers. Follows upstream's ValidateSignerName. */
#include "api/validation/certificate_parts.h"

#define PATH_MAX_BYTES (253 + 63 + 1)
#define NAME_MAX_BYTES (253 + PATH_MAX_BYTES + 1)

/* The first label that is wrong is told of, the rest would only repeat it. */
static size_t check_labels_of(struct check *c, const char *child, struct str segment,
			      name_check rule)
{
	size_t n = 0;
	struct str rest = segment;
	for (bool more = true, bad = false; more && !bad;) {
		size_t dot = str_find(rest, '.');
		struct str label = str_of(rest.p, dot);
		struct name_errors e = rule(label);
		for (size_t i = 0; i < e.n; i++)
			check_invalid_text(c, child, segment, "validating label \"%.*s\": %s",
					   STR_ARG(label), e.text[i]);
		bad = e.n > 0;
		more = dot < rest.n;
		rest = more ? str_of(rest.p + dot + 1, rest.n - dot - 1) : rest;
		n++;
	}
	return n;
}

void check_signer_name(struct check *c, const char *child, struct str name)
{
	size_t slash = str_find(name, '/');
	struct str domain = str_of(name.p, slash),
		   path = slash < name.n ? str_of(name.p + slash + 1, name.n - slash - 1) : STR("");
	if (name.n == 0) {
		check_required(c, child, "%s", "");
		return;
	}
	if (slash == name.n || str_find(path, '/') < path.n) {
		check_invalid_text(c, child, name,
				   "must be a fully qualified domain and path of the form "
				   "'example.com/signer-name'");
		return;
	}
	if (domain.n > 253)
		check_too_long(c, child, 253);
	check_labels_of(c, child, domain, name_dns_label);
	if (str_find(domain, '.') == domain.n)
		check_invalid_text(
			c, child, domain,
			"should be a domain with at least two segments separated by dots");
	check_labels_of(c, child, path, name_dns_subdomain);
	if (name.n > NAME_MAX_BYTES)
		check_too_long(c, child, NAME_MAX_BYTES);
}

bool signer_is_kubernetes(struct str name)
{
	struct str host = str_of(name.p, str_find(name, '/'));
	return str_eqz(host, "kubernetes.io") || str_ends(host, STR(".kubernetes.io"));
}
