/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/account_wait.h"

#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"

#define AGAIN_MS   20
#define ROUNDS_MAX 50

static void on_delay(struct loop_delay *d)
{
	struct write *w = CONTAINER_OF(d, struct write, delay);
	w->delayed(w);
}

static bool is_there(struct write *w, const char *plural, struct str ns, struct str name)
{
	struct object *o = lookup_core(w->r->server, plural, ns, name);
	bool there = o && !o->deleting;
	object_unref(o);
	return there;
}

bool account_wait(struct write *w, void (*run)(struct write *w))
{
	struct str account = tree_get_str(w->tree, "spec", "serviceAccountName", NULL);
	if (!admission_is(w, "pods") || (account.n && !str_eqz(account, "default")) ||
	    meta_annotation(w->tree, "kubernetes.io/config.mirror").n || w->rounds >= ROUNDS_MAX ||
	    is_there(w, "serviceaccounts", w->ns, STR("default")) ||
	    !is_there(w, "namespaces", STR(""), w->ns))
		return false;
	w->rounds++;
	w->delayed = run;
	loop_delay_init(&w->delay, on_delay);
	loop_delay_start(w->r->loop, &w->delay, AGAIN_MS);
	return true;
}
