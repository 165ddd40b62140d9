/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "base/encode.h"
#include "base/mem.h"

/* What a type's data must hold; several rows of one type are all needed. */
static const struct {
	const char *type, *key;
	bool json; /* must be JSON text */
} needed[] = {
	{ "kubernetes.io/dockercfg", ".dockercfg", true },
	{ "kubernetes.io/dockerconfigjson", ".dockerconfigjson", true },
	{ "kubernetes.io/ssh-auth", "ssh-privatekey", false },
	{ "kubernetes.io/tls", "tls.crt", false },
	{ "kubernetes.io/tls", "tls.key", false },
};

static void require_key(struct check *c, const char *key)
{
	size_t was = check_in(c, "data");
	check_in_key(c, str_from(key));
	check_required(c, NULL, "%s", "");
	check_out(c, was);
}

static void check_json(struct check *c, const char *key, struct str base64)
{
	auto_buf text = { 0 };
	auto_err why = { 0 };
	json_t *tree = NULL;
	if (base64_decode(&text, base64))
		api_json_parse(text.n ? buf_view(&text) : STR(""), &tree, NULL, &why);
	size_t was = check_in(c, "data");
	check_in_key(c, str_from(key));
	if (!tree)
		check_invalid_text(c, NULL, STR("<secret contents redacted>"), "%s",
				   err_text(&why));
	check_out(c, was);
	json_decref(tree);
}

static void check_type(struct check *c, const json_t *secret, struct str type)
{
	const json_t *data = json_object_get(secret, "data");
	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		const json_t *value = json_object_get(data, needed[i].key);
		if (!str_eqz(type, needed[i].type))
			continue;
		if (!value || (!needed[i].json && str_eqz(type, "kubernetes.io/ssh-auth") &&
			       tree_str(value).n == 0))
			require_key(c, needed[i].key);
		else if (needed[i].json)
			check_json(c, needed[i].key, tree_str(value));
	}
}

void validate_secret(struct check *c, const json_t *secret)
{
	struct str type = tree_get_str(secret, "type", NULL);
	const json_t *data = json_object_get(secret, "data");
	size_t bytes = 0;
	check_data_keys(c, secret, "data", true, &bytes);
	if (bytes > VALIDATION_DATA_MAX_BYTES)
		check_too_long(c, "data", VALIDATION_DATA_MAX_BYTES);
	check_type(c, secret, type);
	if (str_eqz(type, "kubernetes.io/service-account-token") &&
	    meta_annotation(secret, "kubernetes.io/service-account.name").n == 0)
		check_required(c, "metadata.annotations[kubernetes.io/service-account.name]", "%s",
			       "");
	if (str_eqz(type, "kubernetes.io/basic-auth") && !json_object_get(data, "username") &&
	    !json_object_get(data, "password")) {
		require_key(c, "username");
		require_key(c, "password");
	}
}

void validate_secret_update(struct check *c, const json_t *new, const json_t *old)
{
	check_immutable(c, "type", json_object_get(new, "type"), json_object_get(old, "type"));
	check_data_immutable(c, new, old);
	validate_secret(c, new);
}
