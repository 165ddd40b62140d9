/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "api/values/pattern.h"

#include <pcre2.h>

#include "base/mem.h"

#define MATCH_LIMIT  200000
#define DEPTH_LIMIT  2000
#define HEAP_KIB     1024
#define REPEAT_LIMIT 1000 /* RE2's */

struct pattern {
	pcre2_code *code;
	pcre2_match_context *context;
};

static int refuse(struct err *err, const char *what, struct str at)
{
	return err_set(err, ERR_INVALID, "error parsing regexp: %s: `%.*s`", what, STR_ARG(at));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "(?" and what follows: groups without a name, with flags, and named ones are all that RE2 has. */
static int group_check(struct str rest, struct err *err)
{
	size_t n = 2;
	if (rest.n < 3)
		return refuse(err, "missing argument to repetition operator", STR("?"));
	if (rest.p[2] == 'P' && rest.n > 3 && rest.p[3] == '<')
		return 0;
	if (rest.p[2] == '<' && rest.n > 3 && rest.p[3] != '=' && rest.p[3] != '!')
		return 0;
	while (n < rest.n && strchr("imsU-", rest.p[n]))
		n++;
	if (n < rest.n && (rest.p[n] == ':' || (rest.p[n] == ')' && n > 2)))
		return 0;
	return refuse(err, "invalid or unsupported Perl syntax",
		      str_of(rest.p, n < rest.n ? n + 1 : n));
}

static int escape_check(struct str rest, struct err *err)
{
	static const char known[] = "abfnrtvxdDsSwWpPAzQECB";
	char c = rest.n > 1 ? rest.p[1] : 0;
	if (!c)
		return refuse(err, "trailing backslash at end of expression", STR(""));
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	if ((letter && !strchr(known, c)) || (c >= '1' && c <= '9'))
		return refuse(err, "invalid escape sequence", str_of(rest.p, 2));
	return 0;
}

/* The length of "{2,5}" at the front of rest, 0 when it is none. */
static size_t repeat_length(struct str rest, long *most)
{
	size_t i = 1;
	long bound[2] = { 0, -1 };
	for (int k = 0; k < 2; k++) {
		size_t from = i;
		for (; i < rest.n && is_digit(rest.p[i]); i++) {
			bound[k] = (bound[k] < 0 ? 0 : bound[k]) * 10 + (rest.p[i] - '0');
			if (bound[k] > REPEAT_LIMIT)
				bound[k] = REPEAT_LIMIT + 1; /* too much is too much */
		}
		if (k == 0 && i == from)
			return 0;
		if (k == 0 && i < rest.n && rest.p[i] == ',')
			i++;
		else
			break;
	}
	*most = bound[0] > bound[1] ? bound[0] : bound[1];
	return i < rest.n && rest.p[i] == '}' ? i + 1 : 0;
}

static bool is_repeat(struct str rest, size_t *n, long *most)
{
	*n = 1;
	*most = 0;
	if (rest.n && rest.p[0] && strchr("*+?", rest.p[0]))
		return true;
	*n = rest.n && rest.p[0] == '{' ? repeat_length(rest, most) : 0;
	return *n > 0;
}

/* A repetition, a '?' that makes it lazy, and no other behind it. */
static int repeat_check(struct str rest, size_t *used, struct err *err)
{
	size_t n, more;
	long most, ignored;
	*used = 0;
	if (!is_repeat(rest, &n, &most))
		return 0;
	if (most > REPEAT_LIMIT)
		return refuse(err, "invalid repeat count", str_of(rest.p, n));
	if (n < rest.n && rest.p[n] == '?')
		n++;
	if (is_repeat(str_of(rest.p + n, rest.n - n), &more, &ignored))
		return refuse(err, "invalid nested repetition operator", str_of(rest.p, n + more));
	*used = n;
	return 0;
}

static size_t class_length(struct str rest)
{
	size_t i = 1;
	if (i < rest.n && rest.p[i] == '^')
		i++;
	if (i < rest.n && rest.p[i] == ']')
		i++;
	for (; i < rest.n && rest.p[i] != ']'; i++) {
		if (rest.p[i] == '\\')
			i++;
		else if (rest.p[i] == '[' && i + 1 < rest.n && rest.p[i + 1] == ':')
			i++;
	}
	return i < rest.n ? i + 1 : rest.n;
}

/* What PCRE2 would take and RE2 does not. */
static int dialect_check(struct str text, struct err *err)
{
	for (size_t i = 0; i < text.n;) {
		struct str rest = str_of(text.p + i, text.n - i);
		size_t used;
		int e = 0;
		if (rest.p[0] == '\\') {
			e = escape_check(rest, err);
			i += 2;
		} else if (rest.p[0] == '[') {
			i += class_length(rest);
		} else if (rest.p[0] == '(' && rest.n > 1 && rest.p[1] == '?') {
			e = group_check(rest, err);
			i += 2;
		} else if (rest.p[0] == '(' && rest.n > 1 && rest.p[1] == '*') {
			e = refuse(err, "missing argument to repetition operator", STR("*"));
		} else {
			e = repeat_check(rest, &used, err);
			i += used ? used : 1;
		}
		if (e < 0)
			return e;
	}
	return 0;
}

/* The part of the text from its last `\\` or from three characters before `at` up to `at`. */
static struct str class_at(struct str text, size_t at, bool escape)
{
	size_t from = at > 3 ? at - 3 : 0;
	at = at < text.n ? at : text.n;
	if (escape)
		for (from = at; from > 0 && text.p[from] != '\\';)
			from--;
	return str_of(text.p + from, at - from);
}

static int not_compiled(struct str text, int code, size_t at, struct err *err)
{
	PCRE2_UCHAR why[160] = { 0 };
	if (code == PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY || code == PCRE2_ERROR_CLASS_RANGE_ORDER)
		return refuse(err, "invalid character class range",
			      class_at(text, code == PCRE2_ERROR_CLASS_RANGE_ORDER ? at + 1 : at,
				       code == PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY));
	if (code == PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS)
		return refuse(err, "missing closing )", text);
	if (code == PCRE2_ERROR_MISSING_SQUARE_BRACKET)
		return refuse(err, "missing closing ]", str_of(text.p, text.n));
	if (code == PCRE2_ERROR_QUANTIFIER_INVALID && text.n)
		return refuse(err, "missing argument to repetition operator",
			      str_of(text.p + (at ? at - 1 : 0), 1));
	if (code == PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS)
		return refuse(err, "unexpected )", text);
	pcre2_get_error_message(code, why, sizeof(why));
	return refuse(err, (const char *)why, text);
}

int pattern_new(struct str text, struct pattern **out, struct err *err)
{
	int code, e = dialect_check(text, err);
	PCRE2_SIZE at;
	if (e < 0)
		return e;
	pcre2_code *compiled =
		pcre2_compile((PCRE2_SPTR)(text.p ? text.p : ""), text.n,
			      PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &code,
			      &at, NULL);
	if (!compiled)
		return not_compiled(text, code, at, err);
	struct pattern *p = NEW(struct pattern);
	p->code = compiled;
	p->context = pcre2_match_context_create(NULL);
	if (!p->context)
		abort();
	pcre2_set_match_limit(p->context, MATCH_LIMIT);
	pcre2_set_depth_limit(p->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(p->context, HEAP_KIB);
	*out = p;
	return 0;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->context);
	pcre2_code_free(p->code);
	free(p);
}

bool pattern_match(const struct pattern *p, struct str text)
{
	pcre2_match_data *found = pcre2_match_data_create(1, NULL);
	if (!found)
		abort();
	int n = pcre2_match(p->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, found,
			    p->context);
	pcre2_match_data_free(found);
	return n >= 0;
}

static bool is_word(char c)
{
	return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_group(const struct pattern *p, pcre2_match_data *found, struct str text,
		      struct str name, struct buf *out)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(found);
	auto_free char *key = str_dup(name);
	uint64_t number;
	if (!str_to_u64(name, &number)) {
		int n = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)key);
		if (n < 0)
			return;
		number = (uint64_t)n;
	}
	if (number < pcre2_get_ovector_count(found) && at[2 * number] != PCRE2_UNSET)
		buf_add(out, text.p + at[2 * number], at[2 * number + 1] - at[2 * number]);
}

/* What "$" begins: the name of a group, in braces or as far as it goes. Returns its length, 0: it is only a dollar. */
static size_t group_name(struct str rest, struct str *name)
{
	size_t n = 1;
	bool braces = rest.n > 1 && rest.p[1] == '{';
	if (braces)
		n++;
	size_t from = n;
	while (n < rest.n && is_word(rest.p[n]))
		n++;
	*name = str_of(rest.p + from, n - from);
	if (!name->n || (braces && (n == rest.n || rest.p[n] != '}')))
		return 0;
	return n + braces;
}

static void expand(const struct pattern *p, pcre2_match_data *found, struct str text, struct str by,
		   struct buf *out)
{
	for (size_t i = 0; i < by.n;) {
		struct str rest = str_of(by.p + i, by.n - i), name;
		size_t n = rest.p[0] == '$' ? group_name(rest, &name) : 0;
		if (n)
			add_group(p, found, text, name, out);
		else
			buf_putc(out, rest.p[0]);
		i += n ? n : str_starts(rest, STR("$$")) ? 2 : 1;
	}
}

bool pattern_replace(const struct pattern *p, struct str text, struct str by, struct buf *out)
{
	pcre2_match_data *found = pcre2_match_data_create_from_pattern(p->code, NULL);
	size_t from = 0, kept = 0;
	bool any = false;
	if (!found)
		abort();
	while (from <= text.n && pcre2_match(p->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n,
					     from, 0, found, p->context) >= 0) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(found);
		buf_add(out, text.p + kept, at[0] - kept);
		expand(p, found, text, by, out);
		any = true;
		kept = at[1];
		from = at[1] > at[0] ? at[1] : at[1] + 1;
	}
	if (kept < text.n)
		buf_add(out, text.p + kept, text.n - kept);
	pcre2_match_data_free(found);
	return any;
}
