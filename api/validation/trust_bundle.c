/* SPDX-License-Identifier: Apache-2.0 */
/* ClusterTrustBundles and PodCertificateRequests. Follows upstream's pkg/apis/certificates/validation. */
#include "api/object/meta.h"
#include "api/validation/anchor.h"
#include "api/validation/certificate_parts.h"
#include "api/validation/kinds.h"
#include "api/validation/pem.h"
#include "base/encode.h"
#include "base/mem.h"

#define BUNDLE_MAX      (1024 * 1024)
#define KEY_MAX         (10 * 1024)
#define REQUEST_MAX     (10 * 1024)
#define UID_MAX         128
#define SECONDS_MIN     3600
#define SECONDS_MAX     (91 * 86400)
#define SECONDS_MAX_OWN 86400

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- bundles ---- */

static void check_bundle_name(struct check *c, const json_t *bundle)
{
	struct str name = meta_name(bundle),
		   signer = tree_get_str(bundle, "spec", "signerName", NULL);
	auto_buf prefix = { 0 };
	if (signer.n == 0) {
		if (str_find(name, ':') < name.n)
			check_invalid_text(c, "metadata.name", name,
					   "ClusterTrustBundle without signer name must not have "
					   "\":\" in its name");
		else if (name.n)
			check_name(c, "metadata.name", name, name_dns_subdomain);
		return;
	}
	for (size_t i = 0; i < signer.n; i++)
		buf_putc(&prefix, signer.p[i] == '/' ? ':' : signer.p[i]);
	buf_putc(&prefix, ':');
	struct str rest = name;
	if (!str_cut_prefix(&rest, buf_view(&prefix))) {
		check_invalid_text(c, "metadata.name", name,
				   "ClusterTrustBundle for signerName %.*s must be named with "
				   "prefix %s",
				   STR_ARG(signer), prefix.p);
		return;
	}
	struct name_errors e = name_dns_subdomain(rest);
	for (size_t i = 0; i < e.n; i++)
		check_invalid_text(c, "metadata.name", name, "%s", e.text[i]);
}

static const char *anchor_error(const struct pem_block *block)
{
	if (!str_eqz(block->type, "CERTIFICATE"))
		return "has bad block type";
	if (block->headers)
		return "has PEM block headers";
	switch (anchor_of(buf_view(&block->der))) {
	case ANCHOR_NOT_X509: return "does not parse as X.509";
	case ANCHOR_NO_AUTHORITY: return "does not have the CA bit set";
	default: return NULL;
	}
}

static void check_anchors(struct check *c, struct str text)
{
	struct map seen = { 0 };
	struct pem_block block;
	size_t before = check_causes(c), n = 0, fine = 0;
	const char *child = "spec.trustBundle";
	for (; pem_next(&text, &block); n++) {
		const char *why = anchor_error(&block);
		bool type = why && !str_eqz(block.type, "CERTIFICATE");
		if (why)
			check_invalid_text(c, child, STR("<value omitted>"), "entry %zu %s%s%.*s",
					   n, why, type ? ": " : "", type ? (int)block.type.n : 0,
					   block.type.p);
		else if (!seen_before(&seen, buf_view(&block.der)))
			fine++;
		else if (!check_failed(c, before))
			check_invalid_text(c, child, STR("<value omitted>"),
					   "duplicate trust anchor (indices [%zu %zu])", fine - 1,
					   n);
		buf_free(&block.der);
	}
	if (!check_failed(c, before) && fine == 0)
		check_invalid_text(c, child, STR("<value omitted>"),
				   "at least one trust anchor must be provided");
	map_free(&seen, NULL);
}

static void check_bundle(struct check *c, const json_t *bundle, bool parse)
{
	const json_t *spec = json_object_get(bundle, "spec");
	struct str text = field(spec, "trustBundle");
	check_bundle_name(c, bundle);
	if (field(spec, "signerName").n)
		check_signer_name(c, "spec.signerName", field(spec, "signerName"));
	if (text.n > BUNDLE_MAX)
		check_too_long(c, "spec.trustBundle", BUNDLE_MAX);
	else if (parse)
		check_anchors(c, text);
}

void validate_trust_bundle(struct check *c, const json_t *bundle)
{
	check_bundle(c, bundle, true);
}

void validate_trust_bundle_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = tree_get(new, "spec", "signerName", NULL);
	check_bundle(c, new,
		     !str_eq(tree_get_str(new, "spec", "trustBundle", NULL),
			     tree_get_str(old, "spec", "trustBundle", NULL)));
	if (!str_eq(tree_str(a), tree_get_str(old, "spec", "signerName", NULL)))
		check_invalid_text(c, "spec.signerName", tree_str(a), "field is immutable");
}

/* ---- certificates of pods ---- */

static void check_uid(struct check *c, const json_t *spec, const char *child)
{
	struct str uid = field(spec, child);
	if (uid.n == 0)
		check_invalid_text(c, child, uid, "must not be empty");
	if (uid.n > UID_MAX)
		check_too_long(c, child, UID_MAX);
}

static void check_who(struct check *c, const json_t *spec)
{
	static const char *const names[][2] = { { "podName", "podUID" },
						{ "serviceAccountName", "serviceAccountUID" },
						{ "nodeName", "nodeUID" } };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		check_name(c, names[i][0], field(spec, names[i][0]), name_dns_subdomain);
		check_uid(c, spec, names[i][1]);
	}
}

static bool check_lifetime(struct check *c, const json_t *spec)
{
	const json_t *seconds = json_object_get(spec, "maxExpirationSeconds");
	struct str signer = field(spec, "signerName");
	int64_t most = str_starts(signer, STR("kubernetes.io/")) ? SECONDS_MAX_OWN : SECONDS_MAX,
		n = json_integer_value(seconds);
	if (!seconds) {
		check_required(c, "maxExpirationSeconds", "must be set");
		return false;
	}
	if (n < SECONDS_MIN || n > most)
		check_invalid(c, "maxExpirationSeconds", seconds, "must be in the range [%d, %lld]",
			      SECONDS_MIN, (long long)most);
	return true;
}

static void check_key(struct check *c, const json_t *spec)
{
	struct str request = field(spec, "stubPKCS10Request"), key = field(spec, "pkixPublicKey"),
		   proof = field(spec, "proofOfPossession");
	if (request.n && key.n == 0 && proof.n == 0) {
		if (request.n / 4 * 3 > REQUEST_MAX)
			check_too_long(c, "stubPKCS10Request", REQUEST_MAX);
	} else if (request.n == 0 && key.n && proof.n) {
		if (key.n / 4 * 3 > KEY_MAX)
			check_too_long(c, "pkixPublicKey", KEY_MAX);
		else if (proof.n / 4 * 3 > KEY_MAX)
			check_too_long(c, "proofOfPossession", KEY_MAX);
	} else {
		check_invalid_bare(c, NULL,
				   "exactly one of (stubPKCS10Request) or (pkixPublicKey, "
				   "proofOfPossession) must be set");
	}
}

void validate_pod_certificate(struct check *c, const json_t *request)
{
	const json_t *spec = json_object_get(request, "spec");
	size_t was = check_in(c, "spec");
	check_signer_name(c, "signerName", field(spec, "signerName"));
	check_annotations(c, "unverifiedUserAnnotations",
			  json_object_get(spec, "unverifiedUserAnnotations"));
	check_who(c, spec);
	if (check_lifetime(c, spec))
		check_key(c, spec);
	check_out(c, was);
}

void validate_pod_certificate_update(struct check *c, const json_t *new, const json_t *old)
{
	check_immutable(c, "spec", json_object_get(new, "spec"), json_object_get(old, "spec"));
}

/* At most one of the three, and it is true; afterwards nothing changes any more. */
void validate_pod_certificate_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const types[] = { "Issued", "Denied", "Failed", NULL };
	static const char *const yes[] = { "True", NULL };
	const json_t *before = json_object_get(old, "status");
	size_t n = 0, i, was = check_in(c, "status.conditions"), causes = check_causes(c);
	json_t *condition;
	json_array_foreach (tree_get(new, "status", "conditions", NULL), i, condition) {
		size_t at = check_in_index(c, i);
		bool known = str_in(field(condition, "type"), types);
		if (!known)
			check_unsupported(c, "type", json_object_get(condition, "type"), types);
		if (known && n++)
			check_invalid(c, "type", json_object_get(condition, "type"),
				      "There may be at most one condition with type \"Issued\", "
				      "\"Denied\", or \"Failed\"");
		if (known && !str_eqz(field(condition, "status"), "True"))
			check_unsupported(c, "status", json_object_get(condition, "status"), yes);
		check_out(c, at);
	}
	check_out(c, was);
	if (!check_failed(c, causes) && json_array_size(json_object_get(before, "conditions")) &&
	    !shape_equal(before, json_object_get(new, "status")))
		check_invalid_bare(c, "status",
				   "immutable after PodCertificateRequest is issued, denied, or "
				   "failed");
}
