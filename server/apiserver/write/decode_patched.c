/* SPDX-License-Identifier: Apache-2.0 */
/* What a patch made: its errors are said of the patch. */
#include "api/object/meta.h"
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

/* Upstream reads a strategic patch's object from a tree, not from text: its errors name Go kinds. */
static void unstructured_error(struct err *err)
{
	static const char start[] = "json: cannot unmarshal ";
	char *type = err->text ? strstr(err->text, " of type ") : NULL;
	if (!type || !str_starts(str_from(err->text), str_from(start)))
		return;
	struct str word = str_from(err->text + strlen(start));
	word.n = str_find(word, ' ');
	type += strlen(" of type ");
	const char *source = str_eqz(word, "object")   ? "map"
			     : str_eqz(word, "array")  ? "slice"
			     : str_eqz(word, "number") ? "int64"
						       : NULL;
	auto_free char *kind = source ? str_dup(str_from(source)) : str_dup(word);
	auto_free char *to = str_dup(str_from(type));
	if (to[0] == '[')
		err_set(err, ERR_BAD_REQUEST, "cannot restore slice from %s", kind);
	else if (!strncmp(to, "map[", 4))
		err_set(err, ERR_BAD_REQUEST, "cannot restore map from %s", kind);
	else if (str_eqz(word, "number") && !strcmp(to, "string"))
		err_set(err, ERR_BAD_REQUEST, "cannot convert int64 to string");
	else if (strchr(to, '.'))
		err_set(err, ERR_BAD_REQUEST, "cannot restore struct from: %s", kind);
	else
		err_set(err, ERR_BAD_REQUEST, "unrecognized type: %s", to);
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
	if (e == 0)
		e = api_conform(x->type, tree, &unknown, &why);
	if (e < 0 && patch->shown)
		unstructured_error(&why);
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
