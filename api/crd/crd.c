/* SPDX-License-Identifier: Apache-2.0 */
#include "api/crd/crd.h"

#include "api/codec.h"
#include "api/crd/rules.h"
#include "api/crd/schema.h"
#include "api/object/meta.h"
#include "api/registry.h"
#include "api/values/pattern.h"
#include "base/encode.h"
#include "base/mem.h"

struct build {
	struct crd *crd;
	const json_t *object, *spec, *names;
	struct api_resource *resources;
	struct err *err;
};

/* ---- counting ---- */

struct crd *crd_ref(struct crd *c)
{
	if (c)
		atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void crd_unref(struct crd *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < c->npatterns; i++)
		pattern_free(c->patterns[i]);
	free(c->patterns);
	json_decref(c->held);
	struct arena arena = c->arena;
	free(c);
	arena_free(&arena);
}

const struct api_resource *api_resource_ref(const struct api_resource *r)
{
	if (r)
		crd_ref(r->crd);
	return r;
}

void api_resource_unref(const struct api_resource *r)
{
	if (r)
		crd_unref(r->crd);
}

/* ---- words ---- */

static char *word(struct build *b, const json_t *s)
{
	return arena_strdup(&b->crd->arena, tree_str(s));
}

static char *member(struct build *b, const json_t *object, const char *name)
{
	return word(b, json_object_get(object, name));
}

static const char *const *word_list(struct build *b, const json_t *list)
{
	size_t n = json_array_size(list);
	const char **out = ARENA_ARRAY(&b->crd->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = word(b, json_array_get(list, i));
	return out;
}

/* "com.example.stable.v1.CronTab" */
static const char *openapi_name(struct build *b, const char *version, const char *kind)
{
	auto_buf out = { 0 };
	struct str group = str_from(b->crd->group);
	while (group.n) {
		size_t dot = str_rfind(group, '.');
		struct str last =
			dot < group.n ? str_of(group.p + dot + 1, group.n - dot - 1) : group;
		buf_printf(&out, "%.*s.", STR_ARG(last));
		group.n = dot < group.n ? dot : 0;
	}
	buf_printf(&out, "%s.%s", version, kind);
	return arena_strdup(&b->crd->arena, buf_view(&out));
}

/* As discovery's StorageVersionHash: the first eight bytes of a SHA-256. */
static const char *storage_hash(struct build *b, const char *version, const char *kind)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 hash;
	auto_buf text = { 0 }, out = { 0 };
	buf_printf(&text, "%s/%s/%s", b->crd->group, version, kind);
	sha256_init(&hash);
	sha256_update(&hash, text.p, text.n);
	sha256_final(&hash, digest);
	base64_encode(&out, (const char *)digest, 8);
	return arena_strdup(&b->crd->arena, buf_view(&out));
}

/* ---- parts of a version ---- */

static const struct api_column *columns_of(struct build *b, const json_t *list, size_t *n)
{
	size_t count = json_array_size(list);
	struct api_column *out = ARENA_ARRAY(&b->crd->arena, struct api_column, count + 2);
	out[0] = (struct api_column){ .name = "Name",
				      .type = "string",
				      .format = "name",
				      .doc = "What the object is called.",
				      .path = ".metadata.name" };
	for (size_t i = 0; i < count; i++) {
		const json_t *c = json_array_get(list, i);
		const char *type = member(b, c, "type"), *path = member(b, c, "jsonPath");
		out[i + 1] = (struct api_column){
			.name = member(b, c, "name"),
			.type = type,
			.format = member(b, c, "format"),
			.doc = member(b, c, "description"),
			.priority = (int)tree_int(json_object_get(c, "priority"), 0),
			.path = path
		};
		if (!*out[i + 1].doc)
			out[i + 1].doc =
				arena_printf(&b->crd->arena,
					     "Custom resource definition column (in JSONPath "
					     "format): %s",
					     path);
	}
	*n = count + 1;
	if (count)
		return out;
	out[1] = (struct api_column){ .name = "Age",
				      .type = "date",
				      .format = "",
				      .doc = "How long ago it was made.",
				      .path = ".metadata.creationTimestamp" };
	*n = 2;
	return out;
}

static const char *const *scale_paths(struct build *b, const json_t *scale)
{
	static const char *const fields[] = { "specReplicasPath", "statusReplicasPath",
					      "labelSelectorPath" };
	const char **out = ARENA_ARRAY(&b->crd->arena, const char *, COUNT_OF(fields));
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		struct str path = tree_str(json_object_get(scale, fields[i]));
		str_cut_prefix(&path, STR("."));
		out[i] = path.n ? arena_strdup(&b->crd->arena, path) : NULL;
	}
	return out;
}

static void subresources_of(struct build *b, const json_t *subs, struct api_resource *r)
{
	static const uint32_t verbs = API_GET | API_UPDATE | API_PATCH;
	struct api_subresource *out = ARENA_ARRAY(&b->crd->arena, struct api_subresource, 2);
	const json_t *scale = json_object_get(subs, "scale");
	size_t n = 0;
	if (json_is_object(json_object_get(subs, "status")))
		out[n++] = (struct api_subresource){ "status", r->group, r->version,
						     r->kind,  r->type,  verbs };
	if (json_is_object(scale))
		out[n++] = (struct api_subresource){ .name = "scale",
						     .group = "autoscaling",
						     .version = "v1",
						     .kind = "Scale",
						     .type = api_type_find(
							     STR("autoscaling/v1.Scale")),
						     .verbs = verbs,
						     .paths = scale_paths(b, scale) };
	r->subresources = out;
	r->nsubresources = n;
}

/* Every version has the fields of all, so that one object fits all; those of others have a label that nobody can write. */
static void selectable_of(struct build *b, const json_t *version, struct api_resource *r)
{
	const json_t *versions = json_object_get(b->spec, "versions");
	struct map seen = { 0 };
	size_t n = 0, most = 0;
	for (size_t i = 0; i < json_array_size(versions); i++)
		most += json_array_size(
			json_object_get(json_array_get(versions, i), "selectableFields"));
	struct api_selectable *out = ARENA_ARRAY(&b->crd->arena, struct api_selectable, most + 1);
	for (size_t i = 0; i < json_array_size(versions) && most; i++) {
		const json_t *v = json_array_get(versions, i),
			     *fields = json_object_get(v, "selectableFields");
		for (size_t k = 0; k < json_array_size(fields) && n < 32; k++) {
			struct str path =
				tree_str(json_object_get(json_array_get(fields, k), "jsonPath"));
			str_cut_prefix(&path, STR("."));
			struct api_selectable *old = map_get(&seen, path);
			if (!old) {
				old = &out[n++];
				old->path = arena_strdup(&b->crd->arena, path);
				old->label = "\n";
				old->default_value = "";
				map_put(&seen, path, old);
			}
			if (v == version)
				old->label = old->path;
		}
	}
	map_free(&seen, NULL);
	r->selectable = out;
	r->nselectable = n;
}

static void deprecation_of(struct build *b, const json_t *version, struct api_resource *r)
{
	const json_t *own = json_object_get(version, "deprecationWarning"),
		     *versions = json_object_get(b->spec, "versions");
	const char *best = NULL;
	if (!json_is_true(json_object_get(version, "deprecated")))
		return;
	for (size_t i = 0; i < json_array_size(versions); i++) {
		const json_t *v = json_array_get(versions, i);
		const char *name = json_string_value(json_object_get(v, "name"));
		if (name && json_is_true(json_object_get(v, "served")) &&
		    !json_is_true(json_object_get(v, "deprecated")) &&
		    crd_version_order(name, r->version) < 0 &&
		    (!best || crd_version_order(name, best) < 0))
			best = name;
	}
	struct arena *a = &b->crd->arena;
	if (json_is_string(own))
		r->deprecation = word(b, own);
	else if (best)
		r->deprecation = arena_printf(a, "%s/%s %s is deprecated; use %s/%s %s", r->group,
					      r->version, r->kind, r->group, best, r->kind);
	else
		r->deprecation =
			arena_printf(a, "%s/%s %s is deprecated", r->group, r->version, r->kind);
}

static int type_of(struct build *b, const json_t *version, struct api_resource *r)
{
	const json_t *schema = tree_get(version, "schema", "openAPIV3Schema", NULL);
	const struct api_type *type;
	const char *name = arena_printf(&b->crd->arena, "%s/%s.%s", r->group, r->version, r->kind);
	int e = crd_schema_compile(b->crd, schema, name, openapi_name(b, r->version, r->kind),
				   &type, b->err);
	if (e == 0 && json_is_object(schema))
		e = crd_rules_compile(b->crd, schema, &((struct api_type *)type)->rules, b->err);
	r->type = type;
	return e;
}

#define CUSTOM_VERBS                                                                              \
	(API_GET | API_LIST_VERB | API_WATCH | API_CREATE | API_UPDATE | API_PATCH | API_DELETE | \
	 API_DELETE_COLLECTION)

static int version_build(struct build *b, const json_t *version, struct api_resource *r)
{
	r->group = b->crd->group;
	r->version = member(b, version, "name");
	r->kind = member(b, b->names, "kind");
	r->list_kind = member(b, b->names, "listKind");
	r->plural = b->crd->plural;
	r->singular = member(b, b->names, "singular");
	r->short_names = word_list(b, json_object_get(b->names, "shortNames"));
	r->categories = word_list(b, json_object_get(b->names, "categories"));
	r->namespaced = str_eqz(tree_str(json_object_get(b->spec, "scope")), "Namespaced");
	r->verbs = CUSTOM_VERBS;
	r->crd = b->crd;
	r->storage_prefix = arena_printf(&b->crd->arena, "/registry/%s/%s/", r->group, r->plural);
	r->columns =
		columns_of(b, json_object_get(version, "additionalPrinterColumns"), &r->ncolumns);
	int e = type_of(b, version, r);
	if (e < 0)
		return e;
	subresources_of(b, json_object_get(version, "subresources"), r);
	selectable_of(b, version, r);
	deprecation_of(b, version, r);
	return 0;
}

struct version_row {
	const json_t *version;
	const char *name;
};

static int by_preference(const void *a, const void *b)
{
	return crd_version_order(((const struct version_row *)a)->name,
				 ((const struct version_row *)b)->name);
}

static int versions_build(struct build *b)
{
	const json_t *versions = json_object_get(b->spec, "versions");
	size_t most = json_array_size(versions), n = 0;
	struct version_row *rows = ARENA_ARRAY(&b->crd->arena, struct version_row, most + 1);
	for (size_t i = 0; i < most; i++)
		rows[i] = (struct version_row){ json_array_get(versions, i),
						member(b, json_array_get(versions, i), "name") };
	qsort(rows, most, sizeof(*rows), by_preference);
	b->resources = ARENA_ARRAY(&b->crd->arena, struct api_resource, most + 1);
	bool *served = ARENA_ARRAY(&b->crd->arena, bool, most + 1);
	for (size_t i = 0; i < most; i++) {
		const json_t *v = rows[i].version;
		bool stores = json_is_true(json_object_get(v, "storage"));
		served[n] = json_is_true(json_object_get(v, "served"));
		int e = version_build(b, v, &b->resources[n]);
		if (e < 0)
			return e;
		if (stores)
			b->crd->storage = &b->resources[n];
		n++;
	}
	b->crd->versions = b->resources;
	b->crd->served = served;
	b->crd->nversions = n;
	return b->crd->storage ? 0 : err_set(b->err, ERR_INVALID, "no version is stored");
}

int crd_compile(const json_t *object, const json_t *names, struct crd **out, struct err *err)
{
	struct crd *c = NEW(struct crd);
	struct build b = { .crd = c,
			   .object = object,
			   .spec = json_object_get(object, "spec"),
			   .names = names,
			   .err = err };
	atomic_init(&c->refs, 1);
	c->held = json_array();
	c->name = word(&b, json_object_get(meta_of(object), "name"));
	c->uid = word(&b, json_object_get(meta_of(object), "uid"));
	c->generation = meta_generation(object);
	c->group = member(&b, b.spec, "group");
	c->plural = member(&b, names, "plural");
	atomic_init(&c->terminating, meta_deletion(object).n > 0);
	int e = versions_build(&b);
	if (e < 0) {
		crd_unref(c);
		return e;
	}
	for (size_t i = 0; i < c->nversions; i++) {
		b.resources[i].storage = c->storage;
		b.resources[i].storage_hash =
			storage_hash(&b, c->storage->version, c->storage->kind);
	}
	*out = c;
	return 0;
}
