/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_conversion.h"

#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/pem.h"
#include "base/encode.h"

static const char *const spoken[] = { "v1", "v1beta1", NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- versions of ConversionReview ---- */

static bool are_spoken(const json_t *versions)
{
	const json_t *item;
	size_t i;
	json_array_foreach (versions, i, item)
		if (str_in(tree_str(item), spoken))
			return true;
	return false;
}

static void check_review_versions(struct check *c, const json_t *versions, bool any)
{
	struct map seen = { 0 };
	const json_t *item;
	size_t i, was = check_in(c, "conversionReviewVersions");
	if (!json_array_size(versions))
		check_required(c, NULL, "%s", "");
	json_array_foreach (versions, i, item) {
		struct name_errors why = name_dns1035_label(tree_str(item));
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, tree_str(item)))
			check_invalid(c, NULL, item, "duplicate version");
		else
			for (size_t k = 0; k < why.n; k++)
				check_invalid(c, NULL, item, "%s", why.text[k]);
		check_out(c, at);
	}
	if (json_array_size(versions) && !any && !are_spoken(versions))
		check_invalid(c, NULL, versions, "must include at least one of v1, v1beta1");
	map_free(&seen, NULL);
	check_out(c, was);
}

/* ---- the client ---- */

static bool has_certificate(struct str bundle)
{
	struct pem_block block = { 0 };
	bool found = false;
	while (!found && pem_next(&bundle, &block)) {
		found = str_eqz(block.type, "CERTIFICATE") && !block.headers;
		buf_free(&block.der);
	}
	return found;
}

/* What is wrong with it, or NULL. */
static const char *bundle_error(struct str base64)
{
	auto_buf bundle = { 0 };
	if (!base64.n || (base64_decode(&bundle, base64) && has_certificate(buf_view(&bundle))))
		return NULL;
	return "unable to load root certificates: unable to parse bytes as PEM block";
}

static void check_client(struct check *c, const json_t *client, bool any_bundle)
{
	size_t was = check_in(c, "webhookClientConfig");
	if (!client) {
		check_required(c, NULL, "required when strategy is set to Webhook");
	} else {
		const char *why = any_bundle ? NULL : bundle_error(field(client, "caBundle"));
		check_webhook_client(c, client);
		if (why)
			check_invalid(c, "caBundle", json_object_get(client, "caBundle"), "%s",
				      why);
	}
	check_out(c, was);
}

void crd_conversion_rules_of(const json_t *old, bool established, struct crd_conversion_rules *out)
{
	const json_t *hook = tree_get(old, "spec", "conversion", "webhook", NULL),
		     *versions = json_object_get(hook, "conversionReviewVersions");
	struct str bundle = field(json_object_get(hook, "clientConfig"), "caBundle");
	out->any_version = json_array_size(versions) && !are_spoken(versions);
	out->any_bundle = !established || bundle_error(bundle);
}

void check_crd_conversion(struct check *c, const json_t *conversion,
			  const struct crd_conversion_rules *rules)
{
	static const char *const strategies[] = { "None", "Webhook", NULL };
	const json_t *hook = json_object_get(conversion, "webhook"),
		     *client = json_object_get(hook, "clientConfig"),
		     *versions = json_object_get(hook, "conversionReviewVersions");
	size_t was = check_in(c, "conversion");
	const char *why = "should not be set when strategy is not set to Webhook";
	if (conversion)
		check_one_of(c, conversion, "strategy", strategies, true);
	if (str_eqz(field(conversion, "strategy"), "Webhook")) {
		check_client(c, client, rules->any_bundle);
		check_review_versions(c, versions, rules->any_version);
	} else {
		if (client)
			check_forbidden(c, "webhookClientConfig", "%s", why);
		if (json_array_size(versions))
			check_forbidden(c, "conversionReviewVersions", "%s", why);
	}
	check_out(c, was);
}
