/* SPDX-License-Identifier: Apache-2.0 */
/* pods/binding (and the older bindings): the scheduler puts a pod on a node, once. */
#include "api/object/meta.h"
#include "base/clock.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/status.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/write.h"

static int refuse(struct write *w, struct err *err, const char *why)
{
	request_about(w->r, "", "pods/binding", w->name);
	return err_set(err, ERR_CONFLICT,
		       "Operation cannot be fulfilled on pods/binding \"%.*s\": pod %.*s %s",
		       STR_ARG(w->name), STR_ARG(w->name), why);
}

static int binding_check(struct write *w, struct str node, struct err *err)
{
	struct str bound = tree_get_str(w->old, "spec", "nodeName", NULL);
	struct str uid = meta_uid(w->body);
	(void)node;
	if (uid.n && !str_eq(uid, w->old_object->uid)) {
		request_about(w->r, "", "pods", w->name);
		return err_set(err, ERR_CONFLICT,
			       "Operation cannot be fulfilled on pods \"%.*s\": StorageError: "
			       "invalid object, Code: 4, Key: %.*s, ResourceVersion: %lld, "
			       "AdditionalErrorMsg: Precondition failed: UID in precondition: "
			       "%.*s, UID in object meta: %.*s",
			       STR_ARG(w->name), STR_ARG(w->old_object->key),
			       (long long)w->old_object->revision, STR_ARG(uid),
			       STR_ARG(w->old_object->uid));
	}
	if (meta_deletion(w->old).n)
		return refuse(w, err, "is being deleted, cannot be assigned to a host");
	if (bound.n)
		return refuse(w, err,
			      arena_printf(&w->r->arena, "is already assigned to node \"%.*s\"",
					   STR_ARG(bound)));
	if (json_array_size(tree_get(w->old, "spec", "schedulingGates", NULL)))
		return refuse(w, err, "has non-empty .spec.schedulingGates");
	return 0;
}

static void map_merge(json_t *pod, const json_t *binding, const char *field)
{
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(meta_of(binding), field), key, value) {
		struct str text = tree_str(value);
		if (!strcmp(field, "labels"))
			meta_set_label(pod, key, text);
		else
			meta_set_annotation(pod, key, text);
	}
}

static void scheduled_condition(struct write *w, json_t *pod)
{
	char now[TIME_TEXT_MAX];
	json_t *status = json_object_get(pod, "status");
	if (!json_is_object(status)) {
		status = json_object();
		json_object_set_new(pod, "status", status);
	}
	json_t *conditions = json_object_get(status, "conditions");
	if (!json_is_array(conditions)) {
		conditions = json_array();
		json_object_set_new(status, "conditions", conditions);
	}
	for (size_t i = json_array_size(conditions); i-- > 0;)
		if (str_eqz(tree_get_str(json_array_get(conditions, i), "type", NULL),
			    "PodScheduled"))
			json_array_remove(conditions, i);
	time_format(clock_wall_s(w->r->server->clock), now);
	json_t *c = json_pack("{s:s,s:s,s:s}", "type", "PodScheduled", "status", "True",
			      "lastTransitionTime", now);
	json_array_append_new(conditions, c);
}

static int binding_modify(struct write *w, struct err *err)
{
	struct str node = tree_get_str(w->body, "target", "name", NULL);
	int e = binding_check(w, node, err);
	if (e < 0)
		return e;
	w->tree = tree_copy(w->old);
	json_object_set_new(json_object_get(w->tree, "spec"), "nodeName",
			    json_stringn(node.p, node.n));
	map_merge(w->tree, w->body, "annotations");
	map_merge(w->tree, w->body, "labels");
	admission_topology_labels(w->r->server, w->tree, node);
	scheduled_condition(w, w->tree);
	json_object_del(json_object_get(w->tree, "status"), "nominatedNodeName");
	w->managed_done = true; /* a binding owns no fields */
	return 0;
}

static void binding_answer(struct write *w)
{
	struct buf text = { 0 };
	buf_puts(&text, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
			"\"Success\",\"code\":201}\n");
	respond_json(w->r, 201, api_type_find(STR("meta/v1.Status")), &text);
}

/* What is wrong with the target: an error without a reason, upstream's way. */
static int target_check(const json_t *tree, struct err *err)
{
	struct str node = tree_get_str(tree, "target", "name", NULL),
		   kind = tree_get_str(tree, "target", "kind", NULL);
	auto_buf kind_text = { 0 }, name_text = { 0 };
	bool both;
	if (kind.n && !str_eqz(kind, "Node"))
		buf_printf(&kind_text,
			   "target.kind: Unsupported value: \"%.*s\": supported values: \"Node\", "
			   "\"<empty>\"",
			   STR_ARG(kind));
	if (!node.n)
		buf_puts(&name_text, "target.name: Required value");
	both = kind_text.n && name_text.n;
	if (!kind_text.n && !name_text.n)
		return 0;
	return err_set(err, ERR_UNKNOWN, "%s%s%s%s%s", both ? "[" : "",
		       kind_text.n ? kind_text.p : "", both ? ", " : "",
		       name_text.n ? name_text.p : "", both ? "]" : "");
}

static void binding_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect expect = { api_type_find(STR("core/v1.Binding")), "", "v1",
					"Binding" };
	int e = decode_body(r, &expect, &tree, &err);
	struct str name = r->sub ? r->name : arena_str(&r->arena, meta_name(tree));
	if (e == 0 && r->sub && meta_name(tree).n && !str_eq(meta_name(tree), r->name))
		e = err_set(&err, ERR_BAD_REQUEST,
			    "name in URL does not match name in Binding object");
	if (e == 0)
		e = target_check(tree, &err);
	if (e < 0) {
		json_decref(tree);
		respond_err(r, &err);
		return;
	}
	struct write *w = write_new(r, api_resource_find(STR(""), STR("v1"), STR("pods")),
				    "binding", r->ns, name);
	w->body = tree;
	w->modify = binding_modify;
	w->answer = binding_answer;
	write_managed_by(w, "Update");
	write_update(w);
}

void sub_binding(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, binding_body);
}
