/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request as a tree of the expected type: media type, syntax, kind and version, unknown and duplicate fields. */
#ifndef SERVER_APISERVER_WRITE_DECODE_H
#define SERVER_APISERVER_WRITE_DECODE_H

#include "api/codec.h"
#include "server/apiserver/request.h"

struct decode_expect {
	const struct api_type *type;
	const char *group, *version, *kind;
	bool older; /* versions that were served once are read, too */
};
/* `as sent` conformed to the type, without defaults. Unknown and duplicate fields go where fieldValidation says. */
int decode_body(struct api_request *r, const struct decode_expect *expect, json_t **out,
		struct err *err);
/* The same for a tree that a patch made. What is wrong is said of the patch: of `shown` when it is a strategic one, else of the
 * object that came out. */
struct decode_patch {
	const json_t *shown;      /* NULL: the object */
	const struct str *strict; /* what was found in the patch itself: duplicate field "x" */
	size_t nstrict;
};
int decode_patched(struct api_request *r, const struct decode_expect *expect,
		   const struct decode_patch *patch, json_t *tree, struct err *err);
/* What the path's object (or its subresource's body) has to be. */
struct decode_expect decode_expected(const struct api_request *r);
/* An options body (DeleteOptions): NULL when there is none. */
int decode_optional(struct api_request *r, const char *kind, json_t **out, struct err *err);
/* Patch bodies: JSON or YAML text without a type. */
int decode_untyped(struct api_request *r, bool yaml, json_t **out, struct api_strings *dup,
		   struct err *err);
/* Duplicate fields of an untyped body, by fieldValidation. */
int decode_strictness(struct api_request *r, const struct decode_expect *expect,
		      const struct api_strings *dup, const struct api_strings *unknown,
		      struct err *err);

#endif
