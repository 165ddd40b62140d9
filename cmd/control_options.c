/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/control_options.h"

#include <math.h>

#include "base/mem.h"

static int read_number(const char *flag, const char *text, double most, double *out,
		       struct err *err)
{
	char *end;
	double v = strtod(text, &end);
	if (!*text || *end || !isfinite(v) || v < 0 || v > most)
		return err_set(err, ERR_BAD_REQUEST,
			       "--%s: \"%s\" is not a number from 0 to %g, such as 0.1", flag, text,
			       most);
	*out = v;
	return 0;
}

static int check_count(const char *flag, int64_t n, struct err *err)
{
	if (n >= 0)
		return 0;
	return err_set(err, ERR_BAD_REQUEST, "--%s: %lld is less than 0", flag, (long long)n);
}

static int read_autoscaler(struct control_options *o, struct err *err)
{
	const struct {
		const char *flag, *text;
		int64_t least_ms, *out_ms;
	} durations[] = {
		{ "sync-period", o->sync_period, DURATION_SECOND, &o->autoscaler.sync_ms },
		{ "downscale-stabilization", o->stabilization, 0, &o->autoscaler.patience_ms },
		{ "cpu-initialization-period", o->initialization, 0,
		  &o->autoscaler.initialization_ms },
		{ "initial-readiness-delay", o->readiness_delay, 0, &o->autoscaler.first_ready_ms },
	};
	for (size_t i = 0; i < COUNT_OF(durations); i++) {
		auto_free char *flag =
			str_printf("horizontal-pod-autoscaler-%s", durations[i].flag);
		int r = flag_duration(flag, durations[i].text, durations[i].least_ms,
				      durations[i].out_ms, err);
		if (r < 0)
			return r;
	}
	return read_number("horizontal-pod-autoscaler-tolerance", o->tolerance, 1,
			   &o->autoscaler.tolerance, err);
}

#define RATE_MOST 1000

int control_options_check(struct control_options *o, struct err *err)
{
	int r;
	if ((r = flag_duration("node-monitor-grace-period", o->monitor_grace, DURATION_SECOND,
			       &o->node_health.grace_ms, err)) < 0 ||
	    (r = flag_duration("node-startup-grace-period", o->startup_grace, DURATION_SECOND,
			       &o->node_health.startup_ms, err)) < 0 ||
	    (r = flag_duration("cluster-signing-duration", o->signing, DURATION_SECOND,
			       &o->signing_ms, err)) < 0 ||
	    (r = read_number("node-eviction-rate", o->rate, RATE_MOST, &o->node_zones.rate, err)) <
		    0 ||
	    (r = read_number("secondary-node-eviction-rate", o->secondary_rate, RATE_MOST,
			     &o->node_zones.secondary_rate, err)) < 0 ||
	    (r = read_number("unhealthy-zone-threshold", o->unhealthy, 1, &o->node_zones.unhealthy,
			     err)) < 0 ||
	    (r = read_autoscaler(o, err)) < 0 ||
	    (r = check_count("large-cluster-size-threshold", o->large, err)) < 0 ||
	    (r = check_count("terminated-pod-gc-threshold", o->terminated_pods, err)) < 0)
		return r;
	o->node_zones.large = o->large;
	return 0;
}
