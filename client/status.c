/* SPDX-License-Identifier: Apache-2.0 */
#include "client/status.h"

#include "api/codec.h"
#include "api/object/meta.h"

/* What an answer without a Status is called: of a proxy in between, or of no API server at all. */
static enum err_reason reason_of(int code)
{
	static const struct {
		int code;
		enum err_reason reason;
	} known[] = {
		{ 400, ERR_BAD_REQUEST }, { 401, ERR_UNAUTHORIZED },      { 403, ERR_FORBIDDEN },
		{ 404, ERR_NOT_FOUND },   { 409, ERR_CONFLICT },          { 410, ERR_EXPIRED },
		{ 422, ERR_INVALID },     { 429, ERR_TOO_MANY_REQUESTS }, { 503, ERR_UNAVAILABLE },
		{ 504, ERR_TIMEOUT },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].code == code)
			return known[i].reason;
	return ERR_INTERNAL;
}

void client_status_read(struct str body, int code, struct err *err)
{
	json_t *tree = NULL;
	api_json_parse(body, &tree, NULL, NULL);
	struct str reason = tree_get_str(tree, "reason", NULL),
		   message = tree_get_str(tree, "message", NULL);
	enum err_reason known = err_reason_from_text(reason.p ? reason.p : "", reason.n);
	if (message.n)
		err_set(err, known ? known : ERR_INTERNAL, "%.*s", STR_ARG(message));
	else
		err_set(err, reason_of(code), "the server answered %d", code);
	err->code = code;
	err->retry_after_s = (int)tree_int(tree_get(tree, "details", "retryAfterSeconds", NULL), 0);
	const json_t *causes = tree_get(tree, "details", "causes", NULL);
	for (size_t i = 0; i < json_array_size(causes); i++) {
		const json_t *c = json_array_get(causes, i);
		struct str type = tree_get_str(c, "reason", NULL),
			   field = tree_get_str(c, "field", NULL);
		err_cause(err, type.n ? type.p : NULL, field.n ? field.p : NULL, "%.*s",
			  STR_ARG(tree_get_str(c, "message", NULL)));
	}
	json_decref(tree);
}
