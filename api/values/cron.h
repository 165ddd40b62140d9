/* SPDX-License-Identifier: Apache-2.0 */
/* Cron schedules as Kubernetes reads them (robfig/cron's standard parser): five fields with lists, ranges, steps and names,
 * or @hourly, @daily, @every 5m. Times are in seconds since 1970. Pure. */
#ifndef API_VALUES_CRON_H
#define API_VALUES_CRON_H

#include "api/values/time_zone.h"
#include "base/err.h"
#include "base/str.h"

struct cron {
	uint64_t minutes;
	uint32_t hours, days, months, weekdays; /* bit sets */
	bool any_day, any_weekday; /* the field was a star: only the other one counts */
	int64_t every_s;           /* > 0: @every */
};
int cron_parse(struct str text, struct cron *out, struct err *err);
/* The first time later than that on the clock of the zone (NULL: UTC); 0: none within five years. An hour that summer time skips has
 * no times, one that comes twice has them twice. */
int64_t cron_next(const struct cron *c, const struct time_zone *zone, int64_t after_s);

#endif
