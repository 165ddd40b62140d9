/* SPDX-License-Identifier: Apache-2.0 */
/* Field selectors: "spec.nodeName=a,status.phase!=Running"; a backslash takes the meaning from `,`, `=` and itself. */
#include "api/selector/parts.h"
#include "base/mem.h"

static int unescape(struct str raw, struct buf *out, struct err *err)
{
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == ',' || c == '=')
			return err_set(err, ERR_BAD_REQUEST,
				       "invalid field selector: unescaped character in value: %d",
				       c);
		if (c == '\\') {
			c = ++i < raw.n ? raw.p[i] : 0;
			if (c != '\\' && c != ',' && c != '=')
				return err_set(
					err, ERR_BAD_REQUEST,
					"invalid field selector: invalid escape sequence: \\%.*s",
					c ? 1 : 0, &c);
		}
		buf_putc(out, c);
	}
	return 0;
}

static size_t term_end(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == ',')
			return i;
	}
	return text.n;
}

/* The first of "!=", "==", "=" divides; its length, 0 when there is none. */
static size_t find_operator(struct str term, size_t *at, enum selector_op *op)
{
	for (*at = 0; *at < term.n; (*at)++) {
		struct str rest = str_of(term.p + *at, term.n - *at);
		*op = str_starts(rest, STR("!=")) ? OP_NOT_EQUALS : OP_EQUALS;
		if (*op == OP_NOT_EQUALS || str_starts(rest, STR("==")))
			return 2;
		if (rest.p[0] == '=')
			return 1;
	}
	return 0;
}

/* Objects carry the fields of the version that is stored; versions name them differently, but one path is one field. */
static int stored_field(const struct api_resource *r, size_t field)
{
	const struct api_resource *stored = r->storage ? r->storage : r;
	for (size_t i = 0; stored != r && i < stored->nselectable; i++)
		if (!strcmp(stored->selectable[i].path, r->selectable[field].path))
			return (int)i;
	return (int)field;
}

/* Kinds have words of their own for it. */
static int not_supported(const struct api_resource *r, struct str label, struct err *err)
{
	if (!r->crd && !strcmp(r->kind, "Job"))
		return err_set(err, ERR_BAD_REQUEST, "field label \"%.*s\" not supported for Job",
			       STR_ARG(label));
	if (!r->crd && !strcmp(r->kind, "ResourceSlice"))
		return err_set(err, ERR_BAD_REQUEST,
			       "field label not supported for resource.k8s.io/v1, "
			       "Kind=ResourceSlice: %.*s",
			       STR_ARG(label));
	return err_set(err, ERR_BAD_REQUEST, "field label not supported: %.*s", STR_ARG(label));
}

static int find_field(const struct api_resource *r, struct str label, int *out, struct err *err)
{
	bool own = r->nselectable && !r->crd && !r->namespaced; /* its labels, and the name */
	*out = str_eq(label, STR("metadata.name")) ? FIELD_NAME : FIELD_NAMESPACE;
	if (*out == FIELD_NAME || (str_eq(label, STR("metadata.namespace")) && !own))
		return 0;
	for (size_t i = 0; i < r->nselectable; i++)
		if (str_eqz(label, r->selectable[i].label)) {
			*out = stored_field(r, i);
			return 0;
		}
	if (r->nselectable || r->crd)
		return not_supported(r, label, err);
	return err_set(err, ERR_BAD_REQUEST,
		       "\"%.*s\" is not a known field selector: only \"metadata.name\", "
		       "\"metadata.namespace\"",
		       STR_ARG(label));
}

static int add_term(struct selector *s, const struct api_resource *r, struct str all,
		    struct str term, struct err *err)
{
	size_t at, n;
	struct requirement req = { 0 };
	auto_buf value = { 0 };
	n = find_operator(term, &at, &req.op);
	if (n == 0)
		return err_set(err, ERR_BAD_REQUEST,
			       "invalid selector: '%.*s'; can't understand '%.*s'", STR_ARG(all),
			       STR_ARG(term));
	int code = unescape(str_of(term.p + at + n, term.n - at - n), &value, err);
	if (code == 0)
		code = find_field(r, str_of(term.p, at), &req.field, err);
	if (code < 0)
		return code;
	struct str text = buf_view(&value);
	req.key = arena_str(&s->arena, str_of(term.p, at));
	requirement_set_values(s, &req, &text, 1);
	*selector_add(s) = req;
	return 0;
}

int selector_parse_fields(const struct api_resource *r, struct str text, struct selector **out,
			  struct err *err)
{
	struct selector *s = selector_new();
	struct str rest = text;
	int code = 0;
	s->of_fields = true;
	while (code == 0 && rest.n) {
		size_t n = term_end(rest);
		if (n)
			code = add_term(s, r, text, str_of(rest.p, n), err);
		rest = n < rest.n ? str_of(rest.p + n + 1, rest.n - n - 1) : (struct str){ 0 };
	}
	if (code < 0 || s->n == 0) {
		selector_free(s);
		if (code == 0)
			*out = NULL;
		return code;
	}
	selector_sort(s);
	*out = s;
	return 0;
}
