/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/continue_token.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "base/encode.h"

struct str continue_make(struct arena *a, int64_t revision, struct str key, struct str prefix)
{
	auto_buf json = { 0 }, text = { 0 };
	struct str start = str_of(key.p + prefix.n, key.n - prefix.n);
	buf_printf(&json, "{\"v\":\"meta.k8s.io/v1\",\"rv\":%lld,\"start\":\"",
		   (long long)revision);
	buf_str(&json, start); /* names need no escapes */
	buf_puts(&json, "\\u0000\"}");
	base64url_encode(&text, json.p, json.n);
	return arena_str(a, buf_view(&text));
}

static int invalid(struct err *err, const char *why)
{
	return err_set(err, ERR_BAD_REQUEST, "continue key is not valid: %s", why);
}

static bool start_is_clean(struct str start)
{
	return start.n && start.p[0] != '/' && !str_contains(start, STR("../")) &&
	       !str_contains(start, STR("//")) && !str_starts(start, STR("./")) &&
	       !memchr(start.p, 0, start.n);
}

int continue_parse(struct arena *a, struct str text, struct str prefix, struct continue_token *out,
		   struct err *err)
{
	auto_buf json = { 0 };
	size_t bad = 0;
	while (bad < text.n && (isalnum((unsigned char)text.p[bad]) || strchr("-_", text.p[bad])))
		bad++;
	if (bad == text.n && text.n % 4 == 1) /* a last character that no byte needs */
		bad = text.n - 1;
	if (bad < text.n || !base64url_decode(&json, text))
		return err_set(err, ERR_BAD_REQUEST,
			       "continue key is not valid: illegal base64 data at input byte %zu",
			       bad);
	json_t *tree = json_loadb(json.p ? json.p : "", json.n, JSON_ALLOW_NUL, NULL);
	const json_t *start = json_object_get(tree, "start"), *version = json_object_get(tree, "v");
	int r = 0;
	if (!tree && json.n && !strchr("{[\"-0123456789tfn \t\r\n", json.p[0]))
		r = err_set(err, ERR_BAD_REQUEST,
			    (unsigned char)json.p[0] < 0x80
				    ? "continue key is not valid: invalid character '%c' looking "
				      "for beginning of value"
				    : "continue key is not valid: invalid character '\\u%04x' "
				      "looking for beginning of value",
			    (unsigned char)json.p[0]);
	else if (!json_is_object(tree))
		r = invalid(err, "not an object");
	else if (!json_is_string(version) || strcmp(json_string_value(version), "meta.k8s.io/v1"))
		r = err_set(err, ERR_BAD_REQUEST,
			    "continue key is not valid: server does not recognize this encoded "
			    "version %s",
			    json_is_string(version) ? json_string_value(version) : "");
	else if (!json_integer_value(json_object_get(tree, "rv")))
		r = invalid(err,
			    "incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
	else if (!json_is_string(start) || !json_string_length(start))
		r = invalid(err, "encoded start key empty (version meta.k8s.io/v1)");
	if (r == 0) {
		struct str s = str_of(json_string_value(start), json_string_length(start));
		while (s.n && s.p[s.n - 1] == 0)
			s.n--;
		out->revision = json_integer_value(json_object_get(tree, "rv"));
		out->after = str_from(arena_printf(a, "%.*s%.*s", STR_ARG(prefix), STR_ARG(s)));
		if (!start_is_clean(s))
			r = invalid(err, arena_printf(a, "%.*s", STR_ARG(s)));
	}
	json_decref(tree);
	return r;
}
