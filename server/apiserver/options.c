/* SPDX-License-Identifier: Apache-2.0 */
/* Options are a table of parameter names, each with the parser of its value. */
#include "server/apiserver/options.h"

#include "api/apply/managed_fields.h"
#include "api/type.h"
#include "api/values/duration.h"
#include "api/values/go_format.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/url.h"

/* upstream's Convert_Slice_string_To_bool: everything but "false" and "0" is true */
bool option_bool(struct str v)
{
	return !str_ieq(v, STR("false")) && !str_eqz(v, "0");
}

int option_number(struct str v, int64_t *out, struct err *err)
{
	if (str_to_i64(v, out))
		return 0;
	size_t digits = v.n && (v.p[0] == '-' || v.p[0] == '+') ? 1 : 0;
	bool number = digits < v.n;
	for (; digits < v.n; digits++)
		number = number && v.p[digits] >= '0' && v.p[digits] <= '9';
	return err_set(err, ERR_BAD_REQUEST, "strconv.ParseInt: parsing \"%.*s\": %s", STR_ARG(v),
		       number ? "value out of range" : "invalid syntax");
}

enum option_id {
	O_LABELS,
	O_FIELDS,
	O_WATCH,
	O_BOOKMARKS,
	O_INITIAL,
	O_VERSION,
	O_MATCH,
	O_CONTINUE,
	O_LIMIT,
	O_TIMEOUT,
	O_DRY_RUN,
	O_MANAGER,
	O_VALIDATION,
	O_FORCE,
	O_GRACE,
	O_PROPAGATION,
	O_ORPHAN,
	O_UID,
	O_PRETTY,
	O_DEADLINE,
	O_UNSAFE,
};
static const struct {
	const char *name;
	enum option_id id;
} names[] = {
	{ "labelSelector", O_LABELS },
	{ "fieldSelector", O_FIELDS },
	{ "watch", O_WATCH },
	{ "allowWatchBookmarks", O_BOOKMARKS },
	{ "sendInitialEvents", O_INITIAL },
	{ "resourceVersion", O_VERSION },
	{ "resourceVersionMatch", O_MATCH },
	{ "continue", O_CONTINUE },
	{ "limit", O_LIMIT },
	{ "timeoutSeconds", O_TIMEOUT },
	{ "dryRun", O_DRY_RUN },
	{ "fieldManager", O_MANAGER },
	{ "fieldValidation", O_VALIDATION },
	{ "force", O_FORCE },
	{ "gracePeriodSeconds", O_GRACE },
	{ "propagationPolicy", O_PROPAGATION },
	{ "orphanDependents", O_ORPHAN },
	{ "uid", O_UID },
	{ "pretty", O_PRETTY },
	{ "timeout", O_DEADLINE },
	{ "ignoreStoreReadErrorWithClusterBreakingPotential", O_UNSAFE },
};

/* dryRun may come several times; only "All" is known, and all are shown. */
static int dry_run_of(struct arena *a, struct str query, struct request_options *o, struct err *err)
{
	auto_buf all = { 0 };
	struct str key, raw, value;
	bool known = true;
	while (query_next(&query, &key, &raw)) {
		if (!str_eqz(key, "dryRun") || !percent_decode(a, raw, true, &value))
			continue;
		buf_puts(&all, all.n ? "," : "");
		buf_json_string(&all, value);
		known = known && str_eqz(value, "All");
	}
	o->dry_run = known;
	if (known)
		return 0;
	err_cause(err, "FieldValueNotSupported", "dryRun",
		  "Unsupported value: [%s]: supported values: \"All\"", all.p);
	return err_set(err, ERR_INVALID, "dryRun: Unsupported value");
}

/* Nobody waits longer for us than that; what is no length of time is refused. */
static int deadline_of(struct str v, struct err *err)
{
	int64_t ns;
	if (v.n == 0 || duration_parse(v, &ns))
		return 0;
	bool digits = true;
	for (size_t i = 0; i < v.n; i++)
		digits = digits && v.p[i] >= '0' && v.p[i] <= '9';
	return err_set(err, ERR_BAD_REQUEST,
		       "invalid timeout specified in the request URL - time: %s duration "
		       "\"%.*s\"",
		       digits ? "missing unit in" : "invalid", STR_ARG(v));
}

static int unsupported_validation(struct str v, struct err *err)
{
	err_cause(err, "FieldValueNotSupported", "fieldValidation",
		  "Unsupported value: \"%.*s\": supported values: \"\", \"Ignore\", \"Strict\", "
		  "\"Warn\"",
		  STR_ARG(v));
	return err_set(err, ERR_INVALID, "fieldValidation: Unsupported value");
}

static int validation_of(struct str v, struct request_options *o, struct err *err)
{
	if (v.n == 0 || str_eqz(v, "Warn"))
		o->field_validation = VALIDATE_WARN;
	else if (str_eqz(v, "Ignore"))
		o->field_validation = VALIDATE_IGNORE;
	else if (str_eqz(v, "Strict"))
		o->field_validation = VALIDATE_STRICT;
	else
		return unsupported_validation(v, err);
	return 0;
}

/* A name of at most 128 bytes that can be printed. */
static int manager_of(struct str v, struct request_options *o, struct err *err)
{
	auto_buf quoted = { 0 };
	o->field_manager = v;
	if (v.n > MANAGED_NAME_MAX) {
		err_cause(err, "FieldValueTooLong", "fieldManager",
			  "Too long: may not be more than %d bytes", MANAGED_NAME_MAX);
		return err_set(err, ERR_INVALID, "fieldManager: Too long");
	}
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		if (c >= 0x20 && c != 0x7f)
			continue;
		text_format_go(v, &quoted);
		err_cause(err, "FieldValueInvalid", "fieldManager",
			  "Invalid value: %s: invalid character U+%04X (at position %zu)", quoted.p,
			  c, i);
		return err_set(err, ERR_INVALID, "fieldManager: Invalid value");
	}
	return 0;
}

static int option_set(struct request_options *o, enum option_id id, struct str v, struct err *err)
{
	int64_t number = 0;
	int r = 0;
	switch (id) {
	case O_LABELS: o->label_selector = v; break;
	case O_FIELDS: o->field_selector = v; break;
	case O_WATCH: o->watch = option_bool(v); break;
	case O_BOOKMARKS: o->allow_bookmarks = option_bool(v); break;
	case O_INITIAL:
		o->send_initial_events = option_bool(v);
		o->has_send_initial_events = true;
		break;
	case O_VERSION: o->resource_version = v; break;
	case O_MATCH: o->resource_version_match = v; break;
	case O_CONTINUE: o->continue_token = v; break;
	case O_LIMIT: r = option_number(v, &o->limit, err); break;
	case O_TIMEOUT: r = option_number(v, &o->timeout_s, err); break;
	case O_DRY_RUN: break; /* all of them together, in options_parse() */
	case O_MANAGER: r = manager_of(v, o, err); break;
	case O_VALIDATION: r = validation_of(v, o, err); break;
	case O_FORCE:
		o->force = option_bool(v);
		o->has_force = true;
		break;
	case O_GRACE:
		r = option_number(v, &number, err);
		o->grace_s = number;
		o->has_grace = true;
		break;
	case O_PROPAGATION: o->propagation = v; break;
	case O_ORPHAN:
		o->orphan = option_bool(v);
		o->has_orphan = true;
		break;
	case O_UID: o->pre_uid = v; break;
	case O_PRETTY: o->pretty = v; break;
	case O_DEADLINE: r = deadline_of(v, err); break;
	case O_UNSAFE: o->unsafe = option_bool(v); break;
	}
	return r;
}

/* Only what the verb's own options know can be wrong. */
static uint32_t concerned(enum option_id id)
{
	if (id == O_LIMIT || id == O_TIMEOUT)
		return API_LIST_VERB | API_WATCH | API_DELETE_COLLECTION;
	return id == O_GRACE ? API_DELETE | API_DELETE_COLLECTION : UINT32_MAX;
}

int options_parse(struct arena *a, struct str query, struct request_options *out, struct err *err)
{
	uint32_t seen = 0;
	struct str key, raw, value, all = query;
	int e = 0;
	while (query_next(&query, &key, &raw)) {
		if (memchr(raw.p ? raw.p : "", ';',
			   raw.n)) /* no separator any more, as Go has it */
			continue;
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			if (!str_eqz(key, names[i].name) || seen & 1u << names[i].id)
				continue;
			seen |= 1u << names[i].id;
			if (!percent_decode(a, raw, true, &value))
				return err_set(err, ERR_BAD_REQUEST, "invalid URL escape \"%.*s\"",
					       STR_ARG(raw));
			auto_err why = { 0 };
			int r = option_set(out, names[i].id, value, &why);
			if (r == 0 && names[i].id == O_DRY_RUN)
				r = dry_run_of(a, all, out, &why);
			if (r < 0 && e == 0) {
				out->refused_for = concerned(names[i].id);
				err_move(err, &why);
				e = r;
			}
		}
	}
	return e;
}
