/* SPDX-License-Identifier: Apache-2.0 */
/* Server-side apply after an update by another manager. First byte: the kind; then the live object, a zero byte, the applied one. What was
 * applied once by force is applied again without a conflict and changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "api/apply/apply.h"
#include "api/apply/merge.h"
#include "api/codec.h"
#include "api/registry.h"
#include "generated/api_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct managed_by updater = { .manager = STR_INIT("u"),
					   .operation = STR_INIT("Update"),
					   .api_version = STR_INIT("v1"),
					   .now_s = 1767225600 };
static const struct managed_by applier = { .manager = STR_INIT("a"),
					   .operation = STR_INIT("Apply"),
					   .api_version = STR_INIT("v1"),
					   .now_s = 1767225601 };

static void apply(const struct api_resource *r, const json_t *live, const json_t *applied)
{
	json_t *once = NULL, *twice = NULL;
	auto_err err = { 0 };
	if (apply_check(r->type, applied, NULL) == 0 &&
	    apply_merge(r, live, applied, &applier, true, &once, &err) == 0 &&
	    api_conform(r->type, once, NULL, NULL) == 0) {
		if (apply_merge(r, once, applied, &applier, false, &twice, NULL) < 0 ||
		    api_conform(r->type, twice, NULL, NULL) < 0 || !json_equal(once, twice))
			abort();
	}
	json_decref(once);
	json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *zero = n ? memchr(data + 1, 0, n - 1) : NULL;
	if (!zero)
		return 0;
	const struct api_resource *r = &api_resources[data[0] % api_builtin_count];
	json_t *live = NULL, *applied = NULL;
	size_t at = (size_t)(zero - data);
	if (api_json_parse(str_of(data + 1, at - 1), &live, NULL, NULL) == 0 &&
	    api_json_parse(str_of(zero + 1, n - at - 1), &applied, NULL, NULL) == 0 &&
	    api_conform(r->type, live, NULL, NULL) == 0 &&
	    managed_update(r, NULL, live, &updater, NULL) == 0)
		apply(r, live, applied);
	json_decref(live);
	json_decref(applied);
	return 0;
}
