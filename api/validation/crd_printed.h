/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a CustomResourceDefinition as upstream's errors print them: its internal types, whose fields have Go's names and are all there.
 * Trees of the caller's, for check_invalid_whole(). Any thread. */
#ifndef API_VALIDATION_CRD_PRINTED_H
#define API_VALIDATION_CRD_PRINTED_H

#include <jansson.h>

json_t *crd_printed_schema(const json_t *schema);
json_t *
crd_printed_items(const json_t *items); /* the value of `items`: a schema or a list of them */
/* What all versions have in common stands elsewhere in the internal form: its parts are left out. */
struct crd_common {
	const json_t *schema, *subresources, *columns, *selectable; /* NULL: the versions differ */
};
json_t *crd_printed_versions(const json_t *versions, const struct crd_common *common);

#endif
