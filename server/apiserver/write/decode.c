/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in the three media types; kinds, strictness, patches and options have files of their own. */
#include "server/apiserver/write/decode.h"

#include "api/object/meta.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/write/decode_parts.h"

/* The beginning of a body, as upstream shows one that it can't read. */
static void summarize(struct str body, struct buf *out)
{
	size_t n = body.n < 30 ? body.n : 30;
	char hex[2 * 30 + 1];
	if (body.n == 0) {
		buf_puts(out, "<empty>");
	} else if (body.p[0] == '{') {
		buf_add(out, body.p, n);
	} else {
		hex_encode(hex, body.p, n);
		buf_puts(out, hex);
	}
	if (n < body.n)
		buf_puts(out, " ...");
}

static int unrecognized(const struct decode_expect *x, struct str body, bool yaml, const char *why,
			struct err *err)
{
	auto_buf summary = { 0 };
	auto_free char *reason = str_dup(str_from(why));
	summarize(body, &summary);
	return err_set(err, ERR_BAD_REQUEST,
		       "the object provided is unrecognized (must be of type %s): %s%s (%s)",
		       x->kind, yaml ? "" : "couldn't get version/kind; json parse error: ", reason,
		       summary.p);
}

const char decode_header_type[] =
	"struct { APIVersion string "
	"\"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

const char *decode_word(const json_t *v)
{
	return json_is_object(v)   ? "object"
	       : json_is_array(v)  ? "array"
	       : json_is_string(v) ? "string"
	       : json_is_number(v) ? "number"
				   : "bool";
}

static int not_an_object(const struct decode_expect *x, struct str body, const json_t *v,
			 struct err *err)
{
	auto_free char *why = str_printf("json: cannot unmarshal %s into Go value of type %s",
					 decode_word(v), decode_header_type);
	return unrecognized(x, body, false, why, err);
}

/* What upstream says of kind and version before it looks at the rest. */
static int type_check(const struct decode_expect *x, struct str body, const json_t *tree,
		      struct err *err)
{
	const json_t *kind = json_object_get(tree, "kind"),
		     *version = json_object_get(tree, "apiVersion");
	const json_t *odd = kind && !json_is_string(kind) && !json_is_null(kind) ? kind
			    : version && !json_is_string(version) && !json_is_null(version)
				    ? version
				    : NULL;
	struct str gv = meta_api_version(tree);
	size_t slash = str_find(gv, '/');
	if (!odd && slash < gv.n &&
	    str_find(str_of(gv.p + slash + 1, gv.n - slash - 1), '/') < gv.n - slash - 1) {
		auto_free char *why =
			str_printf("unexpected GroupVersion string: %.*s", STR_ARG(gv));
		return unrecognized(x, body, true, why, err);
	}
	if (odd) {
		auto_free char *why =
			str_printf("json: cannot unmarshal %s into Go struct field .%s of type "
				   "string",
				   decode_word(odd), odd == kind ? "kind" : "apiVersion");
		return unrecognized(x, body, false, why, err);
	}
	if (meta_kind(tree).n || !decode_is_custom(x))
		return 0;
	auto_free char *why = str_printf("Object 'Kind' is missing in '%.*s'", STR_ARG(body));
	return unrecognized(x, body, true, why, err);
}

static int handled_as(const struct decode_expect *x, int e, struct err *err)
{
	if (e != -ERR_BAD_REQUEST || !err)
		return e;
	return err_wrap(err, e, "%s in version \"%s\" cannot be handled as a %s", x->kind,
			x->version, x->kind);
}

static int decode_text(struct api_request *r, const struct decode_expect *x, bool yaml,
		       json_t **out, struct err *err)
{
	struct api_strings unknown = { 0 }, dup = { 0 };
	json_t *tree = NULL;
	int e = yaml ? api_yaml_parse_lines(r->body, &tree, &dup, err)
		     : api_json_parse(r->body, &tree, &dup, err);
	if (e == 0 && json_is_null(tree) && !decode_is_custom(x)) { /* as an empty object */
		json_decref(tree);
		tree = json_object();
	}
	if (e == -ERR_BAD_REQUEST)
		e = unrecognized(x, r->body, yaml, err_text(err), err);
	else if (e == 0 && !json_is_object(tree))
		e = not_an_object(x, r->body, tree, err);
	if (e == 0)
		e = type_check(x, r->body, tree, err);
	if (e == 0)
		e = decode_kind(x, tree, err);
	if (e == -ERR_INVALID)
		request_about(r, x->group, arena_strdup(&r->arena, meta_kind(tree)),
			      arena_str(&r->arena, meta_name(tree)));
	if (e == 0)
		e = handled_as(x,
			       api_conform_text(x->type, tree, yaml ? STR("") : r->body, &unknown,
						err),
			       err);
	if (e == 0)
		e = yaml ? decode_yaml_strictness(r, x, &dup, &unknown, err)
			 : decode_strictness(r, x, &dup, &unknown, err);
	api_strings_free(&unknown);
	api_strings_free(&dup);
	if (e < 0)
		json_decref(tree);
	else
		*out = tree;
	return e;
}

static int decode_protobuf(const struct decode_expect *x, struct str body, json_t **out,
			   struct err *err)
{
	struct str version, kind, raw;
	json_t *tree = NULL;
	int e = body.n ? api_protobuf_envelope(body, &version, &kind, &raw, err)
		       : err_set(err, ERR_BAD_REQUEST, "empty data");
	if (e == 0 && body.n == 4)
		e = err_set(err, ERR_BAD_REQUEST, "empty body");
	if (e < 0)
		return unrecognized(x, body, true, err_text(err), err);
	e = api_protobuf_read_message(x->type, raw, &tree, err);
	if (e == 0) {
		if (kind.n)
			json_object_set_new(tree, "kind", json_stringn(kind.p, kind.n));
		if (version.n)
			json_object_set_new(tree, "apiVersion", json_stringn(version.p, version.n));
		e = decode_kind(x, tree, err);
	}
	if (e < 0)
		json_decref(tree);
	else
		*out = tree;
	return e;
}

int decode_body(struct api_request *r, const struct decode_expect *x, json_t **out, struct err *err)
{
	enum media_format f;
	int e = media_of_body(r->content_type, &f, err);
	if (e < 0)
		return e;
	if (!x->type)
		return err_set(err, ERR_BAD_REQUEST, "%s takes no body", x->kind);
	if (r->body.n == 0 && f != MEDIA_PROTOBUF)
		return unrecognized(x, r->body, false, "unexpected end of JSON input", err);
	if (f == MEDIA_PROTOBUF && decode_is_custom(x))
		return err_set(
			err, ERR_UNSUPPORTED_MEDIA_TYPE,
			"the body of the request was in an unknown format - accepted media types "
			"include: application/json, application/yaml");
	if (f == MEDIA_PROTOBUF)
		return decode_protobuf(x, r->body, out, err);
	return decode_text(r, x, f == MEDIA_YAML, out, err);
}

int decode_untyped(struct api_request *r, bool yaml, json_t **out, struct api_strings *dup,
		   struct err *err)
{
	return yaml ? api_yaml_parse(r->body, out, dup, err)
		    : api_json_parse(r->body, out, dup, err);
}
