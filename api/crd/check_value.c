/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that are seen at the value itself: its type, what it is one of, how long it is, how large. */
#include <math.h>

#include "api/crd/check.h"
#include "api/json/write.h"
#include "api/object/meta.h"
#include "api/shape.h"
#include "api/values/pattern.h"
#include "base/mem.h"

/* ---- types ---- */

static bool is_whole(const json_t *v)
{
	double d = json_number_value(v);
	return json_is_integer(v) ||
	       (json_is_real(v) && fabs(d) < 9007199254740992.0 && floor(d) >= d);
}

static unsigned type_bit(const json_t *v, const char **word)
{
	static const struct {
		json_type type;
		unsigned bit;
		const char *word;
	} rows[] = {
		{ JSON_STRING, CRD_STRING, "string" },  { JSON_INTEGER, CRD_INTEGER, "integer" },
		{ JSON_REAL, CRD_NUMBER, "number" },    { JSON_TRUE, CRD_BOOLEAN, "boolean" },
		{ JSON_FALSE, CRD_BOOLEAN, "boolean" }, { JSON_ARRAY, CRD_ARRAY, "array" },
		{ JSON_OBJECT, CRD_OBJECT, "object" }
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (json_typeof(v) == rows[i].type) {
			*word = rows[i].word;
			return rows[i].bit;
		}
	*word = "null";
	return 0;
}

void crd_wrong_type(const struct place *at, const char *wanted, const char *have, struct outcome *o)
{
	json_t *text = json_string(have);
	COMPLAIN(check_invalid_type, o, at, text, "%s in body must be of type %s: \"%s\"", at->path,
		 wanted, have);
	json_decref(text);
}

void crd_type_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	const char *have;
	unsigned bit = type_bit(at->value, &have), numbers = CRD_NUMBER | CRD_INTEGER;
	bool texty = bit == CRD_STRING || bit == CRD_ARRAY;
	o->matches++;
	if (!r->types && !r->format)
		return;
	bool fits = (r->types & bit) || (bit == CRD_INTEGER && (r->types & CRD_NUMBER)) ||
		    (bit == CRD_NUMBER && (r->types & CRD_INTEGER) && is_whole(at->value));
	if (!texty && r->format && !fits) {
		crd_wrong_type(at, r->format,
			       bit == CRD_INTEGER  ? "int64"
			       : bit == CRD_NUMBER ? "float64"
						   : "",
			       o);
		return;
	}
	if (!(r->types & numbers) && r->format && texty)
		return;
	if (!fits)
		crd_wrong_type(at, r->type_text, have, o);
}

/* ---- single values ---- */

void crd_enum_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	size_t n = json_array_size(r->enum_values);
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (shape_equal(at->value, json_array_get(r->enum_values, i)))
			return;
	const char **words = mem_zalloc((n + 1) * sizeof(*words));
	auto_free struct buf *texts = mem_zalloc(n * sizeof(*texts));
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(r->enum_values, i);
		if (json_is_string(v))
			buf_str(&texts[i], tree_str(v));
		else
			api_json_any(&texts[i], v);
		words[i] = texts[i].p ? texts[i].p : "";
	}
	COMPLAIN(check_unsupported, o, at, at->value, words);
	for (size_t i = 0; i < n; i++)
		buf_free(&texts[i]);
	free(words);
}

static int64_t runes(struct str s)
{
	int64_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

void crd_string_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct str text = tree_str(at->value);
	if (r->max_length >= 0 && runes(text) > r->max_length) {
		COMPLAIN(check_too_long, o, at, (int)r->max_length);
		return;
	}
	if (r->min_length >= 0 && runes(text) < r->min_length) {
		COMPLAIN(check_invalid, o, at, at->value,
			 "%s in body should be at least %lld chars long", at->path,
			 (long long)r->min_length);
		return;
	}
	if (r->pattern && !pattern_match(r->pattern, text))
		COMPLAIN(check_invalid, o, at, at->value, "%s in body should match '%s'", at->path,
			 r->pattern_text);
}

void crd_format_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct str text = tree_str(at->value);
	if (!r->format || crd_format_ok(r->format, text))
		return;
	auto_buf quoted = { 0 };
	buf_json_string(&quoted, text);
	COMPLAIN(check_invalid_type, o, at, at->value, "%s in body must be of type %s: %s",
		 at->path, r->format, quoted.p);
}

/* As Go prints the bound: whole for a whole value, as far as whole numbers go. */
static void bound_text(const json_t *value, double bound, struct buf *out)
{
	if (json_is_integer(value) && fabs(bound) < 0x1p63)
		buf_i64(out, (int64_t)bound);
	else
		api_json_double(out, bound);
}

static void bound_check(const struct place *at, double bound, bool upper, bool exclusive,
			struct outcome *o)
{
	double v = json_number_value(at->value), limit = bound;
	auto_buf text = { 0 };
	if (json_is_integer(at->value))
		limit = trunc(bound);
	bool ok =
		upper ? (exclusive ? v < limit : v <= limit) : (exclusive ? v > limit : v >= limit);
	if (ok)
		return;
	bound_text(at->value, bound, &text);
	COMPLAIN(check_invalid, o, at, at->value, "%s in body should be %s than %s%s", at->path,
		 upper ? "less" : "greater", exclusive ? "" : "or equal to ", text.p);
}

static void multiple_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	double v = json_number_value(at->value), factor = r->multiple_of;
	auto_buf text = { 0 };
	if (json_is_integer(at->value))
		factor = trunc(factor);
	bound_text(at->value, r->multiple_of, &text);
	if (factor <= 0) {
		COMPLAIN(check_invalid, o, at, at->value,
			 "factor MultipleOf declared for %s must be positive: %s", at->path,
			 text.p);
		return;
	}
	double times = factor < 1 ? 1 / factor * v : v / factor;
	if (fabs(times - round(times)) > 1e-9 * fmax(1, fabs(times)))
		COMPLAIN(check_invalid, o, at, at->value, "%s in body should be a multiple of %s",
			 at->path, text.p);
}

void crd_number_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	double v = json_number_value(at->value);
	bool int32 = r->format && strcmp(r->format, "int32") == 0;
	auto_buf text = { 0 };
	if (r->types == CRD_INTEGER &&
	    (!is_whole(at->value) || (int32 && (v < INT32_MIN || v > INT32_MAX)) ||
	     fabs(v) > 9.3e18)) {
		buf_printf(&text, "Checked value must be of type integer %s%s in %s",
			   r->format ? "with format " : "(default format)",
			   r->format ? r->format : "", at->path);
		crd_complain_nowhere(o, at, text.p);
	}
	if (r->types == CRD_NUMBER && r->format && !strcmp(r->format, "float") &&
	    fabs(v) > 3.4028234663852886e38) {
		buf_printf(&text, "Checked value must be of type number with format float in %s",
			   at->path);
		crd_complain_nowhere(o, at, text.p);
	}
	if (r->has_multiple)
		multiple_check(r, at, o);
	if (r->has_max)
		bound_check(at, r->max, true, r->exclusive_max, o);
	if (r->has_min)
		bound_check(at, r->min, false, r->exclusive_min, o);
	o->matches++;
}
