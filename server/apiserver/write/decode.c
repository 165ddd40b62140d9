/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/decode.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "api/values/go_format.h"
#include "base/encode.h"
#include "base/mem.h"

struct decode_expect decode_expected(const struct api_request *r)
{
	const struct api_resource *res = r->resource;
	if (r->sub && r->sub->type)
		return (struct decode_expect){ r->sub->type, r->sub->group, r->sub->version,
					       r->sub->kind };
	return (struct decode_expect){ res->type, res->group, res->version, res->kind };
}

/* "apps/v1" in its two halves */
static struct str version_split(struct str version, struct str *group)
{
	size_t slash = str_rfind(version, '/');
	*group = slash < version.n ? str_of(version.p, slash) : STR("");
	return slash < version.n ? str_of(version.p + slash + 1, version.n - slash - 1) : version;
}

static int no_kind(const struct decode_expect *x, struct str kind, struct str version,
		   struct err *err)
{
	struct str group, bare = version_split(version, &group);
	if (api_type_by_kind(group, bare, kind))
		return err_set(err, ERR_BAD_REQUEST,
			       "%.*s in version \"%.*s\" cannot be handled as a %s: converting "
			       "(%.*s.%.*s) to (%s.%s): unknown conversion",
			       STR_ARG(kind), STR_ARG(bare), x->kind, STR_ARG(bare), STR_ARG(kind),
			       x->group[0] ? x->group : "core", x->kind);
	return err_set(err, ERR_BAD_REQUEST,
		       "%.*s in version \"%.*s\" cannot be handled as a %s: no kind \"%.*s\" is "
		       "registered for version \"%.*s\" in scheme "
		       "\"pkg/runtime/scheme.go:111\"",
		       STR_ARG(kind), STR_ARG(bare), x->kind, STR_ARG(kind), STR_ARG(version));
}

/* A custom resource says what it is; another kind is left to validation. */
static int custom_check(const struct decode_expect *x, const json_t *tree, struct err *err)
{
	char expected[256];
	struct str kind = meta_kind(tree), version = meta_api_version(tree);
	snprintf(expected, sizeof(expected), "%s/%s", x->group, x->version);
	if (!str_eqz(version, expected))
		return err_set(err, ERR_BAD_REQUEST,
			       "the API version in the data (%.*s) does not match the expected API "
			       "version (%s)",
			       STR_ARG(version), expected);
	if (str_eqz(kind, x->kind))
		return 0;
	err_cause(err, "FieldValueInvalid", "kind", "Invalid value: \"%.*s\": must be %s",
		  STR_ARG(kind), x->kind);
	return err_set(err, ERR_INVALID,
		       "%.*s.%s \"%.*s\" is invalid: kind: Invalid value: \"%.*s\": must be %s",
		       STR_ARG(kind), x->group, STR_ARG(meta_name(tree)), STR_ARG(kind), x->kind);
}

static bool is_custom(const struct decode_expect *x)
{
	return x->type && !x->type->gv;
}

/* Versions that are no longer served, but that upstream can still read. */
static bool was_served(struct str version, const char *kind)
{
	static const struct {
		const char *version, *kinds;
	} rows[] = {
		{ "apps/v1beta1", "Deployment,StatefulSet,ControllerRevision" },
		{ "apps/v1beta2",
		  "Deployment,StatefulSet,DaemonSet,ReplicaSet,ControllerRevision" },
		{ "extensions/v1beta1", "Deployment,DaemonSet,ReplicaSet,Ingress,NetworkPolicy" },
		{ "batch/v1beta1", "CronJob" },
		{ "policy/v1beta1", "PodDisruptionBudget,Eviction" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str kinds = str_from(rows[i].kinds), one;
		while (str_eqz(version, rows[i].version) && str_next(&kinds, ',', &one))
			if (str_eqz(one, kind))
				return true;
	}
	return false;
}

/* An absent kind or version means the expected one. */
static int kind_check(const struct decode_expect *x, json_t *tree, struct err *err)
{
	char expected[256];
	struct str kind = meta_kind(tree), version = meta_api_version(tree);
	if (is_custom(x))
		return custom_check(x, tree, err);
	snprintf(expected, sizeof(expected), "%s%s%s", x->group, x->group[0] ? "/" : "",
		 x->version);
	if (kind.n && !str_eqz(kind, x->kind))
		return no_kind(x, kind, version.n ? version : str_from(expected), err);
	bool older = was_served(version, x->kind);
	if (version.n && !str_eqz(version, expected) && !(older && x->older)) {
		struct str group, bare = version_split(version, &group);
		if (!older && !api_type_by_kind(group, bare, str_from(x->kind)))
			return no_kind(x, str_from(x->kind), version, err);
		return err_set(err, ERR_BAD_REQUEST,
			       "the API version in the data (%.*s) does not match the expected API "
			       "version (%s)",
			       STR_ARG(version), expected);
	}
	json_object_set_new(tree, "kind", json_string(x->kind));
	json_object_set_new(tree, "apiVersion", json_string(expected));
	return 0;
}

/* Upstream finds duplicates of a custom resource first, of others last. */
static void strict_text(const struct decode_expect *x, const struct api_strings *dup,
			const struct api_strings *unknown, struct buf *out)
{
	for (size_t i = 0; is_custom(x) && i < dup->n; i++)
		buf_printf(out, "%sduplicate field \"%s\"", out->n ? ", " : "", dup->items[i]);
	for (size_t i = 0; i < unknown->n; i++)
		buf_printf(out, "%sunknown field \"%s\"", out->n ? ", " : "", unknown->items[i]);
	for (size_t i = 0; !is_custom(x) && i < dup->n; i++)
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
		strict_text(x, dup, unknown, &text);
		return err_set(
			err, ERR_BAD_REQUEST,
			"%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
			x->kind, x->version, x->kind, text.p);
	}
	for (size_t i = 0; is_custom(x) && i < dup->n; i++)
		request_warn(r, "duplicate field \"%s\"", dup->items[i]);
	for (size_t i = 0; i < unknown->n; i++)
		request_warn(r, "unknown field \"%s\"", unknown->items[i]);
	for (size_t i = 0; !is_custom(x) && i < dup->n; i++)
		request_warn(r, "duplicate field \"%s\"", dup->items[i]);
	return 0;
}

static int yaml_strictness(struct api_request *r, const struct decode_expect *x,
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
	strict_text(x, &none, unknown, &text);
	return err_set(err, ERR_BAD_REQUEST,
		       "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
		       x->kind, x->version, x->kind, text.p);
}

static int handled_as(const struct decode_expect *x, int e, struct err *err)
{
	if (e != -ERR_BAD_REQUEST || !err)
		return e;
	return err_wrap(err, e, "%s in version \"%s\" cannot be handled as a %s", x->kind,
			x->version, x->kind);
}

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
	    !is_custom(x)) { /* what a strategic patch says of the kind is passed over */
		json_object_del(tree, "kind");
		json_object_del(tree, "apiVersion");
	}
	struct decode_expect any = *x;
	any.older = true;
	if (!patch->shown && !is_custom(x) && meta_api_version(tree).n == 0) {
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
	int e = kind_check(&any, tree, &why);
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

static const char header_type[] =
	"struct { APIVersion string "
	"\"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

static int not_an_object(const struct decode_expect *x, struct str body, const json_t *v,
			 struct err *err)
{
	const char *kind = json_is_array(v)    ? "array"
			   : json_is_string(v) ? "string"
			   : json_is_number(v) ? "number"
					       : "bool";
	auto_free char *why =
		str_printf("json: cannot unmarshal %s into Go value of type %s", kind, header_type);
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
				   json_is_object(odd)   ? "object"
				   : json_is_array(odd)  ? "array"
				   : json_is_number(odd) ? "number"
							 : "bool",
				   odd == kind ? "kind" : "apiVersion");
		return unrecognized(x, body, false, why, err);
	}
	if (meta_kind(tree).n || !is_custom(x))
		return 0;
	auto_free char *why = str_printf("Object 'Kind' is missing in '%.*s'", STR_ARG(body));
	return unrecognized(x, body, true, why, err);
}

static int decode_text(struct api_request *r, const struct decode_expect *x, bool yaml,
		       json_t **out, struct err *err)
{
	struct api_strings unknown = { 0 }, dup = { 0 };
	json_t *tree = NULL;
	int e = yaml ? api_yaml_parse_lines(r->body, &tree, &dup, err)
		     : api_json_parse(r->body, &tree, &dup, err);
	if (e == 0 && json_is_null(tree) && !is_custom(x)) { /* as an empty object */
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
		e = kind_check(x, tree, err);
	if (e == -ERR_INVALID)
		request_about(r, x->group, arena_strdup(&r->arena, meta_kind(tree)),
			      arena_str(&r->arena, meta_name(tree)));
	if (e == 0)
		e = handled_as(x,
			       api_conform_text(x->type, tree, yaml ? STR("") : r->body, &unknown,
						err),
			       err);
	if (e == 0)
		e = yaml ? yaml_strictness(r, x, &dup, &unknown, err)
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
		e = kind_check(x, tree, err);
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
	if (f == MEDIA_PROTOBUF && is_custom(x))
		return err_set(
			err, ERR_UNSUPPORTED_MEDIA_TYPE,
			"the body of the request was in an unknown format - accepted media types "
			"include: application/json, application/yaml");
	if (f == MEDIA_PROTOBUF)
		return decode_protobuf(x, r->body, out, err);
	return decode_text(r, x, f == MEDIA_YAML, out, err);
}

/* Upstream decodes options with other words than an object, and takes null for none. */
static int optional_text(struct api_request *r, const struct decode_expect *x, bool yaml,
			 json_t **out, struct err *err)
{
	int e = yaml ? api_yaml_parse(r->body, out, NULL, err)
		     : api_json_parse(r->body, out, NULL, err);
	if (e < 0)
		return err_wrap(err, e, "couldn't get version/kind; json parse error");
	if (json_is_null(*out)) {
		json_decref(*out);
		*out = json_object();
	}
	if (!json_is_object(*out))
		return err_set(err, ERR_BAD_REQUEST,
			       "couldn't get version/kind; json parse error: json: cannot "
			       "unmarshal %s into Go value of type %s",
			       json_is_array(*out)    ? "array"
			       : json_is_string(*out) ? "string"
			       : json_is_number(*out) ? "number"
						      : "bool",
			       header_type);
	struct str kind = meta_kind(*out), version = meta_api_version(*out);
	if (kind.n && !str_eqz(kind, x->kind))
		return err_set(err, ERR_BAD_REQUEST,
			       "no kind \"%.*s\" is registered for version \"%.*s\" in scheme "
			       "\"pkg/runtime/scheme.go:111\"",
			       STR_ARG(kind), STR_ARG(version.n ? version : STR("meta.k8s.io/v1")));
	return api_conform(x->type, *out, NULL, err);
}

int decode_optional(struct api_request *r, const char *kind, json_t **out, struct err *err)
{
	struct str whole = str_trim(r->body);
	*out = NULL;
	if (whole.n == 0)
		return 0;
	char name[64];
	snprintf(name, sizeof(name), "meta/v1.%s", kind);
	struct decode_expect x = { api_type_find(str_from(name)), "", "v1", kind };
	enum media_format f;
	int e = media_of_body(r->content_type, &f, err);
	if (e < 0)
		return e;
	json_t *tree = NULL;
	struct str version, sent, raw;
	if (f == MEDIA_PROTOBUF) {
		e = api_protobuf_envelope(r->body, &version, &sent, &raw, err);
		e = e < 0 ? e : api_protobuf_read_message(x.type, raw, &tree, err);
	} else {
		e = optional_text(r, &x, f == MEDIA_YAML, &tree, err);
	}
	if (e < 0)
		json_decref(tree);
	else
		*out = tree;
	return e;
}

int decode_untyped(struct api_request *r, bool yaml, json_t **out, struct api_strings *dup,
		   struct err *err)
{
	return yaml ? api_yaml_parse(r->body, out, dup, err)
		    : api_json_parse(r->body, out, dup, err);
}
