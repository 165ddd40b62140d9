/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/jobs/job_indexes.h"

#include "base/buf.h"

void job_indexes_add(struct job_indexes *x, int32_t index)
{
	if (index >= 0 && index < x->n)
		x->has[index] = true;
}

void job_indexes_read(struct job_indexes *x, int32_t completions, struct str text, struct arena *a)
{
	struct str part;

	*x = (struct job_indexes){ ARENA_ARRAY(a, bool, (size_t)completions + 1), completions };
	while (text.n && str_next(&text, ',', &part)) {
		size_t dash = str_find(part, '-');
		int64_t from, to;

		if (!str_to_i64(str_of(part.p, dash), &from))
			continue;
		to = from;
		if (dash < part.n && !str_to_i64(str_of(part.p + dash + 1, part.n - dash - 1), &to))
			continue;
		for (int64_t i = from < 0 ? 0 : from; i <= to && i < completions; i++)
			x->has[i] = true;
	}
}

int32_t job_indexes_count(const struct job_indexes *x)
{
	int32_t n = 0;

	for (int32_t i = 0; i < x->n; i++)
		n += x->has[i];
	return n;
}

struct str job_indexes_text(const struct job_indexes *x, struct arena *a)
{
	auto_buf b = { 0 };

	for (int32_t i = 0; i < x->n; i++) {
		int32_t from = i;

		if (!x->has[i])
			continue;
		while (i + 1 < x->n && x->has[i + 1])
			i++;
		buf_printf(&b, "%s%d", b.n ? "," : "", from);
		if (i > from)
			buf_printf(&b, "%s%d", i == from + 1 ? "," : "-", i);
	}
	return b.n ? arena_str(a, buf_view(&b)) : STR("");
}
