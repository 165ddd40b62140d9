/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the scale subresource: an autoscaling/v1 Scale made of an object's replicas. */
#include "server/apiserver/subresources/scale.h"

#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/subresources.h"

const struct api_type *scale_type(const struct api_request *r)
{
	return r->sub && r->sub->type ? r->sub->type : api_type_find(STR("autoscaling/v1.Scale"));
}

const char *scale_custom_path(const struct api_request *r, size_t which)
{
	return r->sub && r->sub->paths ? r->sub->paths[which] : NULL;
}

static json_t *by_path(const json_t *v, const char *dotted)
{
	struct str rest = str_from(dotted ? dotted : ""), step;
	if (!rest.n)
		return NULL;
	while (v && rest.n && str_next(&rest, '.', &step))
		v = json_object_getn(v, step.p, step.n);
	return (json_t *)v;
}

static json_t *selector_text(const json_t *object)
{
	const json_t *s = tree_get(object, "spec", "selector", NULL);
	struct selector *parsed = NULL;
	auto_buf text = { 0 };
	const char *key;
	json_t *value;
	if (json_object_get(s, "matchLabels") || json_object_get(s, "matchExpressions")) {
		if (selector_from_json(s, &parsed, NULL) == 0)
			selector_format(parsed, &text);
		selector_free(parsed);
	} else { /* a ReplicationController's is a plain map */
		json_object_foreach ((json_t *)s, key, value)
			buf_printf(&text, "%s%s=%s", text.n ? "," : "", key,
				   json_string_value(value));
	}
	return json_stringn(text.p ? text.p : "", text.n);
}

static json_t *status_of(const struct api_request *r, const json_t *object)
{
	bool custom = r->sub && r->sub->paths;
	const json_t *replicas = custom ? by_path(object, scale_custom_path(r, 1))
					: tree_get(object, "status", "replicas", NULL);
	json_t *selector = custom ? json_incref(by_path(object, scale_custom_path(r, 2)))
				  : selector_text(object);
	json_t *status = json_pack("{s:I}", "replicas", (json_int_t)tree_int(replicas, 0));
	if (selector)
		json_object_set_new(status, "selector", selector);
	return status;
}

json_t *scale_of(const struct api_request *r, const json_t *object)
{
	const json_t *replicas = r->sub && r->sub->paths
					 ? by_path(object, scale_custom_path(r, 0))
					 : tree_get(object, "spec", "replicas", NULL);
	json_t *meta = json_object(), *scale = json_object();
	static const char *const fields[] = { "name", "namespace", "uid", "resourceVersion",
					      "creationTimestamp" };
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (json_object_get(meta_of(object), fields[i]))
			json_object_set(meta, fields[i],
					json_object_get(meta_of(object), fields[i]));
	json_object_set_new(scale, "kind", json_string("Scale"));
	json_object_set_new(scale, "apiVersion", json_string("autoscaling/v1"));
	json_object_set_new(scale, "metadata", meta);
	json_object_set_new(scale, "spec",
			    json_pack("{s:I}", "replicas", (json_int_t)tree_int(replicas, 0)));
	json_object_set_new(scale, "status", status_of(r, object));
	return scale;
}

static const struct api_column columns[] = {
	{ "Name", "string", "", "Its name.", 0, ".metadata.name", NULL, NULL },
	{ "Desired", "integer", "", "How many are wanted.", 0, ".spec.replicas", "int", NULL },
	{ "Available", "integer", "", "How many there are.", 0, ".status.replicas", "int", NULL },
	{ "Age", "string", "", "How long ago it was made.", 0, ".metadata.creationTimestamp", "age",
	  NULL },
};

struct api_resource scale_resource(const struct api_request *r)
{
	struct api_resource res = *r->resource;
	res.group = "autoscaling";
	res.version = "v1";
	res.kind = "Scale";
	res.type = scale_type(r);
	res.columns = columns;
	res.ncolumns = COUNT_OF(columns);
	return res;
}

static void shape_respond(struct api_request *r, const json_t *scale)
{
	struct api_resource res = scale_resource(r);
	struct object *o = NULL;
	auto_err err = { 0 };
	auto_free char *text = json_dumps(scale, JSON_COMPACT | JSON_ENCODE_ANY);
	if (object_from_served(&res, str_from(text), &o, &err) == 0)
		respond_shape(r, 200, &res, o);
	else
		respond_err(r, &err);
	object_unref(o);
}

void scale_respond(struct api_request *r, const struct object *o)
{
	auto_err err = { 0 };
	json_t *tree = object_tree(o, &err);
	if (!tree) {
		respond_err(r, &err);
		return;
	}
	if (r->sub && r->sub->paths && !by_path(tree, scale_custom_path(r, 0))) {
		err_set(&err, ERR_INTERNAL,
			"Internal error occurred: the spec replicas field \".%s\" does not exist",
			scale_custom_path(r, 0));
		err_cause(&err, "", NULL, "the spec replicas field \".%s\" does not exist",
			  scale_custom_path(r, 0));
		respond_err(r, &err);
		json_decref(tree);
		return;
	}
	if (o->revision) /* a dry run's object has none of its own */
		meta_set_text(tree, "resourceVersion",
			      str_from(arena_printf(&r->arena, "%lld", (long long)o->revision)));
	json_t *scale = scale_of(r, tree);
	if (r->media.shape != SHAPE_OBJECT)
		shape_respond(r, scale);
	else
		respond_tree(r, 200, scale_type(r), scale);
	json_decref(scale);
	json_decref(tree);
}

/* A custom resource need not have the number that its definition speaks of. */
static bool has_replicas(struct api_request *r, const struct object *o, struct err *err)
{
	const char *path = scale_custom_path(r, 0);
	json_t *tree = path ? object_tree(o, err) : NULL;
	bool has = !path || (tree && by_path(tree, path));
	if (!has) {
		err_cause(err, "", "", "the spec replicas field \".%s\" does not exist", path);
		err_set(err, ERR_INTERNAL, "Internal error occurred: %s", err->causes[0].message);
	}
	json_decref(tree);
	return has;
}

void scale_get(struct api_request *r)
{
	auto_err err = { 0 };
	struct object *o =
		respond_negotiate(r, true, false, &err) < 0 ? NULL : lookup_target(r, &err);
	if (o && has_replicas(r, o, &err))
		scale_respond(r, o);
	else
		respond_err(r, &err);
	object_unref(o);
}
