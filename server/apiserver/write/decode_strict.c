/* SPDX-License-Identifier: Apache-2.0 */
/* Unknown and duplicate fields: an error, warnings, or nothing, by fieldValidation. */
#include "server/apiserver/write/decode_parts.h"

/* Upstream finds duplicates of a custom resource first, of others last. */
void decode_strict_text(const struct decode_expect *x, const struct api_strings *dup,
			const struct api_strings *unknown, struct buf *out)
{
	for (size_t i = 0; decode_is_custom(x) && i < dup->n; i++)
		buf_printf(out, "%sduplicate field \"%s\"", out->n ? ", " : "", dup->items[i]);
	for (size_t i = 0; i < unknown->n; i++)
		buf_printf(out, "%sunknown field \"%s\"", out->n ? ", " : "", unknown->items[i]);
	for (size_t i = 0; !decode_is_custom(x) && i < dup->n; i++)
		buf_printf(out, "%sduplicate field \"%s\"", out->n ? ", " : "", dup->items[i]);
}

int decode_strictness(struct api_request *r, const struct decode_expect *x,
		      const struct api_strings *dup, const struct api_strings *unknown,
		      struct err *err)
{
	if ((dup->n == 0 && unknown->n == 0) || r->opt.field_validation == VALIDATE_IGNORE)
		return 0;
	if (r->opt.field_validation == VALIDATE_STRICT) {
		auto_buf text = { 0 };
		decode_strict_text(x, dup, unknown, &text);
		return err_set(
			err, ERR_BAD_REQUEST,
			"%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
			x->kind, x->version, x->kind, text.p);
	}
	for (size_t i = 0; decode_is_custom(x) && i < dup->n; i++)
		request_warn(r, "duplicate field \"%s\"", dup->items[i]);
	for (size_t i = 0; i < unknown->n; i++)
		request_warn(r, "unknown field \"%s\"", unknown->items[i]);
	for (size_t i = 0; !decode_is_custom(x) && i < dup->n; i++)
		request_warn(r, "duplicate field \"%s\"", dup->items[i]);
	return 0;
}

int decode_yaml_strictness(struct api_request *r, const struct decode_expect *x,
			   const struct api_strings *dup, const struct api_strings *unknown,
			   struct err *err)
{
	const struct api_strings none = { 0 };
	auto_buf text = { 0 };
	if (dup->n == 0 || r->opt.field_validation == VALIDATE_IGNORE)
		return decode_strictness(r, x, &none, unknown, err);
	for (size_t i = 0; i < dup->n && r->opt.field_validation != VALIDATE_STRICT; i++)
		request_warn(r, "%s", dup->items[i]);
	if (r->opt.field_validation != VALIDATE_STRICT)
		return decode_strictness(r, x, &none, unknown, err);
	buf_puts(&text, "yaml: unmarshal errors:");
	for (size_t i = 0; i < dup->n; i++)
		buf_printf(&text, "\n  %s", dup->items[i]);
	decode_strict_text(x, &none, unknown, &text);
	return err_set(err, ERR_BAD_REQUEST,
		       "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
		       x->kind, x->version, x->kind, text.p);
}
