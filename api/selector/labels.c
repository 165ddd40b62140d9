/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors as text: "app=web,tier in (a,b),!old". A lexer gives tokens, the parser is upstream's recursive
 * descent; `in` and `notin` are operators only where an operator is expected. */
#include <stdlib.h>

#include "api/selector/parts.h"
#include "api/values/names.h"
#include "base/mem.h"

enum token {
	TOKEN_ERROR,
	TOKEN_END,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_NOT,
	TOKEN_DOUBLE_EQUALS,
	TOKEN_EQUALS,
	TOKEN_GREATER,
	TOKEN_IDENTIFIER,
	TOKEN_IN,
	TOKEN_LESS,
	TOKEN_NOT_EQUALS,
	TOKEN_NOT_IN,
	TOKEN_OPEN,
};
static const struct {
	struct str text;
	enum token token;
} symbols[] = {
	{ STR_INIT("=="), TOKEN_DOUBLE_EQUALS }, { STR_INIT("!="), TOKEN_NOT_EQUALS },
	{ STR_INIT("="), TOKEN_EQUALS },         { STR_INIT("!"), TOKEN_NOT },
	{ STR_INIT(")"), TOKEN_CLOSE },          { STR_INIT("("), TOKEN_OPEN },
	{ STR_INIT(","), TOKEN_COMMA },          { STR_INIT(">"), TOKEN_GREATER },
	{ STR_INIT("<"), TOKEN_LESS },
};

struct parser {
	struct str rest;
	enum token token; /* the one at hand; `in` and `notin` as such */
	struct str literal;
	struct selector *out;
	struct err *err;
};

/* ---- tokens ---- */

static bool special(char c)
{
	return c != 0 && strchr("=!(),><", c) != NULL;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void take(struct parser *p, size_t n, enum token token)
{
	p->literal = str_of(p->rest.p, n);
	p->token = token;
	if (n)
		p->rest = str_of(p->rest.p + n, p->rest.n - n);
}

static void lex_word(struct parser *p)
{
	size_t n = 0;
	while (n < p->rest.n && p->rest.p[n] && !special(p->rest.p[n]) && !blank(p->rest.p[n]))
		n++;
	struct str word = str_of(p->rest.p, n);
	take(p, n,
	     str_eq(word, STR("in"))      ? TOKEN_IN
	     : str_eq(word, STR("notin")) ? TOKEN_NOT_IN
					  : TOKEN_IDENTIFIER);
}

static void next(struct parser *p)
{
	while (p->rest.n && blank(p->rest.p[0]))
		p->rest = str_of(p->rest.p + 1, p->rest.n - 1);
	if (p->rest.n == 0 || p->rest.p[0] == 0) {
		take(p, 0, TOKEN_END);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(symbols); i++)
		if (str_starts(p->rest, symbols[i].text)) {
			take(p, symbols[i].text.n, symbols[i].token);
			return;
		}
	lex_word(p);
}

static enum token value_token(const struct parser *p)
{
	return p->token == TOKEN_IN || p->token == TOKEN_NOT_IN ? TOKEN_IDENTIFIER : p->token;
}

static int found(struct parser *p, const char *expected)
{
	return err_set(p->err, ERR_BAD_REQUEST, "found '%.*s', expected: %s", STR_ARG(p->literal),
		       expected);
}

/* ---- requirements ---- */

static int by_text(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

void requirement_set_values(struct selector *s, struct requirement *r, const struct str *values,
			    size_t n)
{
	struct str *copy = ARENA_ARRAY(&s->arena, struct str, n + 1);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_str(&s->arena, values[i]);
	qsort(copy, n, sizeof(*copy), by_text);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !str_eq(copy[kept - 1], copy[i]))
			copy[kept++] = copy[i];
	r->values = copy;
	r->nvalues = kept;
}

static void join(struct buf *out, const struct name_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		buf_printf(out, "%s%s", i ? "; " : "", e->text[i]);
}

/* One error as field.Error prints it; several become a list. */
static void add_error(struct buf *all, size_t *n, const char *path, struct str value,
		      const struct name_errors *e)
{
	if (e->n == 0)
		return;
	buf_puts(all, (*n)++ ? ", " : "");
	buf_printf(all, "%s: Invalid value: ", path);
	buf_json_string(all, value);
	buf_puts(all, ": ");
	join(all, e);
}

static void check_number(const struct requirement *r, struct buf *all, size_t *n)
{
	int64_t number;
	struct name_errors e = { { "for 'Gt', 'Lt' operators, the value must be an integer" }, 1 };
	if ((r->op == OP_GREATER || r->op == OP_LESS) && !str_to_i64(r->values[0], &number))
		add_error(all, n, "values[0]", r->values[0], &e);
}

int requirement_check(const struct requirement *r, struct err *err)
{
	auto_buf all = { 0 };
	auto_buf path = { 0 };
	size_t n = 0;
	struct name_errors e = name_label_key(r->key);
	add_error(&all, &n, "key", r->key, &e);
	check_number(r, &all, &n);
	for (size_t i = 0; i < r->nvalues; i++) {
		buf_reset(&path);
		buf_printf(&path, "values[%zu][%.*s]", i, STR_ARG(r->key));
		e = name_label_value(r->values[i]);
		add_error(&all, &n, path.p, r->values[i], &e);
	}
	if (n == 0)
		return 0;
	return err_set(err, ERR_BAD_REQUEST, n > 1 ? "[%s]" : "%s", all.p);
}

static int parse_key(struct parser *p, struct requirement *r)
{
	if (p->token == TOKEN_NOT) {
		r->op = OP_NOT_EXISTS;
		next(p);
	}
	if (value_token(p) != TOKEN_IDENTIFIER)
		return found(p, "identifier");
	r->key = arena_str(&p->out->arena, p->literal);
	struct name_errors e = name_label_key(r->key);
	if (e.n) {
		auto_buf text = { 0 };
		size_t n = 0;
		add_error(&text, &n, "<nil>", r->key, &e);
		return err_set(p->err, ERR_BAD_REQUEST, "%s", text.p);
	}
	next(p);
	if (r->op != OP_NOT_EXISTS && (p->token == TOKEN_END || p->token == TOKEN_COMMA))
		r->op = OP_EXISTS;
	return 0;
}

static int parse_operator(struct parser *p, struct requirement *r)
{
	switch (p->token) {
	case TOKEN_IN: r->op = OP_IN; break;
	case TOKEN_NOT_IN: r->op = OP_NOT_IN; break;
	case TOKEN_EQUALS: r->op = OP_EQUALS; break;
	case TOKEN_DOUBLE_EQUALS: r->op = OP_DOUBLE_EQUALS; break;
	case TOKEN_NOT_EQUALS: r->op = OP_NOT_EQUALS; break;
	case TOKEN_GREATER: r->op = OP_GREATER; break;
	case TOKEN_LESS: r->op = OP_LESS; break;
	default: return found(p, "in, notin, =, ==, !=, gt, lt");
	}
	next(p);
	return 0;
}

struct values {
	struct str *p;
	size_t n, cap;
};

static void values_add(struct values *v, struct str text)
{
	v->p = mem_array_grow(v->p, &v->cap, v->n + 1, sizeof(*v->p));
	v->p[v->n++] = text;
}

static int parse_identifiers(struct parser *p, struct values *v)
{
	for (;;) {
		if (value_token(p) == TOKEN_IDENTIFIER) {
			values_add(v, p->literal);
			next(p);
			if (p->token == TOKEN_CLOSE)
				return 0;
			if (p->token != TOKEN_COMMA)
				return found(p, "',' or ')'");
		} else if (p->token == TOKEN_COMMA) {
			if (v->n == 0)
				values_add(v, STR("")); /* "(," */
			next(p);
			if (p->token == TOKEN_COMMA || p->token == TOKEN_CLOSE)
				values_add(v, STR(""));
			if (p->token == TOKEN_CLOSE)
				return 0;
		} else {
			return found(p, "',', or identifier");
		}
	}
}

static int parse_set(struct parser *p, struct values *v)
{
	if (p->token != TOKEN_OPEN)
		return err_set(p->err, ERR_BAD_REQUEST, "found '%.*s' expected: '('",
			       STR_ARG(p->literal));
	next(p);
	if (p->token == TOKEN_CLOSE) {
		values_add(v, STR(""));
	} else if (value_token(p) == TOKEN_IDENTIFIER || p->token == TOKEN_COMMA) {
		int r = parse_identifiers(p, v);
		if (r < 0)
			return r;
	} else {
		return found(p, "',', ')' or identifier");
	}
	next(p);
	return 0;
}

static int parse_exact(struct parser *p, struct values *v)
{
	if (p->token == TOKEN_END || p->token == TOKEN_COMMA) {
		values_add(v, STR(""));
		return 0;
	}
	if (value_token(p) != TOKEN_IDENTIFIER)
		return found(p, "identifier");
	values_add(v, p->literal);
	next(p);
	return 0;
}

static int parse_values(struct parser *p, struct requirement *r)
{
	struct values v = { 0 };
	int code = parse_operator(p, r);
	if (code == 0)
		code = r->op == OP_IN || r->op == OP_NOT_IN ? parse_set(p, &v) : parse_exact(p, &v);
	if (code == 0)
		requirement_set_values(p->out, r, v.p, v.n);
	free(v.p);
	return code;
}

static int parse_requirement(struct parser *p)
{
	struct requirement r = { 0 };
	int code = parse_key(p, &r);
	if (code == 0 && r.op != OP_EXISTS && r.op != OP_NOT_EXISTS)
		code = parse_values(p, &r);
	if (code == 0)
		code = requirement_check(&r, p->err);
	if (code < 0)
		return err_wrap(p->err, code, "unable to parse requirement");
	if (r.op == OP_GREATER || r.op == OP_LESS)
		str_to_i64(r.values[0], &r.number);
	*selector_add(p->out) = r;
	return 0;
}

static int parse(struct parser *p)
{
	next(p);
	for (;;) {
		if (p->token == TOKEN_END)
			return 0;
		if (value_token(p) != TOKEN_IDENTIFIER && p->token != TOKEN_NOT)
			return found(p, "!, identifier, or 'end of string'");
		int r = parse_requirement(p);
		if (r < 0 || p->token == TOKEN_END)
			return r;
		if (p->token != TOKEN_COMMA)
			return found(p, "',' or 'end of string'");
		next(p);
		if (value_token(p) != TOKEN_IDENTIFIER && p->token != TOKEN_NOT)
			return found(p, "identifier after ','");
	}
}

int selector_parse_labels(struct str text, struct selector **out, struct err *err)
{
	struct parser p = { .rest = text, .out = selector_new(), .err = err };
	int r = parse(&p);
	if (r < 0 || p.out->n == 0) {
		selector_free(p.out);
		if (r == 0)
			*out = NULL;
		return r;
	}
	selector_sort(p.out);
	*out = p.out;
	return 0;
}
