/* SPDX-License-Identifier: Apache-2.0 */
/* Values against rules. What a value breaks is gathered in an err of its own, because alternatives (anyOf, oneOf) are tried one
 * by one and only the best failure counts; `matches` is how upstream tells which that is. A branch that has not changed since
 * `old` keeps its errors to itself. */
#include <math.h>

#include "api/crd_rules.h"
#include "api/json_write.h"
#include "api/meta.h"
#include "api/pattern.h"
#include "api/shape.h"
#include "base/mem.h"

#define NOWHERE "<nil>" /* the field that upstream gives errors of alternatives */

struct outcome {
	struct err err;
	int matches;
};

struct place {
	const json_t *value, *old; /* old NULL: nothing to compare with */
	const char *path;   /* as messages have it: ".spec" at the root of additional properties */
	const char *prefix; /* in front of it in the cause's field */
};

static void rules_run(const struct crd_rules *r, const struct place *at, struct outcome *out);

static void outcome_free(struct outcome *o)
{
	err_clear(&o->err);
}

static void merge(struct outcome *to, struct outcome *from)
{
	for (size_t i = 0; i < from->err.ncauses; i++) {
		const struct err_cause *cause = &from->err.causes[i];
		err_cause(&to->err, cause->type, cause->field, "%s", cause->message);
	}
	to->matches += from->matches;
}

/* The cause's field: the path without a leading dot, behind the prefix. */
static const char *field_of(const struct place *at, struct buf *out)
{
	const char *path = *at->path == '.' ? at->path + 1 : at->path;
	buf_puts(out, at->prefix);
	if (*path)
		buf_printf(out, "%s%s", *at->prefix ? "." : "", path);
	return out->n ? out->p : NOWHERE;
}

#define COMPLAIN(call, o, at, ...)                                     \
	do {                                                           \
		auto_buf field_ = { 0 };                               \
		struct check check_ = { .err = &(o)->err };            \
		call(&check_, field_of((at), &field_), ##__VA_ARGS__); \
		buf_free(&check_.path);                                \
	} while (0)

static void nowhere(struct outcome *o, const struct place *at, const char *text)
{
	struct check c = { .err = &o->err };
	check_invalid_text(&c, *at->prefix ? at->prefix : NOWHERE, STR(""), "%s", text);
	buf_free(&c.path);
}

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

static void wrong_type(const struct place *at, const char *wanted, const char *have,
		       struct outcome *o)
{
	json_t *text = json_string(have);
	COMPLAIN(check_invalid_type, o, at, text, "%s in body must be of type %s: \"%s\"", at->path,
		 wanted, have);
	json_decref(text);
}

static void type_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
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
		wrong_type(at, r->format,
			   bit == CRD_INTEGER  ? "int64"
			   : bit == CRD_NUMBER ? "float64"
					       : "",
			   o);
		return;
	}
	if (!(r->types & numbers) && r->format && texty)
		return;
	if (!fits)
		wrong_type(at, r->type_text, have, o);
}

/* ---- single values ---- */

static void enum_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
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

static void string_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
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

static void format_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
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

static void number_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
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
		nowhere(o, at, text.p);
	}
	if (r->types == CRD_NUMBER && r->format && !strcmp(r->format, "float") &&
	    fabs(v) > 3.4028234663852886e38) {
		buf_printf(&text, "Checked value must be of type number with format float in %s",
			   at->path);
		nowhere(o, at, text.p);
	}
	if (r->has_multiple)
		multiple_check(r, at, o);
	if (r->has_max)
		bound_check(at, r->max, true, r->exclusive_max, o);
	if (r->has_min)
		bound_check(at, r->min, false, r->exclusive_min, o);
	o->matches++;
}

/* ---- lists ---- */

static const json_t *old_item(const struct crd_rules *r, const json_t *item, const json_t *old)
{
	if (r->list_type != API_LIST_MAP || !r->list_keys || !json_is_object(item))
		return NULL;
	for (size_t i = 0; i < json_array_size(old); i++) {
		const json_t *candidate = json_array_get(old, i);
		bool same = json_is_object(candidate);
		for (size_t k = 0; same && r->list_keys[k]; k++) {
			const json_t *a = json_object_get(item, r->list_keys[k]),
				     *b = json_object_get(candidate, r->list_keys[k]);
			same = (!a && !b) || shape_equal(a, b);
		}
		if (same)
			return candidate;
	}
	return NULL;
}

static bool has_doubles(const json_t *list)
{
	struct map seen = { 0 };
	bool found = false;
	for (size_t i = 0; !found && i < json_array_size(list); i++) {
		auto_buf text = { 0 };
		api_json_any(&text, json_array_get(list, i));
		found = seen_before(&seen, buf_view(&text));
	}
	map_free(&seen, NULL);
	return found;
}

static void list_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	size_t n = json_array_size(at->value);
	for (size_t i = 0; r->items && i < n; i++) {
		auto_buf path = { 0 };
		const json_t *item = json_array_get(at->value, i);
		buf_printf(&path, "%s[%zu]", at->path, i);
		struct place below = { item, old_item(r, item, at->old), path.p, at->prefix };
		rules_run(r->items, &below, o);
	}
	json_t *size = json_integer((json_int_t)n);
	if (r->min_items >= 0 && (int64_t)n < r->min_items)
		COMPLAIN(check_invalid, o, at, size, "%s in body should have at least %lld items",
			 at->path, (long long)r->min_items);
	if (r->max_items >= 0 && (int64_t)n > r->max_items)
		COMPLAIN(check_too_many, o, at, n, (size_t)r->max_items);
	if (r->unique_items && has_doubles(at->value))
		COMPLAIN(check_invalid_text, o, at, STR(""),
			 "%s in body shouldn't contain duplicates", at->path);
	json_decref(size);
	o->matches++;
}

/* ---- objects ---- */

static const struct crd_rules *property_rules(const struct crd_rules *r, const char *name)
{
	for (size_t lo = 0, hi = r->nproperties; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(name, r->properties[mid].name);
		if (c == 0)
			return r->properties[mid].rules;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static void member_check(const struct crd_rules *r, const struct place *at, const char *name,
			 const json_t *value, struct outcome *o)
{
	const struct crd_rules *own = property_rules(r, name);
	auto_buf path = { 0 };
	if (!own && r->no_more) {
		COMPLAIN(check_invalid_text, o, at, str_from(name),
			 "%s.%s in body is a forbidden property", at->path, name);
		return;
	}
	if (!own && !r->more)
		return;
	buf_printf(&path, "%s%s%s", at->path, *at->path || !own ? "." : "", name);
	const json_t *old = r->atomic ? NULL : json_object_get(at->old, name);
	if (!*at->path && (!strcmp(name, "kind") || !strcmp(name, "apiVersion")))
		old = NULL;
	struct place below = { value, old, path.p, at->prefix };
	rules_run(own ? own : r->more, &below, o);
}

static void object_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	int64_t n = (int64_t)json_object_size(at->value);
	const char *name;
	json_t *value;
	if (r->min_properties >= 0 && n < r->min_properties) {
		json_t *size = json_integer(n);
		COMPLAIN(check_invalid, o, at, size,
			 "%s in body should have at least %lld properties", at->path,
			 (long long)r->min_properties);
		json_decref(size);
	}
	if (r->max_properties >= 0 && n > r->max_properties)
		COMPLAIN(check_too_many, o, at, (size_t)n, (size_t)r->max_properties);
	if (r->nproperties || r->more || r->no_more)
		json_object_foreach ((json_t *)at->value, name, value)
			member_check(r, at, name, value, o);
	for (size_t i = 0; r->required && r->required[i]; i++) {
		auto_buf path = { 0 };
		if (json_object_get(at->value, r->required[i]))
			continue;
		buf_printf(&path, "%s.%s", at->path, r->required[i]);
		struct place missing = { NULL, NULL, path.p, at->prefix };
		COMPLAIN(check_required, o, &missing, "%s", "");
	}
}

/* ---- alternatives ---- */

static int alternatives_run(const struct crd_rules *const *all, const struct place *at,
			    bool first_only, struct outcome *out)
{
	struct outcome best = { 0 };
	bool any = false;
	int valid = 0;
	for (size_t i = 0; all[i]; i++) {
		struct outcome one = { 0 };
		rules_run(all[i], at, &one);
		bool better = !any || one.matches > best.matches;
		if (one.err.ncauses == 0)
			valid++;
		if ((one.err.ncauses == 0 && valid == 1) || (valid == 0 && better)) {
			outcome_free(&best);
			best = one;
			any = true;
		} else {
			outcome_free(&one);
		}
		if (valid && first_only)
			break;
	}
	merge(out, &best);
	outcome_free(&best);
	return valid;
}

static void any_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct outcome found = { 0 };
	auto_buf text = { 0 };
	if (!alternatives_run(r->any_of, at, true, &found)) {
		buf_printf(&text, "\"%s\" must validate at least one schema (anyOf)", at->path);
		nowhere(o, at, text.p);
	}
	merge(o, &found);
	outcome_free(&found);
}

static void one_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct outcome found = { 0 };
	auto_buf text = { 0 };
	int valid = alternatives_run(r->one_of, at, false, &found);
	if (valid != 1) {
		buf_printf(&text, "\"%s\" must validate one and only one schema (oneOf). ",
			   at->path);
		if (valid)
			buf_printf(&text, "Found %d valid alternatives", valid);
		else
			buf_puts(&text, "Found none valid");
		nowhere(o, at, text.p);
	}
	merge(o, &found);
	outcome_free(&found);
}

static void all_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	size_t n = 0, valid = 0;
	auto_buf text = { 0 };
	for (; r->all_of[n]; n++) {
		struct outcome one = { 0 };
		rules_run(r->all_of[n], at, &one);
		valid += one.err.ncauses == 0;
		merge(o, &one);
		outcome_free(&one);
	}
	if (valid == n)
		return;
	buf_printf(&text, "\"%s\" must validate all the schemas (allOf)%s", at->path,
		   valid ? "" : ". None validated");
	nowhere(o, at, text.p);
}

static void not_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct outcome one = { 0 };
	auto_buf text = { 0 };
	rules_run(r->not_of, at, &one);
	if (one.err.ncauses == 0) {
		buf_printf(&text, "\"%s\" must not validate the schema (not)", at->path);
		nowhere(o, at, text.p);
	}
	outcome_free(&one);
}

static void alternatives_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	if (r->any_of)
		any_check(r, at, o);
	if (r->one_of)
		one_check(r, at, o);
	if (r->all_of)
		all_check(r, at, o);
	if (r->not_of)
		not_check(r, at, o);
	o->matches++;
}

/* ---- a value ---- */

static void null_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	if (r->types && !r->nullable)
		wrong_type(at, r->type_text, "null", o);
	enum_check(r, at, o);
}

static void value_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	if (json_is_null(at->value)) {
		null_check(r, at, o);
		return;
	}
	type_check(r, at, o);
	alternatives_check(r, at, o);
	if (json_is_string(at->value)) {
		string_check(r, at, o);
		format_check(r, at, o);
	}
	if (json_is_number(at->value))
		number_check(r, at, o);
	if (json_is_array(at->value))
		list_check(r, at, o);
	enum_check(r, at, o);
	if (json_is_object(at->value))
		object_check(r, at, o);
	o->matches++;
}

static void rules_run(const struct crd_rules *r, const struct place *at, struct outcome *out)
{
	struct outcome own = { 0 };
	value_check(r, at, &own);
	if (own.err.ncauses && at->old && shape_equal(at->value, at->old))
		err_clear(&own.err);
	merge(out, &own);
	outcome_free(&own);
}

void crd_rules_check(const struct crd_rules *rules, const json_t *value, const json_t *old,
		     const char *prefix, struct err *err)
{
	struct outcome all = { 0 };
	struct place at = { value, old, "", prefix };
	rules_run(rules, &at, &all);
	for (size_t i = 0; i < all.err.ncauses; i++)
		err_cause(err, all.err.causes[i].type, all.err.causes[i].field, "%s",
			  all.err.causes[i].message);
	outcome_free(&all);
}
