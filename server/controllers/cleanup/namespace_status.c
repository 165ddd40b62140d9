/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/cleanup/namespace_status.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"

void namespace_remains_free(struct namespace_remains *r)
{
	for (size_t i = 0; i < r->nfinalizers; i++)
		free(r->finalizers[i].name);
	free(r->finalizers);
	free(r->items);
	*r = (struct namespace_remains){ 0 };
}

static void count_finalizer(struct namespace_remains *r, const char *name)
{
	size_t i = 0;
	while (i < r->nfinalizers && strcmp(r->finalizers[i].name, name))
		i++;
	if (i == r->nfinalizers) {
		r->finalizers = mem_realloc(r->finalizers, (i + 1) * sizeof(*r->finalizers));
		r->finalizers[r->nfinalizers++] =
			(struct namespace_finalizer){ str_dup(str_from(name)), 0 };
	}
	r->finalizers[i].count++;
}

size_t namespace_count(struct str list, struct namespace_remains *r,
		       const struct api_resource *resource)
{
	json_t *tree = json_loadb(list.p, list.n, 0, NULL), *item, *finalizer;
	json_t *items = json_object_get(tree, "items"), *meta = json_object_get(tree, "metadata");
	size_t n = json_array_size(items) +
		   (size_t)json_integer_value(json_object_get(meta, "remainingItemCount")),
	       i, j;
	json_array_foreach (items, i, item)
		json_array_foreach (json_object_get(json_object_get(item, "metadata"),
						    "finalizers"),
				    j, finalizer)
			count_finalizer(r, json_string_value(finalizer));
	json_decref(tree);
	if (n == 0)
		return 0;
	r->items = mem_realloc(r->items, (r->n + 1) * sizeof(*r->items));
	r->items[r->n++] = (struct namespace_remain){ resource, n };
	return n;
}

static void condition(struct buf *out, const char *comma, const char *type, bool status,
		      const char *reason, const char *message, const char *now)
{
	buf_printf(out,
		   "%s{\"type\":\"%s\",\"status\":\"%s\",\"reason\":\"%s\",\"message\":", comma,
		   type, status ? "True" : "False", reason);
	buf_json_string(out, str_from(message));
	buf_printf(out, ",\"lastTransitionTime\":\"%s\"}", now);
}

static void remaining_text(const struct namespace_remains *r, struct buf *out)
{
	buf_puts(out, "Some resources are remaining: ");
	for (size_t i = 0; i < r->n; i++)
		buf_printf(out, "%s%s.%s has %zu resource instances", i ? ", " : "",
			   r->items[i].resource->plural, r->items[i].resource->group,
			   r->items[i].count);
}

static void finalizers_text(const struct namespace_remains *r, struct buf *out)
{
	buf_puts(out, "Some content in the namespace has finalizers remaining: ");
	for (size_t i = 0; i < r->nfinalizers; i++)
		buf_printf(out, "%s%s in %zu resource instances", i ? ", " : "",
			   r->finalizers[i].name, r->finalizers[i].count);
}

static void conditions_write(const struct namespace_remains *r, int64_t now_s, struct buf *out)
{
	char now[TIME_TEXT_MAX];
	auto_buf remaining = { 0 }, finalizers = { 0 };
	time_format(now_s, now);
	remaining_text(r, &remaining);
	finalizers_text(r, &finalizers);
	buf_puts(out, "[");
	condition(out, "", "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
		  "All resources successfully discovered", now);
	condition(out, ",", "NamespaceDeletionGroupVersionParsingFailure", false,
		  "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
	condition(out, ",", "NamespaceDeletionContentFailure", false, "ContentDeleted",
		  "All content successfully deleted, may be waiting on finalization", now);
	condition(out, ",", "NamespaceContentRemaining", r->n > 0,
		  r->n ? "SomeResourcesRemain" : "ContentRemoved",
		  r->n ? remaining.p : "All content successfully removed", now);
	condition(out, ",", "NamespaceFinalizersRemaining", r->nfinalizers > 0,
		  r->nfinalizers ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
		  r->nfinalizers ? finalizers.p : "All content-preserving finalizers finished",
		  now);
	buf_puts(out, "]");
}

static json_t *condition_of(const json_t *list, const char *type)
{
	json_t *one;
	size_t i;
	json_array_foreach ((json_t *)(uintptr_t)list, i, one) {
		const char *have = json_string_value(json_object_get(one, "type"));
		if (have && !strcmp(have, type))
			return one;
	}
	return NULL;
}

/* A condition that stays what it was keeps its time. */
static void condition_put(json_t *list, json_t *condition)
{
	json_t *have = condition_of(list, json_string_value(json_object_get(condition, "type")));
	if (!have) {
		json_array_append(list, condition);
		return;
	}
	if (json_equal(json_object_get(have, "status"), json_object_get(condition, "status")))
		json_object_set(condition, "lastTransitionTime",
				json_object_get(have, "lastTransitionTime"));
	json_object_update(have, condition);
}

void namespace_report(const struct object *ns, const struct namespace_remains *r, int64_t now_s,
		      struct buf *out)
{
	auto_buf text = { 0 };
	conditions_write(r, now_s, &text);
	json_t *tree = object_tree(ns, NULL), *status = json_object_get(tree, "status"), *one;
	json_t *news = json_loadb(text.p, text.n, 0, NULL);
	size_t i;
	if (!status)
		json_object_set_new(tree, "status", status = json_object());
	json_t *list = json_object_get(status, "conditions");
	if (!list)
		json_object_set_new(status, "conditions", list = json_array());
	json_array_foreach (news, i, one)
		condition_put(list, one);
	auto_free char *body = json_dumps(tree, JSON_COMPACT);
	buf_puts(out, body);
	json_decref(news);
	json_decref(tree);
}

bool namespace_finalized(const struct object *ns, struct buf *out)
{
	json_t *tree = object_tree(ns, NULL),
	       *finalizers = json_object_get(json_object_get(tree, "spec"), "finalizers"), *one;
	bool found = false;
	size_t i;
	for (i = json_array_size(finalizers); i-- > 0;) {
		one = json_array_get(finalizers, i);
		if (!json_is_string(one) || strcmp(json_string_value(one), "kubernetes"))
			continue;
		json_array_remove(finalizers, i);
		found = true;
	}
	if (found) {
		auto_free char *text = json_dumps(tree, JSON_COMPACT);
		buf_puts(out, text);
	}
	json_decref(tree);
	return found;
}
