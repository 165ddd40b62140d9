/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of which several are tried: the best failure is told, where none fits. */
#include "api/crd/check.h"

static int alternatives_run(const struct crd_rules *const *all, const struct place *at,
			    bool first_only, struct outcome *out)
{
	struct outcome best = { 0 };
	bool any = false;
	int valid = 0;
	for (size_t i = 0; all[i]; i++) {
		struct outcome one = { 0 };
		crd_rules_run(all[i], at, &one);
		bool better = !any || one.matches > best.matches;
		if (one.err.ncauses == 0)
			valid++;
		if ((one.err.ncauses == 0 && valid == 1) || (valid == 0 && better)) {
			crd_outcome_free(&best);
			best = one;
			any = true;
		} else {
			crd_outcome_free(&one);
		}
		if (valid && first_only)
			break;
	}
	crd_outcome_merge(out, &best);
	crd_outcome_free(&best);
	return valid;
}

static void any_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct outcome found = { 0 };
	auto_buf text = { 0 };
	if (!alternatives_run(r->any_of, at, true, &found)) {
		buf_printf(&text, "\"%s\" must validate at least one schema (anyOf)", at->path);
		crd_complain_nowhere(o, at, text.p);
	}
	crd_outcome_merge(o, &found);
	crd_outcome_free(&found);
}

static void one_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct outcome found = { 0 };
	auto_buf text = { 0 };
	int valid = alternatives_run(r->one_of, at, false, &found);
	if (valid != 1) {
		buf_printf(&text, "\"%s\" must validate one and only one schema (oneOf). ",
			   at->path);
		if (valid)
			buf_printf(&text, "Found %d valid alternatives", valid);
		else
			buf_puts(&text, "Found none valid");
		crd_complain_nowhere(o, at, text.p);
	}
	crd_outcome_merge(o, &found);
	crd_outcome_free(&found);
}

static void all_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	size_t n = 0, valid = 0;
	auto_buf text = { 0 };
	for (; r->all_of[n]; n++) {
		struct outcome one = { 0 };
		crd_rules_run(r->all_of[n], at, &one);
		valid += one.err.ncauses == 0;
		crd_outcome_merge(o, &one);
		crd_outcome_free(&one);
	}
	if (valid == n)
		return;
	buf_printf(&text, "\"%s\" must validate all the schemas (allOf)%s", at->path,
		   valid ? "" : ". None validated");
	crd_complain_nowhere(o, at, text.p);
}

static void not_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	struct outcome one = { 0 };
	auto_buf text = { 0 };
	crd_rules_run(r->not_of, at, &one);
	if (one.err.ncauses == 0) {
		buf_printf(&text, "\"%s\" must not validate the schema (not)", at->path);
		crd_complain_nowhere(o, at, text.p);
	}
	crd_outcome_free(&one);
}

void crd_choice_check(const struct crd_rules *r, const struct place *at, struct outcome *o)
{
	if (r->any_of)
		any_check(r, at, o);
	if (r->one_of)
		one_check(r, at, o);
	if (r->all_of)
		all_check(r, at, o);
	if (r->not_of)
		not_check(r, at, o);
	o->matches++;
}
