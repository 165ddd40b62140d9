/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/budgets.h"

#include "base/buf.h"
#include "base/mem.h"
#include "client/selectors.h"

struct budget {
	struct arena arena;
	struct policy_v1_pod_disruption_budget pdb;
};

static void budget_free(void *v)
{
	struct budget *x = v;

	arena_free(&x->arena);
	free(x);
}

static void key_of(const struct object *o, struct buf *out)
{
	buf_printf(out, "%.*s/%.*s", STR_ARG(o->ns), STR_ARG(o->name));
}

void budgets_set(struct budgets *b, const struct object *o)
{
	struct budget *x = NEW(struct budget), *old;
	auto_buf key = { 0 };

	key_of(o, &key);
	if (object_decode(o, &x->arena, api_struct_policy_v1_pod_disruption_budget, &x->pdb, NULL) <
	    0) {
		budget_free(x);
		return;
	}
	old = map_put(&b->all, buf_view(&key), x);
	if (old)
		budget_free(old);
}

void budgets_del(struct budgets *b, const struct object *o)
{
	auto_buf key = { 0 };
	struct budget *x;

	key_of(o, &key);
	x = map_del(&b->all, buf_view(&key));
	if (x)
		budget_free(x);
}

void budgets_free(struct budgets *b)
{
	map_free(&b->all, budget_free);
	*b = (struct budgets){ 0 };
}

void budget_purse_open(struct budget_purse *p, const struct budgets *b)
{
	struct map_entry *e;
	size_t n = 0;

	p->budgets = b;
	p->left = mem_alloc((b->all.count + 1) * sizeof(*p->left));
	for (size_t i = 0; (e = map_next(&b->all, &i));)
		p->left[n++] = ((struct budget *)e->value)->pdb.status.disruptions_allowed;
}

void budget_purse_close(struct budget_purse *p)
{
	free(p->left);
}

static bool is_counted_already(const struct policy_v1_pod_disruption_budget *pdb, struct str pod)
{
	for (size_t i = 0; i < pdb->status.disrupted_pods.n; i++)
		if (str_eq(pdb->status.disrupted_pods.items[i].key, pod))
			return true;
	return false;
}

bool budget_purse_spend(struct budget_purse *p, const struct object *pod)
{
	struct map_entry *e;
	size_t n = 0;

	if (!pod->nlabels)
		return false;
	for (size_t i = 0; (e = map_next(&p->budgets->all, &i)); n++) {
		const struct policy_v1_pod_disruption_budget *pdb =
			&((struct budget *)e->value)->pdb;

		if (!str_eq(pdb->metadata.namespace, pod->ns) ||
		    label_selector_is_empty(pdb->spec.selector) ||
		    !label_selector_matches(pdb->spec.selector, pod) ||
		    is_counted_already(pdb, pod->name))
			continue;
		if (--p->left[n] < 0)
			return true;
	}
	return false;
}
