/* SPDX-License-Identifier: Apache-2.0 */
/* Patches of a client. First byte: kind of patch and kind of object; then the object, a zero byte, the patch, both JSON. A patch is
 * never changed, and a merge patch applied twice changes nothing the second time. Names with a zero byte are left out: jansson's
 * own copies cut them off. */
#include <stdlib.h>
#include <string.h>

#include "api/codec.h"
#include "api/patch/json.h"
#include "api/patch/merge.h"
#include "api/patch/strategic.h"
#include "api/registry.h"
#include "generated/api_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int apply(unsigned kind, const struct api_type *t, json_t **doc, const json_t *patch)
{
	auto_err err = { 0 };
	if (kind == 0)
		return patch_json_apply(doc, patch, &err);
	if (kind == 1)
		return patch_merge_apply(doc, patch, &err);
	return patch_strategic_apply(t, doc, patch, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *zero = n ? memchr(data + 1, 0, n - 1) : NULL;
	if (!zero || memmem(data, n, "\\u0000", 6))
		return 0;
	unsigned kind = data[0] % 3;
	const struct api_type *t = api_resources[data[0] / 3 % api_builtin_count].type;
	json_t *doc = NULL, *patch = NULL;
	size_t at = (size_t)(zero - data);
	if (api_json_parse(str_of(data + 1, at - 1), &doc, NULL, NULL) == 0 &&
	    api_json_parse(str_of(zero + 1, n - at - 1), &patch, NULL, NULL) == 0) {
		json_t *before = json_deep_copy(patch);
		if (apply(kind, t, &doc, patch) == 0 && kind == 1) {
			json_t *once = json_deep_copy(doc);
			if (apply(kind, t, &doc, patch) < 0 || !json_equal(once, doc))
				abort();
			json_decref(once);
		}
		if (!json_equal(before, patch))
			abort();
		json_decref(before);
	}
	json_decref(doc);
	json_decref(patch);
	return 0;
}
