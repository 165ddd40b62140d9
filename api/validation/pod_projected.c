/* SPDX-License-Identifier: Apache-2.0 */
/* A projected volume: several sources whose files come into one directory. */
#include "api/object/meta.h"
#include "api/validation/certificate_parts.h"
#include "api/validation/internal.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_sources.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

struct projection {        /* one source, and what the sources before it brought */
	struct map *paths; /* each file of the volume once */
	size_t at_volume;  /* where some of upstream's paths stand */
};

static void conflict(struct check *c, const struct projection *p, struct str shown)
{
	auto_buf here = { 0 };
	buf_str(&here, buf_view(&c->path));
	check_out(c, p->at_volume);
	check_invalid_text(c, NULL, shown, "conflicting duplicate paths");
	buf_reset(&c->path);
	buf_str(&c->path, buf_view(&here));
}

static void note_path(struct check *c, const struct projection *p, struct str path,
		      struct str shown)
{
	if (seen_before(p->paths, path))
		conflict(c, p, shown);
}

static void check_named(struct check *c, const json_t *source, const struct projection *p)
{
	size_t was = check_in(c, "items"), i;
	json_t *item;
	check_out(c, was);
	check_needed(c, source, "name");
	was = check_in(c, "items");
	json_array_foreach (json_object_get(source, "items"), i, item) {
		size_t at = check_in_index(c, i);
		check_key_to_path(c, item);
		if (field(item, "path").n)
			note_path(c, p, field(item, "path"), field(source, "name"));
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_downward_files(struct check *c, const json_t *source, const struct projection *p)
{
	size_t i;
	json_t *file;
	json_array_foreach (json_object_get(source, "items"), i, file) {
		check_downward_file(c, file);
		if (field(file, "path").n)
			note_path(c, p, field(file, "path"), field(file, "path"));
	}
}

static void check_expiration(struct check *c, const json_t *source)
{
	const json_t *expiration = json_object_get(source, "expirationSeconds");
	json_int_t s = json_integer_value(expiration);
	if (!expiration)
		check_required(c, "expirationSeconds", "%s", "");
	else if (s < 600)
		check_invalid(c, "expirationSeconds", expiration,
			      "may not specify a duration less than 10 minutes");
	else if (s > 1LL << 32)
		check_invalid(c, "expirationSeconds", expiration,
			      "may not specify a duration larger than 2^32 seconds");
}

/* Upstream names the token's path without the source's index. */
static void check_token(struct check *c, const json_t *source, const struct projection *p)
{
	auto_buf here = { 0 };
	check_expiration(c, source);
	buf_str(&here, buf_view(&c->path));
	check_out(c, p->at_volume);
	check_needed(c, source, "path");
	check_reserved_path(c, "path", field(source, "path"));
	buf_reset(&c->path);
	buf_str(&c->path, buf_view(&here));
}

static void check_bundle_name(struct check *c, struct str name)
{
	size_t colon = str_rfind(name, ':');
	struct str rest = name;
	if (name.n == 0)
		check_required(c, "name", "must be a valid object name");
	if (colon < name.n && colon == 0) {
		check_invalid_text(c, "name", name,
				   "not a valid clustertrustbundlename: ClusterTrustBundle without "
				   "signer name must not have \":\" in its name");
		return;
	}
	if (colon < name.n)
		rest = str_of(name.p + colon + 1, name.n - colon - 1);
	struct name_errors e = name_dns_subdomain(rest);
	for (size_t i = 0; i < e.n; i++)
		check_invalid_text(c, "name", name, "not a valid clustertrustbundlename: %s",
				   e.text[i]);
}

static void check_trust_bundle(struct check *c, const json_t *source, const struct projection *p)
{
	const json_t *name = json_object_get(source, "name"),
		     *signer = json_object_get(source, "signerName"),
		     *selector = json_object_get(source, "labelSelector");
	if (name && signer) {
		check_invalid_internal(c, NULL, "core/v1.ClusterTrustBundleProjection", source,
				       "only one of name and signerName may be used");
	} else if (name) {
		check_bundle_name(c, tree_str(name));
		if (selector)
			check_invalid(c, "labelSelector", selector,
				      "labelSelector must be unset if name is specified");
	} else if (signer) {
		if (tree_str(signer).n == 0)
			check_required(c, "signerName", "must be a valid signer name");
		check_signer_name(c, "signerName", tree_str(signer));
		check_label_selector(c, "labelSelector", selector);
	} else {
		check_required(c, NULL, "either name or signerName must be specified");
	}
	check_needed(c, source, "path");
	check_reserved_path(c, "path", field(source, "path"));
	note_path(c, p, field(source, "path"), field(source, "path"));
}

static void check_certificate_seconds(struct check *c, const json_t *source)
{
	const json_t *seconds = json_object_get(source, "maxExpirationSeconds");
	json_int_t s = json_integer_value(seconds),
		   most = signer_is_kubernetes(field(source, "signerName")) ? 86400 : 91 * 86400;
	if (seconds && s < 3600)
		check_invalid(c, "maxExpirationSeconds", seconds,
			      "if provided, maxExpirationSeconds must be >= 3600");
	if (seconds && s > most)
		check_invalid(c, "maxExpirationSeconds", seconds,
			      "if provided, maxExpirationSeconds must be <= %lld", (long long)most);
}

static void check_certificate(struct check *c, const json_t *source, const struct projection *p)
{
	static const char *const keys[] = { "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519",
					    "RSA3072",   "RSA4096",   NULL },
				 *const shown[] = { "RSA3072",   "RSA4096",   "ECDSAP256",
						    "ECDSAP384", "ECDSAP521", "ED25519",
						    NULL },
				 *const files[] = { "credentialBundlePath", "keyPath",
						    "certificateChainPath" };
	size_t n = 0;
	check_signer_name(c, "signerName", field(source, "signerName"));
	if (!str_in(field(source, "keyType"), keys))
		check_unsupported(c, "keyType", json_object_get(source, "keyType"), shown);
	check_certificate_seconds(c, source);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct str path = field(source, files[i]);
		if (path.n == 0)
			continue;
		n++;
		check_reserved_path(c, files[i], path);
		note_path(c, p, path, path);
	}
	if (n == 0)
		check_required(c, NULL,
			       "specify at least one of credentialBundlePath, keyPath, and "
			       "certificateChainPath");
}

static const struct {
	const char *name;
	void (*check)(struct check *c, const json_t *source, const struct projection *p);
} rows[] = {
	{ "secret", check_named },
	{ "configMap", check_named },
	{ "downwardAPI", check_downward_files },
	{ "serviceAccountToken", check_token },
	{ "clusterTrustBundle", check_trust_bundle },
	{ "podCertificate", check_certificate },
};

static void check_projection(struct check *c, const json_t *item, const struct projection *p)
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const json_t *source = json_object_get(item, rows[i].name);
		if (!source)
			continue;
		size_t was = check_in(c, rows[i].name);
		rows[i].check(c, source, p);
		check_out(c, was);
		n++;
	}
	if (n > 1)
		check_forbidden(c, NULL, "may not specify more than 1 volume type per source");
}

void check_projected(struct check *c, const json_t *source)
{
	struct map paths = { 0 };
	struct projection p = { .paths = &paths, .at_volume = c->path.n };
	size_t i;
	json_t *item;
	check_mode(c, source, "defaultMode");
	json_array_foreach (json_object_get(source, "sources"), i, item) {
		size_t was = check_in(c, "sources");
		check_in_index(c, i);
		check_projection(c, item, &p);
		check_out(c, was);
	}
	map_free(&paths, NULL);
}
