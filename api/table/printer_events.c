/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of events. Both groups' versions have the core fields or the new ones' names for them. */
#include "api/table/printer_cells.h"

static struct at either(struct at root, const char *name, const char *other)
{
	struct at a = at_get(root, name);
	return a.v ? a : at_get(root, other);
}

static struct at first_time(struct cell *c)
{
	struct at first = either(c->root, "firstTimestamp", "deprecatedFirstTimestamp");
	return at_empty(first) ? at_get(c->root, "eventTime") : first;
}

void cell_events_first_seen(struct cell *c)
{
	cell_age_of(c, first_time(c), "<unknown>");
}

void cell_events_last_seen(struct cell *c)
{
	struct at last = at_path(c->root, "series.lastObservedTime");
	if (at_empty(last))
		last = either(c->root, "lastTimestamp", "deprecatedLastTimestamp");
	cell_age_of(c, at_empty(last) ? first_time(c) : last, "<unknown>");
}

void cell_events_object(struct cell *c)
{
	struct at object = either(c->root, "involvedObject", "regarding");
	at_text(at_get(object, "kind"), &c->text);
	for (size_t i = 0; i < c->text.n; i++)
		if (c->text.p[i] >= 'A' && c->text.p[i] <= 'Z')
			c->text.p[i] = (char)(c->text.p[i] + 32);
	if (at_empty(at_get(object, "name")))
		return;
	cell_puts(c, "/");
	at_text(at_get(object, "name"), &c->text);
}

void cell_events_source(struct cell *c)
{
	struct at source = either(c->root, "source", "deprecatedSource");
	struct at component = at_get(source, "component"), host = at_get(source, "host");
	bool old = !at_empty(component);
	if (!old) {
		component = either(c->root, "reportingComponent", "reportingController");
		host = at_get(c->root, "reportingInstance");
	}
	at_text(component, &c->text);
	if (at_empty(host))
		return;
	cell_puts(c, ", ");
	at_text(host, &c->text);
}

void cell_events_message(struct cell *c)
{
	auto_buf text = { 0 };
	at_text(either(c->root, "message", "note"), &text);
	buf_str(&c->text, str_trim(buf_view(&text)));
}

void cell_events_count(struct cell *c)
{
	int64_t n = at_int(at_path(c->root, "series.count"), 0);
	if (n == 0)
		n = at_int(either(c->root, "count", "deprecatedCount"), 0);
	cell_int(c, n ? n : 1);
}
