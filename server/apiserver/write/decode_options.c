/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that may be left out: options. */
#include <stdio.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/write/decode_parts.h"

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
			       decode_word(*out), decode_header_type);
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
