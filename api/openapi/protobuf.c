/* SPDX-License-Identifier: Apache-2.0 */
/* The v2 document as protobuf, which is all that kubectl up to 1.26 takes: the messages of gnostic's OpenAPIv2.proto, made from
 * the JSON document. Only members that the JSON has are known here. */
#include "api/codec.h"
#include "api/json/reader.h"
#include "api/json/write.h"
#include "api/openapi/openapi.h"
#include "api/protobuf/wire.h"

struct member {
	const char *name;
	uint32_t tag;
	void (*write)(struct buf *out, uint32_t tag, const json_t *v);
};

static struct str text_of(const json_t *v)
{
	return json_is_string(v) ? str_of(json_string_value(v), json_string_length(v)) : STR("");
}

static void put_text(struct buf *out, uint32_t tag, const json_t *v)
{
	pb_bytes(out, tag, text_of(v));
}

static void put_bool(struct buf *out, uint32_t tag, const json_t *v)
{
	if (json_is_true(v))
		pb_number(out, tag, 1);
}

static void put_texts(struct buf *out, uint32_t tag, const json_t *v)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)v, i, item)
		put_text(out, tag, item);
}

static void put_any(struct buf *out, uint32_t tag, const json_t *v) /* as YAML, which JSON is */
{
	auto_buf text = { 0 };
	size_t any = pb_open(out, tag);
	api_json_any(&text, v);
	pb_bytes(out, 2, buf_view(&text));
	pb_close(out, any);
}

/* A message: known members by number, x-… as named extensions. */
static void put_message(struct buf *out, uint32_t tag, const json_t *v,
			const struct member *members, uint32_t extension_tag)
{
	const char *name;
	json_t *value;
	size_t message = pb_open(out, tag);
	for (; members->name; members++) {
		value = json_object_get(v, members->name);
		if (value)
			members->write(out, members->tag, value);
	}
	json_object_foreach ((json_t *)v, name, value) {
		if (name[0] != 'x' || name[1] != '-')
			continue;
		size_t extension = pb_open(out, extension_tag);
		pb_bytes(out, 1, str_from(name));
		put_any(out, 2, value);
		pb_close(out, extension);
	}
	pb_close(out, message);
}

/* A map as a list of { name, value }, in the given field. */
static void put_named(struct buf *out, uint32_t tag, const json_t *v,
		      void (*write)(struct buf *, uint32_t, const json_t *))
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)v, name, value) {
		size_t entry = pb_open(out, tag);
		pb_bytes(out, 1, str_from(name));
		write(out, 2, value);
		pb_close(out, entry);
	}
}

static void put_schema(struct buf *out, uint32_t tag, const json_t *v);

static void put_type(struct buf *out, uint32_t tag, const json_t *v)
{
	size_t item = pb_open(out, tag);
	put_text(out, 1, v);
	pb_close(out, item);
}

static void put_wrapped_schema(struct buf *out, uint32_t tag,
			       const json_t *v) /* items, additionalProperties, a response's */
{
	size_t item = pb_open(out, tag);
	put_schema(out, 1, v);
	pb_close(out, item);
}

static void put_properties(struct buf *out, uint32_t tag, const json_t *v)
{
	size_t properties = pb_open(out, tag);
	put_named(out, 1, v, put_schema);
	pb_close(out, properties);
}

static void put_schema(struct buf *out, uint32_t tag, const json_t *v)
{
	static const struct member members[] = {
		{ "$ref", 1, put_text },
		{ "format", 2, put_text },
		{ "description", 4, put_text },
		{ "default", 5, put_any },
		{ "required", 19, put_texts },
		{ "additionalProperties", 21, put_wrapped_schema },
		{ "type", 22, put_type },
		{ "items", 23, put_wrapped_schema },
		{ "properties", 25, put_properties },
		{ 0 },
	};
	put_message(out, tag, v, members, 31);
}

static void put_body_parameter(struct buf *out, const json_t *v)
{
	static const struct member members[] = {
		{ "description", 1, put_text }, { "name", 2, put_text },     { "in", 3, put_text },
		{ "required", 4, put_bool },    { "schema", 5, put_schema }, { 0 },
	};
	put_message(out, 1, v, members, 6);
}

static void put_plain_parameter(struct buf *out, const json_t *v)
{
	static const struct member query[] = {
		{ "required", 1, put_bool },     { "in", 2, put_text },
		{ "description", 3, put_text },  { "name", 4, put_text },
		{ "type", 6, put_text },         { "format", 7, put_text },
		{ "uniqueItems", 20, put_bool }, { 0 },
	};
	static const struct member path[] = {
		{ "required", 1, put_bool },     { "in", 2, put_text },
		{ "description", 3, put_text },  { "name", 4, put_text },
		{ "type", 5, put_text },         { "format", 6, put_text },
		{ "uniqueItems", 19, put_bool }, { 0 },
	};
	bool in_path = str_eqz(text_of(json_object_get(v, "in")), "path");
	size_t plain = pb_open(out, 2);
	put_message(out, in_path ? 4 : 3, v, in_path ? path : query, in_path ? 22 : 23);
	pb_close(out, plain);
}

static void put_parameters(struct buf *out, uint32_t tag, const json_t *v)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)v, i, item) {
		size_t outer = pb_open(out, tag), parameter = pb_open(out, 1);
		if (str_eqz(text_of(json_object_get(item, "in")), "body"))
			put_body_parameter(out, item);
		else
			put_plain_parameter(out, item);
		pb_close(out, parameter);
		pb_close(out, outer);
	}
}

static void put_response(struct buf *out, uint32_t tag, const json_t *v)
{
	static const struct member members[] = { { "description", 1, put_text },
						 { "schema", 2, put_wrapped_schema },
						 { 0 } };
	size_t value = pb_open(out, tag);
	put_message(out, 1, v, members, 5);
	pb_close(out, value);
}

static void put_responses(struct buf *out, uint32_t tag, const json_t *v)
{
	size_t responses = pb_open(out, tag);
	put_named(out, 1, v, put_response);
	pb_close(out, responses);
}

static void put_operation(struct buf *out, uint32_t tag, const json_t *v)
{
	static const struct member members[] = {
		{ "tags", 1, put_texts },
		{ "description", 3, put_text },
		{ "operationId", 5, put_text },
		{ "produces", 6, put_texts },
		{ "consumes", 7, put_texts },
		{ "parameters", 8, put_parameters },
		{ "responses", 9, put_responses },
		{ "schemes", 10, put_texts },
		{ 0 },
	};
	put_message(out, tag, v, members, 13);
}

static void put_path(struct buf *out, uint32_t tag, const json_t *v)
{
	static const struct member members[] = {
		{ "get", 2, put_operation },
		{ "put", 3, put_operation },
		{ "post", 4, put_operation },
		{ "delete", 5, put_operation },
		{ "patch", 8, put_operation },
		{ "parameters", 9, put_parameters },
		{ 0 },
	};
	put_message(out, tag, v, members, 10);
}

static void put_info(struct buf *out, uint32_t tag, const json_t *v)
{
	static const struct member members[] = { { "title", 1, put_text },
						 { "version", 2, put_text },
						 { 0 } };
	put_message(out, tag, v, members, 7);
}

/* Paths and definitions are made over one by one: a tree of everything would be ten times the text. */
static int put_each(struct buf *out, uint32_t tag, struct str json,
		    void (*write)(struct buf *, uint32_t, const json_t *), struct err *err)
{
	const uint32_t inner = tag == 8 ? 2 : 1; /* of Paths; of Definitions */
	struct reader r;
	struct reader_text key;
	struct str value;
	size_t all = pb_open(out, tag);
	reader_init(&r, json);
	if (reader_object(&r))
		while (reader_member(&r, &key) && reader_value(&r, &value)) {
			json_t *tree = NULL;
			int e = api_json_parse(value, &tree, NULL, err);
			if (e < 0)
				return e;
			size_t entry = pb_open(out, inner);
			pb_bytes(out, 1, key.raw);
			write(out, 2, tree);
			pb_close(out, entry);
			json_decref(tree);
		}
	pb_close(out, all);
	return r.failed ? reader_error(&r, err) : 0;
}

static int put_whole(struct buf *out, const struct member *m, struct str json, struct err *err)
{
	json_t *tree = NULL;
	int e = api_json_parse(json, &tree, NULL, err);
	if (e == 0)
		m->write(out, m->tag, tree);
	json_decref(tree);
	return e;
}

int openapi_v2_protobuf(struct str json, struct buf *out, struct err *err)
{
	static const struct member members[] = { { "swagger", 1, put_text },
						 { "info", 2, put_info },
						 { "paths", 8, put_path },
						 { "definitions", 9, put_schema },
						 { 0 } };
	struct reader r;
	struct reader_text key;
	struct str value;
	int e = 0;
	reader_init(&r, json);
	if (reader_object(&r))
		while (e == 0 && reader_member(&r, &key) && reader_value(&r, &value))
			for (const struct member *m = members; e == 0 && m->name; m++) {
				if (!str_eqz(key.raw, m->name))
					continue;
				e = m->tag < 8 ? put_whole(out, m, value, err)
					       : put_each(out, m->tag, value, m->write, err);
			}
	return e < 0 ? e : r.failed ? reader_error(&r, err) : 0;
}
