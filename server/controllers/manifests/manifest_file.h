/* SPDX-License-Identifier: Apache-2.0 */
/* A file of manifests taken apart: documents of YAML, or JSON values one after another; the items of lists count as documents. Pure,
 * any thread. */
#ifndef SERVER_CONTROLLERS_MANIFESTS_MANIFEST_FILE_H
#define SERVER_CONTROLLERS_MANIFESTS_MANIFEST_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define MANIFEST_FILE_MAX (16u << 20)

struct manifest { /* its slices live in the set's arena */
	struct str api_version, kind, ns, name;
	struct str json; /* the document */
};
/* Definitions and Namespaces come first, else as in the file: what others need is there when they come. */
struct manifest_set {
	struct arena arena;
	struct manifest *items;
	size_t n, cap;
};
/* BadRequest: a document that is no object, or without apiVersion, kind or name; the text tells which. *out is empty then. */
int manifest_set_parse(struct str text, struct manifest_set *out, struct err *err);
void manifest_set_free(struct manifest_set *s);
bool manifest_is_file(struct str name); /* .yaml, .yml, .json, and not hidden */

#endif
