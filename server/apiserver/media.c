/* SPDX-License-Identifier: Apache-2.0 */
/* An Accept header is a list of clauses; they are tried by falling q, then in the order written, against our formats in their
 * order. A clause whose parameters we can't satisfy is skipped, not an error. */
#include "server/apiserver/media.h"

#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"

#define CLAUSES_MAX 16

static const struct {
	enum media_format format;
	struct str type;
	const char *text, *stream_text;
} formats[] = {
	{ MEDIA_JSON, STR_INIT("application/json"), "application/json", "application/json" },
	{ MEDIA_YAML, STR_INIT("application/yaml"), "application/yaml", NULL },
	{ MEDIA_PROTOBUF, STR_INIT("application/vnd.kubernetes.protobuf"),
	  "application/vnd.kubernetes.protobuf",
	  "application/vnd.kubernetes.protobuf;stream=watch" },
};

struct clause {
	struct str type, as, group, version, stream;
	bool converts, refused;
	double q;
};

static struct str unquote(struct str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return str_of(s.p + 1, s.n - 2);
	return s;
}

static double q_of(struct str text)
{
	char copy[16] = { 0 };
	if (text.n == 0 || text.n >= sizeof(copy))
		return 1;
	memcpy(copy, text.p, text.n);
	return strtod(copy, NULL);
}

static void clause_param(struct clause *c, struct str key, struct str value)
{
	if (str_eqz(key, "as")) {
		c->as = value;
		c->converts = true;
	} else if (str_eqz(key, "g")) {
		c->group = value;
		c->converts = true;
	} else if (str_eqz(key, "v")) {
		c->version = value;
		c->converts = true;
	} else if (str_eqz(key, "stream")) {
		c->stream = value;
	} else if (str_eqz(key, "sv")) {
		c->refused = value.n > 0;
	} else if (str_eqz(key, "q")) {
		c->q = q_of(value);
	}
}

static struct clause clause_parse(struct str text)
{
	struct clause c = { .q = 1 };
	struct str part;
	str_next(&text, ';', &part);
	c.type = str_trim(part);
	while (str_next(&text, ';', &part)) {
		part = str_trim(part);
		size_t eq = str_find(part, '=');
		if (eq == part.n)
			continue;
		clause_param(&c, str_trim(str_of(part.p, eq)),
			     unquote(str_trim(str_of(part.p + eq + 1, part.n - eq - 1))));
	}
	return c;
}

static bool type_matches(struct str wanted, struct str have)
{
	if (str_eqz(wanted, "*/*") || str_eq(wanted, have))
		return true;
	return str_ends(wanted, STR("/*")) && str_starts(have, str_of(wanted.p, wanted.n - 1));
}

static bool shape_of(const struct clause *c, enum media_format f, struct media *out)
{
	static const struct {
		const char *kind;
		enum media_shape shape;
	} shapes[] = { { "Table", SHAPE_TABLE },
		       { "PartialObjectMetadata", SHAPE_METADATA },
		       { "PartialObjectMetadataList", SHAPE_METADATA_LIST } };
	if (!str_eqz(c->group, "meta.k8s.io"))
		return false;
	bool v1 = str_eqz(c->version, "v1");
	if (!v1 && !str_eqz(c->version, "v1beta1"))
		return false;
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		if (!str_eqz(c->as, shapes[i].kind))
			continue;
		if (shapes[i].shape == SHAPE_TABLE && f == MEDIA_PROTOBUF)
			return false;
		out->shape = shapes[i].shape;
		out->shape_version = v1 ? "v1" : "v1beta1";
		return true;
	}
	return false;
}

static bool clause_fits(const struct clause *c, bool shapes, bool stream, struct media *out)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		if (c->refused || !type_matches(c->type, formats[i].type))
			continue;
		if (c->stream.n && (!formats[i].stream_text || !str_eqz(c->stream, "watch")))
			continue;
		if (stream && !formats[i].stream_text)
			continue;
		struct media m = { .format = formats[i].format };
		if (c->converts && (!shapes || !shape_of(c, m.format, &m)))
			continue;
		*out = m;
		return true;
	}
	return false;
}

int media_negotiate(struct str accept, bool shapes, bool stream, struct media *out, struct err *err)
{
	if (str_trim(accept).n == 0) {
		*out = (struct media){ 0 };
		return 0;
	}
	struct clause clauses[CLAUSES_MAX];
	size_t n = 0;
	struct str part;
	while (n < CLAUSES_MAX && str_next(&accept, ',', &part)) {
		struct clause c = clause_parse(part);
		size_t at = n++;
		for (; at > 0 && clauses[at - 1].q < c.q; at--)
			clauses[at] = clauses[at - 1];
		clauses[at] = c;
	}
	for (size_t i = 0; i < n; i++)
		if (clause_fits(&clauses[i], shapes, stream, out))
			return 0;
	return err_set(err, ERR_NOT_ACCEPTABLE, "%s", MEDIA_NOT_ACCEPTABLE);
}

bool media_known(struct str accept)
{
	struct str part;
	while (str_next(&accept, ',', &part))
		for (size_t i = 0; i < COUNT_OF(formats); i++)
			if (str_eqz(media_bare(part), "*/*") ||
			    str_eq(media_bare(part), formats[i].type))
				return true;
	return false;
}

struct str media_bare(struct str content_type)
{
	return str_trim(str_of(content_type.p, str_find(content_type, ';')));
}

int media_of_body(struct str content_type, enum media_format *out, struct err *err)
{
	struct str bare = media_bare(content_type);
	if (bare.n == 0) {
		*out = MEDIA_JSON;
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		if (str_ieq(bare, formats[i].type)) {
			*out = formats[i].format;
			return 0;
		}
	}
	return err_set(err, ERR_UNSUPPORTED_MEDIA_TYPE,
		       "the body of the request was in an unknown format - accepted media types "
		       "include: %s",
		       MEDIA_TYPES_TEXT);
}

const char *media_text(enum media_format f)
{
	return formats[f].text;
}

const char *media_stream_text(enum media_format f)
{
	return formats[f].stream_text;
}

bool media_accepts_gzip(struct str accept_encoding)
{
	struct str part;
	while (str_next(&accept_encoding, ',', &part)) {
		struct str name = media_bare(part);
		if (str_ieq(name, STR("gzip")))
			return !str_contains(part, STR("q=0")) || str_contains(part, STR("q=0."));
	}
	return false;
}
