/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of a client after decoding: create, and an update from one to the other. First byte: the kind; then both, divided by a zero byte
 * (one is enough). Rules have to stand whatever the schema lets through. */
#include <stdlib.h>
#include <string.h>

#include "api/codec.h"
#include "api/registry.h"
#include "api/validation/validation.h"
#include "generated/api_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static json_t *decode(const struct api_type *t, struct str text)
{
	json_t *tree = NULL;
	if (api_json_parse(text, &tree, NULL, NULL) < 0)
		return NULL;
	if (api_conform(t, tree, NULL, NULL) == 0) {
		api_default(t, tree);
		return tree;
	}
	json_decref(tree);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const parts[] = { "", "status", "ephemeralcontainers", "resize" };
	if (n == 0)
		return 0;
	const struct api_resource *r = &api_resources[data[0] % api_builtin_count];
	const uint8_t *zero = memchr(data + 1, 0, n - 1);
	size_t end = zero ? (size_t)(zero - data) : n;
	json_t *old = decode(r->type, str_of(data + 1, end - 1));
	json_t *new = zero ? decode(r->type, str_of(zero + 1, n - end - 1)) : json_incref(old);
	if (old) {
		auto_err err = { 0 };
		validate_create(r, old, &err);
	}
	for (size_t i = 0; old && new &&i < sizeof(parts) / sizeof(parts[0]); i++) {
		auto_err err = { 0 };
		validate_update(r, parts[i], new, old, &err);
	}
	json_decref(old);
	json_decref(new);
	return 0;
}
