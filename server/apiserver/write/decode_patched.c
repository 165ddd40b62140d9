/* SPDX-License-Identifier: Apache-2.0 */
/* What a patch made: its errors are said of the patch. */
#include "api/object/meta.h"
#include "api/unstructured.h"
#include "api/values/go_format.h"
#include "base/mem.h"
#include "server/apiserver/write/decode_parts.h"

/* Without the words in front that an error of a whole body has. */
static void trim_to_cause(const struct decode_expect *x, struct err *err)
{
	auto_buf words = { 0 };
	buf_printf(&words, "cannot be handled as a %s: ", x->kind);
	char *at = err->text ? strstr(err->text, words.p) : NULL;
	if (at)
		memmove(err->text, at + words.n, strlen(at + words.n) + 1);
}

static int patched_strictness(struct api_request *r, const struct decode_patch *patch,
			      const struct api_strings *unknown, struct err *err)
{
	auto_buf text = { 0 };
	if (r->opt.field_validation == VALIDATE_IGNORE || patch->nstrict + unknown->n == 0)
		return 0;
	bool strict = r->opt.field_validation == VALIDATE_STRICT;
	for (size_t i = 0; i < patch->nstrict; i++) {
		if (!strict)
			request_warn(r, "%.*s", STR_ARG(patch->strict[i]));
		buf_printf(&text, "%s%.*s", text.n ? ", " : "", STR_ARG(patch->strict[i]));
	}
	for (size_t i = 0; i < unknown->n; i++) {
		if (!strict)
			request_warn(r, "unknown field \"%s\"", unknown->items[i]);
		buf_printf(&text, "%sunknown field \"%s\"", text.n ? ", " : "", unknown->items[i]);
	}
	if (!strict)
		return 0;
	return err_set(err, ERR_BAD_REQUEST, "strict decoding error: %s", text.p);
}

int decode_patched(struct api_request *r, const struct decode_expect *x,
		   const struct decode_patch *patch, json_t *tree, struct err *err)
{
	struct api_strings unknown = { 0 };
	auto_err why = { 0 };
	auto_buf quoted = { 0 }, shown = { 0 };
	char *as_sent = json_dumps(tree, JSON_COMPACT);
	if (patch->shown &&
	    !decode_is_custom(x)) { /* what a strategic patch says of the kind is passed over */
		json_object_del(tree, "kind");
		json_object_del(tree, "apiVersion");
	}
	struct decode_expect any = *x;
	any.older = true;
	if (!patch->shown && !decode_is_custom(x) && meta_api_version(tree).n == 0) {
		free(as_sent); /* upstream reads it as its own form, which has other names */
		const char *key;
		json_t *value;
		json_object_foreach (tree, key, value)
			if (strcmp(key, "kind") && r->opt.field_validation != VALIDATE_IGNORE)
				request_warn(r, "unknown field \"%s\"", key);
		return err_set(err, ERR_BAD_REQUEST,
			       "the name of the object (%.*s based on URL) was undeterminable: "
			       "name must be provided",
			       STR_ARG(r->name));
	}
	int e = decode_kind(&any, tree, &why);
	if (e == 0 && patch->shown)
		e = api_from_unstructured(x->type, tree, &why);
	if (e == 0)
		e = api_conform(x->type, tree, &unknown, &why);
	if (e == 0)
		e = patched_strictness(r, patch, &unknown, &why);
	api_strings_free(&unknown);
	if (e < 0) {
		trim_to_cause(x, &why);
		if (patch->shown)
			tree_format_go(patch->shown, &shown);
		else
			buf_puts(&shown, as_sent);
		buf_json_string(&quoted, buf_view(&shown));
		request_about(r, "", "", STR(""));
		err_cause(err, "FieldValueInvalid", "patch", "Invalid value: %s: %s", quoted.p,
			  err_text(&why));
		e = err_set(err, ERR_INVALID, " \"\" is invalid: patch: Invalid value: %s: %s",
			    quoted.p, err_text(&why));
	}
	free(as_sent);
	return e;
}
