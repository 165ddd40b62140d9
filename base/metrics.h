/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus metrics of the process. Created once, never freed; adding is lock-free and from any thread.
 * A family with labels holds one series per combination of label values, at most METRIC_SERIES_MAX. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

#define METRIC_SERIES_MAX 1000
enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
struct metric_family;
struct metric;

/* Same name again gives the same family. `labels`: NULL-terminated names, or NULL. `buckets`: ascending, for histograms. */
struct metric_family *metric_family(enum metric_type type, const char *name, const char *help,
				    const char *const *labels, const double *buckets,
				    size_t nbuckets);
struct metric *metric_with(struct metric_family *f,
			   const char *const *values); /* cached by the caller on hot paths */
void metric_add(struct metric *m, double v);           /* counter, gauge */
void metric_set(struct metric *m, double v);           /* gauge */
void metric_observe(struct metric *m, double v);       /* histogram */
/* Called before each rendering, to set gauges. */
void metrics_on_collect(void (*fn)(void *ctx), void *ctx);
void metrics_render(struct buf *out); /* text format 0.0.4 */

#endif
