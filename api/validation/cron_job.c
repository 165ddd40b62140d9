/* SPDX-License-Identifier: Apache-2.0 */
/* Cron jobs: a schedule in somebody's time zone, and the job that it makes. */
#include <ctype.h>

#include "api/object/meta.h"
#include "api/validation/job_parts.h"
#include "api/validation/kinds.h"
#include "api/values/cron.h"
#include "api/values/time_zone.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* One of the five parts: numbers, names, ranges, steps, lists. */
static bool valid_part(struct str part)
{
	for (size_t i = 0; i < part.n; i++) {
		char ch = part.p[i];
		bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'),
		     digit = ch >= '0' && ch <= '9';
		if (!letter && !digit && !strchr("*?,-/", ch))
			return false;
	}
	return part.n > 0;
}

static bool in_range(struct str number, int lo, int hi)
{
	int64_t v;
	return !str_to_i64(number, &v) || (v >= lo && v <= hi);
}

static bool numbers_in_range(struct str part, int lo, int hi)
{
	struct str list = part, item;
	while (str_next(&list, ',', &item)) {
		size_t slash = str_find(item, '/');
		struct str range = str_of(item.p, slash), bound;
		while (str_next(&range, '-', &bound))
			if (bound.n == 0 || !in_range(bound, lo, hi))
				return false;
	}
	return true;
}

static void check_schedule(struct check *c, const json_t *spec)
{
	static const char *const names[] = { "@yearly", "@annually", "@monthly", "@weekly",
					     "@daily",  "@midnight", "@hourly",  NULL };
	static const int limits[5][2] = { { 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 0, 6 } };
	struct str text = field(spec, "schedule"), rest = str_trim(text), part;
	size_t n = 0;
	bool valid = true;
	struct cron parsed;
	auto_err broken = { 0 };
	if (text.n == 0) {
		CHECK_DECLARED(c, check_required(c, "schedule", "%s", ""));
		return;
	}
	if (str_starts(text, STR("TZ=")) || str_starts(text, STR("CRON_TZ="))) {
		check_invalid_text(
			c, "schedule", text,
			"cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
		return;
	}
	if (str_in(text, names) || str_starts(text, STR("@every ")))
		return;
	while (str_next(&rest, ' ', &part)) {
		if (part.n == 0)
			continue;
		valid = valid && n < 5 && valid_part(part) &&
			numbers_in_range(part, limits[n][0], limits[n][1]);
		n++;
	}
	if (n != 5)
		check_invalid_text(c, "schedule", text,
				   "expected exactly 5 fields, found %zu: [%.*s]", n,
				   STR_ARG(text));
	else if (!valid)
		check_invalid_text(c, "schedule", text, "failed to parse schedule: %.*s",
				   STR_ARG(text));
	else if (cron_parse(text, &parsed, &broken) < 0)
		check_invalid_text(c, "schedule", text, "%s", broken.text);
}

static bool zone_letters(struct str part)
{
	for (size_t i = 0; i < part.n; i++)
		if (!isalnum((unsigned char)part.p[i]) && !strchr(".-_+", part.p[i]))
			return false;
	return true;
}

static void check_time_zone(struct check *c, const json_t *spec)
{
	const json_t *zone = json_object_get(spec, "timeZone");
	struct str text = tree_str(zone), rest = text, part;
	if (!zone)
		return;
	if (text.n == 0)
		check_invalid(c, "timeZone", zone, "timeZone must be nil or non-empty string");
	while (text.n && str_next(&rest, '/', &part))
		if (part.n == 0 || part.n > 14 || !zone_letters(part) || part.p[0] == '-' ||
		    str_eqz(part, ".") || str_eqz(part, "..")) {
			check_invalid(c, "timeZone", zone, "unknown time zone %.*s", STR_ARG(text));
			return;
		}
	if (str_ieq(text, STR("Local")))
		check_invalid(c, "timeZone", zone,
			      "timeZone must be an explicit time zone as defined in "
			      "https://www.iana.org/time-zones");
	if (text.n && !time_zone_exists(text))
		check_invalid(c, "timeZone", zone, "unknown time zone %.*s", STR_ARG(text));
}

/* The zone of an update is looked at when it changed. */
static void check_cron_spec(struct check *c, const json_t *spec, const json_t *old)
{
	static const char *const policies[] = { "Allow", "Forbid", "Replace", NULL };
	const json_t *job = tree_get(spec, "jobTemplate", "spec", NULL);
	static const char *const manual[] = { "nil", "false", NULL };
	check_schedule(c, spec);
	check_non_negative(c, spec, "startingDeadlineSeconds");
	if (!old ||
	    !shape_equal(json_object_get(old, "timeZone"), json_object_get(spec, "timeZone")))
		check_time_zone(c, spec);
	check_one_of(c, spec, "concurrencyPolicy", policies, true);
	size_t was = check_in(c, "jobTemplate.spec");
	check_job_spec(c, job);
	if (json_object_get(job, "selector"))
		check_invalid(c, "selector", json_object_get(job, "selector"),
			      "`selector` will be auto-generated");
	if (json_is_true(json_object_get(job, "manualSelector")))
		check_unsupported(c, "manualSelector", json_object_get(job, "manualSelector"),
				  manual);
	check_out(c, was);
	check_non_negative(c, spec, "successfulJobsHistoryLimit");
	check_non_negative(c, spec, "failedJobsHistoryLimit");
}

void validate_cron_job(struct check *c, const json_t *object)
{
	size_t was = check_in(c, "spec");
	check_cron_spec(c, json_object_get(object, "spec"), NULL);
	check_out(c, was);
	if (meta_name(object).n > 52)
		check_invalid_text(c, "metadata.name", meta_name(object),
				   "must be no more than 52 characters");
}

void validate_cron_job_update(struct check *c, const json_t *new, const json_t *old)
{
	size_t was = check_in(c, "spec");
	check_cron_spec(c, json_object_get(new, "spec"), json_object_get(old, "spec"));
	check_out(c, was);
}
