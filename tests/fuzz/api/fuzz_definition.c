/* SPDX-License-Identifier: Apache-2.0 */
/* A CustomResourceDefinition from a client: its rules, then the compiler, then an object of its own shape. Input: the schema as JSON, and an
 * object behind a zero byte. */
#include <stdlib.h>
#include <string.h>

#include "api/codec.h"
#include "api/crd/crd.h"
#include "api/openapi/custom.h"
#include "api/validation/validation.h"
#include "generated/api_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static json_t *definition(json_t *schema)
{
	return json_pack("{s:{s:s},s:{s:s,s:s,s:{s:s,s:s,s:s,s:s},s:[{s:s,s:b,s:b,s:{s:o}}]}}",
			 "metadata", "name", "tabs.ex.com", "spec", "group", "ex.com", "scope",
			 "Namespaced", "names", "plural", "tabs", "singular", "tab", "kind", "Tab",
			 "listKind", "TabList", "versions", "name", "v1", "served", 1, "storage", 1,
			 "schema", "openAPIV3Schema", schema);
}

static void play(const struct crd *c, struct str object)
{
	json_t *tree = NULL;
	struct buf out = { 0 };
	auto_err err = { 0 };
	if (api_json_parse(object, &tree, NULL, &err) == 0 && json_is_object(tree) &&
	    api_conform(c->storage->type, tree, NULL, &err) == 0) {
		api_default(c->storage->type, tree);
		validate_create(c->storage, tree, &err);
		api_json_write(c->storage->type, tree, true, &out, NULL);
	}
	buf_free(&out);
	json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct api_type *type = API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS->type;
	const uint8_t *zero = memchr(data, 0, n);
	size_t end = zero ? (size_t)(zero - data) : n;
	json_t *schema = NULL;
	struct crd *c = NULL;
	auto_err err = { 0 };
	if (api_json_parse(str_of(data, end), &schema, NULL, NULL) < 0)
		return 0;
	json_t *t = definition(schema);
	if (api_conform(type, t, NULL, NULL) == 0) {
		api_default(type, t);
		if (validate_create(API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS, t, &err) == 0 &&
		    crd_compile(t, json_object_get(json_object_get(t, "spec"), "names"), &c,
				NULL) == 0) {
			struct buf out = { 0 };
			play(c, zero ? str_of(zero + 1, n - end - 1) : STR("{}"));
			openapi_custom_schema(c->storage, schema, false, &out);
			openapi_custom_schema(c->storage, schema, true, &out);
			buf_free(&out);
			crd_unref(c);
		}
	}
	json_decref(t);
	return 0;
}
