/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/pressure_rules.h"

#include "api/values/duration.h"

static int parse_duration(struct str text, int64_t *out_us, struct err *err)
{
	int64_t ns;
	if (!duration_parse(text, &ns))
		return err_set(err, ERR_INVALID, "\"%.*s\" is no duration", STR_ARG(text));
	if (ns < 0)
		return err_set(err, ERR_INVALID, "\"%.*s\" must not be negative", STR_ARG(text));
	*out_us = ns / 1000;
	return 0;
}

static int parse_graces(struct str list, struct pressure_rules *r, bool given[PRESSURE_SIGNALS],
			struct err *err)
{
	struct str value, name;
	enum pressure_signal s;
	while (list.n && str_next(&list, ',', &value)) {
		value = str_trim(value);
		str_next(&value, '=', &name);
		if (!pressure_signal_find(name, &s))
			return err_set(err, ERR_INVALID, "no such signal: %.*s", STR_ARG(name));
		int rc = parse_duration(value, &r->soft_grace_us[s], err);
		if (rc < 0)
			return rc;
		given[s] = true;
	}
	return 0;
}

static struct str text_or(const char *text, const char *fallback)
{
	return str_from(text ? text : fallback);
}

int pressure_rules_parse(const struct pressure_options *o, struct pressure_rules *out,
			 struct err *err)
{
	struct pressure_rules r = { .max_pod_grace_us = o->max_pod_grace_s * 1000000 };
	bool given[PRESSURE_SIGNALS] = { false };
	int rc = pressure_parse(text_or(o->hard, PRESSURE_DEFAULTS), &r.hard, err);
	if (rc < 0)
		return err_wrap(err, rc, "--eviction-hard");
	if ((rc = pressure_parse(text_or(o->soft, ""), &r.soft, err)) < 0)
		return err_wrap(err, rc, "--eviction-soft");
	if ((rc = parse_graces(text_or(o->soft_grace, ""), &r, given, err)) < 0)
		return err_wrap(err, rc, "--eviction-soft-grace-period");
	rc = parse_duration(text_or(o->transition, PRESSURE_TRANSITION), &r.transition_us, err);
	if (rc < 0)
		return err_wrap(err, rc, "--eviction-pressure-transition-period");
	for (enum pressure_signal s = 0; s < PRESSURE_SIGNALS; s++)
		if ((r.soft.of[s].amount || r.soft.of[s].percent > 0) && !given[s])
			return err_set(err, ERR_INVALID,
				       "--eviction-soft: grace period must be specified for the "
				       "soft eviction threshold %s",
				       pressure_signal_name(s));
	*out = r;
	return 0;
}

unsigned pressure_soft_due(const struct pressure_rules *r, unsigned met, int64_t now_us,
			   int64_t since_us[PRESSURE_SIGNALS])
{
	unsigned due = 0;
	for (size_t s = 0; s < PRESSURE_SIGNALS; s++) {
		if (!(met & 1u << s)) {
			since_us[s] = 0;
			continue;
		}
		if (!since_us[s])
			since_us[s] = now_us;
		if (now_us - since_us[s] >= r->soft_grace_us[s])
			due |= 1u << s;
	}
	return due;
}
