/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/delete_options.h"

#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define ORPHAN     "orphan"
#define FOREGROUND "foregroundDeletion"
#define NS_IN_S    INT64_C(1000000000)

#define UNSAFE "ignoreStoreReadErrorWithClusterBreakingPotential"

/* An object that can't be read has nothing that other options could look at. */
static void unsafe_check(const struct request_options *o, struct err *err)
{
	const struct {
		bool set;
		const char *name;
	} others[] = {
		{ o->propagation.n, "propagationPolicy" },
		{ o->has_orphan, "orphanDependents" },
		{ o->has_grace, "gracePeriodSeconds" },
		{ o->pre_uid.n || o->pre_version.n, "preconditions" },
	};
	for (size_t i = 0; o->unsafe && i < COUNT_OF(others); i++)
		if (others[i].set)
			err_cause(err, "FieldValueInvalid", UNSAFE,
				  "Invalid value: true: cannot be set together with .%s",
				  others[i].name);
}

static void propagation_check(const struct request_options *o, struct err *err)
{
	struct str p = o->propagation;
	if (p.n && o->has_orphan)
		err_cause(
			err, "FieldValueInvalid", "propagationPolicy",
			"Invalid value: \"%.*s\": orphanDependents and deletionPropagation cannot "
			"be both set",
			STR_ARG(p));
	if (p.n && !str_eqz(p, "Orphan") && !str_eqz(p, "Background") && !str_eqz(p, "Foreground"))
		err_cause(err, "FieldValueNotSupported", "propagationPolicy",
			  "Unsupported value: \"%.*s\": supported values: \"Foreground\", "
			  "\"Background\", \"Orphan\", \"nil\"",
			  STR_ARG(p));
}

/* Only "All" is known, and the whole list is shown. */
static void dry_run_check(const json_t *list, struct err *err)
{
	auto_buf all = { 0 };
	bool known = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct str one = tree_str(json_array_get(list, i));
		buf_puts(&all, i ? "," : "");
		buf_json_string(&all, one);
		known = known && str_eqz(one, "All");
	}
	if (!known)
		err_cause(err, "FieldValueNotSupported", "dryRun",
			  "Unsupported value: [%s]: supported values: \"All\"", all.p);
}

int delete_options_read(struct arena *a, const json_t *body, struct request_options *o,
			struct err *err)
{
	const json_t *grace = json_object_get(body, "gracePeriodSeconds"),
		     *orphan = json_object_get(body, "orphanDependents");
	const json_t *dry = json_object_get(body, "dryRun");
	struct str propagation = tree_get_str(body, "propagationPolicy", NULL);
	if (body) { /* a body replaces the query, as upstream has it */
		o->has_grace = json_is_integer(grace);
		o->grace_s = json_integer_value(grace);
		o->has_orphan = json_is_boolean(orphan);
		o->orphan = json_is_true(orphan);
		o->propagation = arena_str(a, propagation);
		o->dry_run = false;
		o->pre_uid = arena_str(a, tree_get_str(body, "preconditions", "uid", NULL));
		o->unsafe = json_is_true(json_object_get(body, UNSAFE));
	}
	for (size_t i = 0; i < json_array_size(dry); i++)
		o->dry_run = o->dry_run || str_eqz(tree_str(json_array_get(dry, i)), "All");
	o->pre_version =
		body ? arena_str(a, tree_get_str(body, "preconditions", "resourceVersion", NULL))
		     : o->resource_version; /* upstream's query has one name for both */
	auto_err unasked = { 0 };
	err = err ? err : &unasked;
	propagation_check(o, err);
	dry_run_check(dry, err);
	unsafe_check(o, err);
	return err->ncauses ? validate_finish("DeleteOptions", "meta.k8s.io", STR(""), err) : 0;
}

static bool wants(const json_t *tree, const struct request_options *o, const char *policy,
		  const char *finalizer, bool orphans)
{
	if (o->has_orphan)
		return !strcmp(policy, "Orphan") && o->orphan;
	if (o->propagation.n)
		return str_eqz(o->propagation, policy);
	if (orphans && !strcmp(policy, "Orphan") && !meta_has_finalizer(tree, STR(FOREGROUND)))
		return true;
	return meta_has_finalizer(tree, str_from(finalizer));
}

static void finalizer_add(json_t *tree, const char *finalizer)
{
	json_t *list = meta_finalizers(tree);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(meta_make(tree), "finalizers", list);
	}
	json_array_append_new(list, json_string(finalizer));
}

/* Puts the garbage collector's two finalizers as the options say; whether that changed anything. */
static bool finalizers_set(json_t *tree, const struct request_options *o, bool orphans)
{
	static const struct {
		const char *policy, *finalizer;
	} rows[] = { { "Orphan", ORPHAN }, { "Foreground", FOREGROUND } };
	bool changed = false;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bool has = meta_has_finalizer(tree, str_from(rows[i].finalizer));
		bool wanted = wants(tree, o, rows[i].policy, rows[i].finalizer, orphans);
		if (wanted && !has)
			finalizer_add(tree, rows[i].finalizer);
		else if (!wanted && has)
			meta_remove_finalizer(tree, str_from(rows[i].finalizer));
		changed = changed || has != wanted;
	}
	return changed;
}

/* Counted in nanoseconds, which wrap around, as upstream's are. */
static int64_t later(int64_t from_s, int64_t by_s)
{
	return from_s + (int64_t)((uint64_t)by_s * NS_IN_S) / NS_IN_S;
}

static void mark(json_t *tree, int64_t when_s, int64_t grace_s, bool first)
{
	char text[TIME_TEXT_MAX];
	time_format(when_s, text);
	meta_set_text(tree, "deletionTimestamp", str_from(text));
	meta_set_int(tree, "deletionGracePeriodSeconds", grace_s);
	if (first && meta_generation(tree) > 0)
		meta_set_int(tree, "generation", meta_generation(tree) + 1);
}

static int64_t pod_grace(const json_t *pod, const struct request_options *o)
{
	int64_t grace =
		o->has_grace
			? o->grace_s
			: tree_int(tree_get(pod, "spec", "terminationGracePeriodSeconds", NULL), 0);
	struct str phase = tree_get_str(pod, "status", "phase", NULL);
	if (tree_get_str(pod, "spec", "nodeName", NULL).n == 0 || str_eqz(phase, "Failed") ||
	    str_eqz(phase, "Succeeded"))
		grace = 0;
	return grace < 0 ? 1 : grace;
}

/* A second delete may only shorten the time. */
static enum delete_plan plan_again(json_t *tree, const struct request_options *o, bool held)
{
	int64_t old = 0, at_us = 0;
	if (!meta_grace(tree, &old))
		return held ? DELETE_PENDING : DELETE_NOW;
	if (!o->has_grace || o->grace_s >= old)
		return held || old > 0 ? DELETE_PENDING : DELETE_NOW;
	int64_t grace = o->grace_s < 0 ? 1 : o->grace_s;
	if (time_parse(meta_deletion(tree), &at_us))
		mark(tree, later(later(at_us / 1000000, -old), grace), grace, false);
	if (grace == 0 && !held)
		return DELETE_NOW;
	return DELETE_MARK;
}

enum delete_plan delete_plan_make(json_t *tree, const struct request_options *o,
				  const struct delete_facts *f)
{
	bool deleting = meta_deletion(tree).n > 0;
	if (deleting && f->pod)
		return plan_again(tree, o, json_array_size(meta_finalizers(tree)) > 0);
	bool changed = finalizers_set(tree, o, f->orphans);
	bool held = json_array_size(meta_finalizers(tree)) > 0;
	int64_t grace = f->pod ? pod_grace(tree, o) : 0;
	if (!held && grace == 0) {
		if (f->pod)
			mark(tree, f->now_s, 0, true);
		return DELETE_NOW;
	}
	if (deleting)
		return changed ? DELETE_MARK : DELETE_PENDING;
	mark(tree, later(f->now_s, grace), grace, true);
	return DELETE_MARK;
}
