/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_APISERVER_WRITE_PATCH_H
#define SERVER_APISERVER_WRITE_PATCH_H

#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/write.h"

enum patch_kind { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC, PATCH_APPLY };
int patch_kind_of(struct str content_type, enum patch_kind *out, struct err *err);
struct patch_state { /* of a patch under way: the request's state, the write's extra */
	enum patch_kind kind;
	struct decode_patch findings;
};
/* The patch in the request's body, parsed; for apply from YAML. */
int patch_parse(struct api_request *r, struct patch_state *state, json_t **out, struct err *err);
/* Applies one of the three to *doc, in place. */
int patch_apply(const struct api_type *t, enum patch_kind kind, const json_t *patch, json_t **doc,
		struct err *err);
/* The configuration in an apply's body, checked against what the request is about. On errors *tree may be set. apply.c */
int apply_parse(struct api_request *r, json_t **tree, struct err *err);
void patch_server_side(struct api_request *r); /* apply.c: the body is there */

#endif
