/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to trees and back, by schema. A tree is jansson's; typeless values keep what was sent. Any thread. */
#ifndef API_CODEC_H
#define API_CODEC_H

#include <jansson.h>

#include "api/path.h"
#include "api/type.h"
#include "base/buf.h"
#include "base/err.h"

#define API_BODY_MAX  (3u << 20)
#define API_DEPTH_MAX 256 /* schemas of custom resources are deep */

/* Parses JSON text with our limits (depth, size, UTF-8). Upstream's wording for errors. Duplicate keys: last one wins,
 * each is reported in dup (paths like `spec.replicas`) when dup is not NULL. */
struct api_strings {
	char **items;
	size_t n;
};
void api_strings_free(struct api_strings *s);
void api_strings_add(struct api_strings *s, char *take);
int api_json_parse(struct str text, json_t **out, struct api_strings *dup, struct err *err);
int api_yaml_parse(struct str text, json_t **out, struct api_strings *dup, struct err *err);
/* The same; duplicates are told as Go's strict parser does: `line 7: key "a" already set in map`. */
int api_yaml_parse_lines(struct str text, json_t **out, struct api_strings *dup, struct err *err);

/* Checks types against the schema as Go's decoder does (error: BadRequest, upstream wording), drops nulls of non-pointer fields and fields that the
 * schema doesn't know; paths of unknown fields go to `unknown` (may be NULL). In place. */
int api_conform(const struct api_type *t, json_t *tree, struct api_strings *unknown,
		struct err *err);
/* The same for a tree that was parsed from this JSON: errors show numbers as they were written. */
int api_conform_text(const struct api_type *t, json_t *tree, struct str json,
		     struct api_strings *unknown, struct err *err);
/* Where the value at a path of a document's tree stands in its text. */
bool api_json_find(struct str text, const struct path *at, struct str *out);
/* Canonical JSON: fields in schema order, empty ones left out as upstream does, map keys sorted. With
 * omit_revision, metadata.resourceVersion is left out (what the store keeps). kind/apiVersion come first. */
int api_json_write(const struct api_type *t, const json_t *tree, bool omit_revision,
		   struct buf *out, struct err *err);

/* Protobuf of Kubernetes: "k8s\0" + runtime.Unknown{typeMeta, raw}. apiVersion and kind in the tree. */
int api_protobuf_write(const struct api_type *t, const json_t *tree, struct buf *out,
		       struct err *err);
int api_protobuf_write_message(const struct api_type *t, const json_t *tree, struct buf *out,
			       struct err *err);
int api_protobuf_envelope(struct str body, struct str *api_version, struct str *kind,
			  struct str *raw, struct err *err);
int api_protobuf_read_message(const struct api_type *t, struct str raw, json_t **out,
			      struct err *err);

/* Defaults of the schema, in place, where a value is absent (upstream's SetDefaults; those that a schema can't say are code). */
void api_default(const struct api_type *t, json_t *tree);

#endif
