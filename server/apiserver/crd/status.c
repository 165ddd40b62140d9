/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/crd/status.h"

#include "api/object/meta.h"
#include "api/validation/crd_approval.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

/* ---- conditions ---- */

static json_t *status_of(json_t *crd)
{
	json_t *status = json_object_get(crd, "status");
	if (json_is_object(status))
		return status;
	status = json_object();
	json_object_set_new(crd, "status", status);
	return status;
}

static json_t *condition_find(const json_t *crd, const char *type)
{
	const json_t *list = tree_get(crd, "status", "conditions", NULL);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eqz(tree_str(json_object_get(json_array_get(list, i), "type")), type))
			return json_array_get(list, i);
	return NULL;
}

bool crd_condition_true(const json_t *crd, const char *type)
{
	return str_eqz(tree_str(json_object_get(condition_find(crd, type), "status")), "True");
}

static bool same(const json_t *c, const char *field, const char *value)
{
	return str_eqz(tree_str(json_object_get(c, field)), value);
}

bool crd_condition_set(json_t *crd, const struct crd_condition *c, int64_t now_s)
{
	json_t *status = status_of(crd), *list = json_object_get(status, "conditions");
	json_t *old = condition_find(crd, c->type);
	char now[TIME_TEXT_MAX];
	if (old && same(old, "status", c->status) && same(old, "reason", c->reason) &&
	    same(old, "message", c->message))
		return false;
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(status, "conditions", list);
	}
	if (!old) {
		old = json_object();
		json_array_append_new(list, old);
		json_object_set_new(old, "type", json_string(c->type));
	}
	time_format(now_s, now);
	if (!same(old, "status", c->status))
		json_object_set_new(old, "lastTransitionTime", json_string(now));
	json_object_set_new(old, "status", json_string(c->status));
	json_object_set_new(old, "reason", json_string(c->reason));
	json_object_set_new(old, "message", json_string(c->message));
	return true;
}

/* ---- names ---- */

static void take(struct map *m, const json_t *name)
{
	struct str text = tree_str(name);
	if (text.n)
		map_put(m, text, m);
}

void crd_names_take(struct crd_names_taken *t, const json_t *names)
{
	const json_t *shorts = json_object_get(names, "shortNames");
	take(&t->resources, json_object_get(names, "plural"));
	take(&t->resources, json_object_get(names, "singular"));
	for (size_t i = 0; i < json_array_size(shorts); i++)
		take(&t->resources, json_array_get(shorts, i));
	take(&t->kinds, json_object_get(names, "kind"));
	take(&t->kinds, json_object_get(names, "listKind"));
}

void crd_names_free(struct crd_names_taken *t)
{
	map_free(&t->resources, NULL);
	map_free(&t->kinds, NULL);
}

struct decision {
	const json_t *wanted;
	json_t *accepted; /* changed as names are accepted */
	const struct crd_names_taken *taken;
	const char *reason; /* of the last conflict, or NULL */
	struct buf message;
};

static void conflict(struct decision *d, const char *reason, struct str name)
{
	d->reason = reason;
	buf_reset(&d->message);
	buf_json_string(&d->message, name);
	buf_puts(&d->message, " is already in use");
}

static void decide_one(struct decision *d, const char *field, const struct map *taken,
		       const char *reason)
{
	json_t *wanted = json_object_get(d->wanted, field);
	struct str name = tree_str(wanted);
	if (!str_eq(name, tree_str(json_object_get(d->accepted, field))) && map_get(taken, name))
		conflict(d, reason, name);
	else if (wanted)
		json_object_set(d->accepted, field, wanted);
}

static bool is_ours(const json_t *list, struct str name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eq(tree_str(json_array_get(list, i)), name))
			return true;
	return false;
}

static void decide_short_names(struct decision *d)
{
	json_t *wanted = json_object_get(d->wanted, "shortNames"),
	       *ours = json_object_get(d->accepted, "shortNames");
	auto_buf all = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(wanted); i++) {
		struct str name = tree_str(json_array_get(wanted, i));
		if (is_ours(ours, name) || !map_get(&d->taken->resources, name))
			continue;
		buf_puts(&all, n++ ? ", " : "");
		buf_json_string(&all, name);
		buf_puts(&all, " is already in use");
	}
	if (n) {
		d->reason = "ShortNamesConflict";
		buf_reset(&d->message);
		buf_printf(&d->message, n > 1 ? "[%s]" : "%s", all.p);
	} else if (wanted) {
		json_object_set(d->accepted, "shortNames", wanted);
	} else {
		json_object_del(d->accepted, "shortNames");
	}
}

static void names_run(struct decision *d)
{
	decide_one(d, "plural", &d->taken->resources, "PluralConflict");
	decide_one(d, "singular", &d->taken->resources, "SingularConflict");
	decide_short_names(d);
	decide_one(d, "kind", &d->taken->kinds, "KindConflict");
	decide_one(d, "listKind", &d->taken->kinds, "ListKindConflict");
	json_t *categories = json_object_get(d->wanted, "categories");
	if (categories)
		json_object_set(d->accepted, "categories", categories);
	else
		json_object_del(d->accepted, "categories");
}

static bool conditions_decide(json_t *crd, const struct decision *d, int64_t now_s)
{
	const struct crd_condition accepted =
		d->reason ? (struct crd_condition){ "NamesAccepted", "False", d->reason,
						    d->message.p }
			  : (struct crd_condition){ "NamesAccepted", "True", "NoConflicts",
						    "no conflicts found" };
	const struct crd_condition waiting = { "Established", "False", "NotAccepted",
					       "not all names are accepted" };
	const struct crd_condition ready = { "Established", "True", "InitialNamesAccepted",
					     "the initial names have been accepted" };
	bool changed = crd_condition_set(crd, &accepted, now_s);
	if (crd_condition_true(crd, "Established"))
		return changed;
	return crd_condition_set(crd, d->reason ? &waiting : &ready, now_s) || changed;
}

bool crd_names_decide(json_t *crd, const struct crd_names_taken *taken, int64_t now_s)
{
	json_t *status = status_of(crd), *old = json_object_get(status, "acceptedNames");
	struct decision d = { .wanted = tree_get(crd, "spec", "names", NULL),
			      .accepted = old ? tree_copy(old) : json_object(),
			      .taken = taken };
	names_run(&d);
	bool changed = !old || !json_equal(old, d.accepted);
	json_object_set_new(status, "acceptedNames", d.accepted);
	changed |= conditions_decide(crd, &d, now_s);
	buf_free(&d.message);
	return changed;
}

bool crd_approval_decide(json_t *crd, int64_t now_s)
{
	static const struct {
		const char *status, *reason;
	} words[] = {
		[CRD_APPROVAL_INVALID] = { "False", "InvalidAnnotation" },
		[CRD_APPROVAL_MISSING] = { "False", "MissingAnnotation" },
		[CRD_APPROVED] = { "True", "ApprovedAnnotation" },
		[CRD_APPROVAL_BYPASSED] = { "False", "UnapprovedAnnotation" },
	};
	auto_buf why = { 0 };
	if (!crd_group_protected(tree_get_str(crd, "spec", "group", NULL)))
		return false;
	enum crd_approval state = crd_approval_of(crd, &why);
	const struct crd_condition c = { "KubernetesAPIApprovalPolicyConformant",
					 words[state].status, words[state].reason,
					 why.p ? why.p : "" };
	return crd_condition_set(crd, &c, now_s);
}

/* ---- deletion ---- */

void crd_deletion_begin(json_t *crd, int64_t now_s)
{
	const struct crd_condition c = {
		"Terminating", "True", "InstanceDeletionPending",
		"CustomResourceDefinition marked for deletion; CustomResource deletion will "
		"begin soon"
	};
	if (meta_deletion(crd).n)
		return;
	if (!meta_has_finalizer(crd, STR(CRD_FINALIZER))) {
		json_t *list = meta_finalizers(crd);
		if (!list) {
			list = json_array();
			json_object_set_new(meta_make(crd), "finalizers", list);
		}
		json_array_append_new(list, json_string(CRD_FINALIZER));
	}
	crd_condition_set(crd, &c, now_s);
}
