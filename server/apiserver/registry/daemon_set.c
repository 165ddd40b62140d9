/* SPDX-License-Identifier: Apache-2.0 */
/* apps/v1 has no templateGeneration any more; its count lives on in an annotation. */
#include "api/object/meta.h"
#include "server/apiserver/write/write.h"

#define COUNT "deprecated.daemonset.template.generation"

int daemon_set_strategy_create(struct write *w, struct err *err)
{
	(void)err;
	meta_set_annotation(w->tree, COUNT, STR("1"));
	return 0;
}

int daemon_set_strategy_update(struct write *w, struct err *err)
{
	int64_t count = 0;
	(void)err;
	str_to_i64(meta_annotation(w->old, COUNT), &count);
	if (strategy_template_changed(w))
		count++;
	char *text = arena_printf(&w->r->arena, "%lld", (long long)count);
	meta_set_annotation(w->tree, COUNT, str_from(text));
	return 0;
}

/* The count is the spec's, which a status update leaves alone. */
int daemon_set_strategy_update_sub(struct write *w, struct err *err)
{
	(void)err;
	meta_set_annotation(w->tree, COUNT, meta_annotation(w->old, COUNT));
	return 0;
}
