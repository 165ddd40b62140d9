/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/convert.h"

#include <stdio.h>

#include "base/mem.h"
#include "server/apiserver/convert_autoscaler.h"

struct rename {
	const char *group_a, *group_b, *plural; /* a: the stored one */
	const char *a, *b;
};
static const struct rename renames[] = {
	{ "", "events.k8s.io", "events", "involvedObject", "regarding" },
	{ "", "events.k8s.io", "events", "message", "note" },
	{ "", "events.k8s.io", "events", "source", "deprecatedSource" },
	{ "", "events.k8s.io", "events", "firstTimestamp", "deprecatedFirstTimestamp" },
	{ "", "events.k8s.io", "events", "lastTimestamp", "deprecatedLastTimestamp" },
	{ "", "events.k8s.io", "events", "count", "deprecatedCount" },
	{ "", "events.k8s.io", "events", "reportingComponent", "reportingController" },
};

bool convert_needed(const struct api_resource *from, const struct api_resource *to)
{
	return from != to && to != NULL &&
	       (strcmp(from->version, to->version) || strcmp(from->group, to->group));
}

void api_version_text(const struct api_resource *r, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", r->group, r->group[0] ? "/" : "", r->version);
}

static void field_move(json_t *tree, const char *from, const char *to)
{
	json_t *value = json_object_get(tree, from);
	if (!value)
		return;
	json_object_set(tree, to, value);
	json_object_del(tree, from);
}

void convert_tree(const struct api_resource *from, const struct api_resource *to, json_t *tree)
{
	char version[256];
	for (size_t i = 0; i < COUNT_OF(renames); i++) {
		const struct rename *n = &renames[i];
		if (strcmp(n->plural, from->plural))
			continue;
		if (!strcmp(n->group_a, from->group) && !strcmp(n->group_b, to->group))
			field_move(tree, n->a, n->b);
		else if (!strcmp(n->group_b, from->group) && !strcmp(n->group_a, to->group))
			field_move(tree, n->b, n->a);
	}
	if (!strcmp(from->plural, "horizontalpodautoscalers") &&
	    !strcmp(from->group, "autoscaling"))
		(!strcmp(to->version, "v1") ? autoscaler_to_v1 : autoscaler_to_v2)(tree);
	api_version_text(to, version, sizeof(version));
	json_object_set_new(tree, "apiVersion", json_string(version));
	json_object_set_new(tree, "kind", json_string(to->kind));
}
