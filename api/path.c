/* SPDX-License-Identifier: Apache-2.0 */
#include "api/path.h"

static void add(struct buf *out, const struct path *p, bool indices)
{
	if (!p)
		return;
	add(out, p->up, indices);
	if (p->is_index && indices)
		buf_printf(out, "[%zu]", p->index);
	if (p->is_index || (p->is_key && !indices))
		return;
	if (out->n)
		buf_putc(out, '.');
	if (p->embedded && !indices)
		buf_printf(out, "%.*s.", (int)p->embedded_n, p->embedded);
	buf_str(out, p->name);
}

char *path_text(const struct path *p)
{
	struct buf out = { 0 };
	add(&out, p, true);
	return buf_take(&out);
}

char *path_fields(const struct path *p)
{
	struct buf out = { 0 };
	add(&out, p, false);
	return buf_take(&out);
}
