/* SPDX-License-Identifier: Apache-2.0 */
/* Each operation resolves its pointer to (container, last key) and acts there. The document is owned by the caller's pointer; values of
 * the patch are copied in, so that a patch can be applied again after a conflict. */
#include "api/patch/json.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "base/buf.h"
#include "base/mem.h"

struct place {             /* where a pointer leads */
	json_t *container; /* borrowed */
	struct buf key;    /* last token, unescaped */
	size_t depth;      /* number of tokens */
};

struct run {
	json_t **doc;
	size_t copied_bytes;
	struct err *err;
};

static void unescape(struct str token, struct buf *out)
{
	buf_reset(out);
	buf_reserve(out, token.n + 1);
	for (size_t i = 0; i < token.n; i++) {
		char c = token.p[i];
		if (c == '~' && i + 1 < token.n && (token.p[i + 1] == '0' || token.p[i + 1] == '1'))
			c = token.p[++i] == '0' ? '~' : '/';
		buf_putc(out, c);
	}
}

/* An index as Go's strconv.Atoi reads it; negative ones count from the end. False: no such item (`end` allows one past it). */
static bool index_of(const json_t *array, struct str key, bool end, size_t *out)
{
	int64_t i, n = (int64_t)json_array_size(array) + (end ? 1 : 0);
	if (!str_to_i64(key, &i))
		return false;
	if (i < 0)
		i += n;
	*out = (size_t)i;
	return i >= 0 && i < n;
}

static json_t *child(const json_t *container, struct str key)
{
	size_t i;
	if (json_is_object(container))
		return json_object_getn(container, key.p ? key.p : "", key.n);
	if (json_is_array(container) && index_of(container, key, false, &i))
		return json_array_get(container, i);
	return NULL;
}

/* False when the pointer is malformed or a step on the way is missing. "" has no place: callers treat it first. */
static bool resolve(json_t *doc, struct str pointer, struct place *out)
{
	struct str token;
	out->container = NULL;
	if (pointer.n == 0 || pointer.p[0] != '/')
		return false;
	struct str rest = str_of(pointer.p + 1, pointer.n - 1);
	json_t *at = doc;
	for (out->depth = 1;; out->depth++) {
		size_t n = str_find(rest, '/');
		token = str_of(rest.p, n);
		unescape(token, &out->key);
		if (n == rest.n)
			break;
		rest = str_of(rest.p + n + 1, rest.n - n - 1);
		at = child(at, buf_view(&out->key));
	}
	out->container = at;
	return json_is_object(at) || json_is_array(at);
}

static int fail(struct run *run, const char *what, const char *why, struct str path,
		const char *end)
{
	char *detail = str_printf("%s operation does not apply: %s: \"%.*s\": %s", what, why,
				  STR_ARG(path), end);
	err_cause(run->err, "UnexpectedServerResponse", NULL, "%s", detail);
	free(detail);
	return err_set(run->err, ERR_INVALID,
		       "the server rejected our request due to an error in our request");
}

static int missing(struct run *run, const char *what, struct str path)
{
	return fail(run, what, "doc is missing path", path, "missing value");
}

static size_t depth_of(const json_t *value)
{
	size_t deepest = 0, i;
	const char *key;
	json_t *item;
	json_array_foreach (value, i, item) {
		size_t d = depth_of(item);
		deepest = d > deepest ? d : deepest;
	}
	json_object_foreach ((json_t *)value, key, item) {
		size_t d = depth_of(item);
		deepest = d > deepest ? d : deepest;
	}
	return deepest + 1;
}

/* A patch must not build what a body could not bring: everything that walks a tree is recursive. */
static bool too_deep(const struct place *at, const json_t *value)
{
	return at->depth + depth_of(value) > API_DEPTH_MAX;
}

/* Takes the reference of `value` in every case. */
static int place_add(struct run *run, const char *what, struct place *at, struct str path,
		     json_t *value)
{
	struct str key = buf_view(&at->key);
	size_t i;
	if (too_deep(at, value)) {
		json_decref(value);
		return fail(run, what, "exceeded max depth", path, "invalid state detected");
	}
	if (json_is_object(at->container)) {
		json_object_setn_new(at->container, key.p ? key.p : "", key.n, value);
		return 0;
	}
	if (str_eq(key, STR("-"))) {
		json_array_append_new(at->container, value);
		return 0;
	}
	if (!index_of(at->container, key, true, &i)) {
		json_decref(value);
		return fail(run, what, "no such index", path, "invalid index referenced");
	}
	json_array_insert_new(at->container, i, value);
	return 0;
}

static bool place_remove(struct place *at)
{
	struct str key = buf_view(&at->key);
	size_t i;
	if (json_is_object(at->container))
		return json_object_deln(at->container, key.p ? key.p : "", key.n) == 0;
	return index_of(at->container, key, false, &i) && json_array_remove(at->container, i) == 0;
}

static int replace_root(struct run *run, const json_t *value)
{
	if (!json_is_object(value) && !json_is_array(value))
		return fail(run, "replace", "value must be object or array", STR(""),
			    "invalid state detected");
	json_t *copy = tree_copy(value);
	json_decref(*run->doc);
	*run->doc = copy;
	return 0;
}

/* No value is null. New reference. */
static json_t *value_of(const json_t *op)
{
	const json_t *value = json_object_get(op, "value");
	return value ? tree_copy(value) : json_null();
}

static int op_add(struct run *run, const json_t *op, struct str path, struct place *at)
{
	if (!resolve(*run->doc, path, at))
		return missing(run, "add", path);
	return place_add(run, "add", at, path, value_of(op));
}

static int op_remove(struct run *run, const json_t *op, struct str path, struct place *at)
{
	(void)op;
	if (!resolve(*run->doc, path, at) || !place_remove(at))
		return missing(run, "remove", path);
	return 0;
}

/* Of an object, a member that isn't there yet is replaced, too: as upstream. */
static int op_replace(struct run *run, const json_t *op, struct str path, struct place *at)
{
	size_t i;
	if (path.n == 0)
		return replace_root(run, json_object_get(op, "value"));
	if (!resolve(*run->doc, path, at))
		return missing(run, "replace", path);
	if (json_is_object(at->container))
		return place_add(run, "replace", at, path, value_of(op));
	if (!index_of(at->container, buf_view(&at->key), false, &i))
		return missing(run, "replace", path);
	json_t *value = value_of(op);
	if (too_deep(at, value)) {
		json_decref(value);
		return fail(run, "replace", "exceeded max depth", path, "invalid state detected");
	}
	json_array_set_new(at->container, i, value);
	return 0;
}

/* move and copy: the value at "from", one reference for the caller; NULL when it is missing */
static json_t *from_value(struct run *run, const json_t *op, struct place *at)
{
	struct str from = tree_str(json_object_get(op, "from"));
	if (!resolve(*run->doc, from, at))
		return NULL;
	return json_incref(child(at->container, buf_view(&at->key)));
}

static int op_move(struct run *run, const json_t *op, struct str path, struct place *at)
{
	json_t *value = from_value(run, op, at);
	if (!value)
		return missing(run, "move", tree_str(json_object_get(op, "from")));
	place_remove(at);
	if (!resolve(*run->doc, path, at)) {
		json_decref(value);
		return missing(run, "move", path);
	}
	return place_add(run, "move", at, path, value);
}

static int op_copy(struct run *run, const json_t *op, struct str path, struct place *at)
{
	json_t *value = from_value(run, op, at);
	if (!value && json_is_object(at->container))
		value = json_null(); /* as upstream */
	if (!value)
		return missing(run, "copy", tree_str(json_object_get(op, "from")));
	json_t *copy = tree_copy(value);
	json_decref(value);
	run->copied_bytes += json_dumpb(copy, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
	if (run->copied_bytes > PATCH_JSON_COPY_MAX_BYTES) {
		json_decref(copy);
		return err_set(run->err, ERR_TOO_LARGE,
			       "Unable to complete the copy, the accumulated size increase of copy "
			       "operations is %zu, "
			       "exceeding the limit %u",
			       run->copied_bytes, PATCH_JSON_COPY_MAX_BYTES);
	}
	if (!resolve(*run->doc, path, at)) {
		json_decref(copy);
		return missing(run, "copy", path);
	}
	return place_add(run, "copy", at, path, copy);
}

/* 1 and 1.0 are the same number. */
static bool same_number(const json_t *a, const json_t *b)
{
	return json_is_number(a) && json_is_number(b) &&
	       json_number_value(a) >= json_number_value(b) &&
	       json_number_value(a) <= json_number_value(b);
}

static int op_test(struct run *run, const json_t *op, struct str path, struct place *at)
{
	const json_t *want = json_object_get(op, "value");
	const json_t *have = *run->doc;
	if (path.n) {
		if (!resolve(*run->doc, path, at))
			return missing(run, "test", path);
		have = child(at->container, buf_view(&at->key));
		if (!have && json_is_array(at->container))
			return missing(run, "test", path);
	}
	bool both_null = (!have || json_is_null(have)) && (!want || json_is_null(want));
	if (both_null || (have && want && (json_equal(have, want) || same_number(have, want))))
		return 0;
	return fail(run, "test", "testing value failed", path, "test failed");
}

static const struct operation {
	const char *name;
	int (*apply)(struct run *run, const json_t *op, struct str path, struct place *at);
	bool has_from;
} operations[] = {
	{ "add", op_add, false },  { "remove", op_remove, false }, { "replace", op_replace, false },
	{ "move", op_move, true }, { "copy", op_copy, true },      { "test", op_test, false },
};

static int apply_one(struct run *run, const json_t *op, struct place *at)
{
	struct str name = tree_str(json_object_get(op, "op"));
	const json_t *path = json_object_get(op, "path");
	for (size_t i = 0; i < COUNT_OF(operations); i++) {
		if (!str_eqz(name, operations[i].name))
			continue;
		if (!json_is_string(path))
			return fail(run, operations[i].name, "no path", (struct str){ 0 },
				    "missing value");
		if (operations[i].has_from && !json_is_string(json_object_get(op, "from")))
			return fail(run, operations[i].name, "no from", (struct str){ 0 },
				    "missing value");
		return operations[i].apply(run, op, tree_str(path), at);
	}
	return fail(run, "unknown", "Unexpected kind", name, "unknown operation");
}

int patch_json_apply(json_t **doc, const json_t *patch, struct err *err)
{
	struct run run = { .doc = doc, .err = err };
	struct place at = { 0 };
	size_t i;
	json_t *op;
	if (!json_is_array(patch))
		return err_set(err, ERR_BAD_REQUEST,
			       "json: cannot unmarshal %s into Go value of type jsonpatch.Patch",
			       json_is_object(patch) ? "object" : "value");
	if (json_array_size(patch) > PATCH_JSON_OPERATIONS_MAX)
		return err_set(err, ERR_TOO_LARGE,
			       "The allowed maximum operations in a JSON patch is %d, got %zu",
			       PATCH_JSON_OPERATIONS_MAX, json_array_size(patch));
	int r = 0;
	json_array_foreach (patch, i, op)
		if (r == 0)
			r = json_is_object(op) || json_is_null(op)
				    ? apply_one(&run, op, &at)
				    : err_set(err, ERR_BAD_REQUEST,
					      "json: cannot unmarshal value into Go value of type "
					      "jsonpatch.Operation");
	buf_free(&at.key);
	return r;
}
