/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pages/log_options.h"

#include "api/validation/validation.h"
#include "api/values/time_text.h"
#include "base/clock.h"
#include "server/apiserver/options.h"

static bool flag_read(struct arena *a, struct str query, const char *name)
{
	return query_has(query, name) && option_bool(query_get(a, query, name));
}

static int number_read(struct arena *a, struct str query, const char *name, bool *has, int64_t *out,
		       struct err *err)
{
	*has = query_has(query, name);
	return *has ? option_number(query_get(a, query, name), out, err) : 0;
}

static int time_read(struct arena *a, struct str query, struct log_options *o, struct err *err)
{
	struct str text = query_get(a, query, "sinceTime");
	auto_buf why = { 0 };
	o->has_since_time = query_has(query, "sinceTime");
	if (text.n == 0 || str_eqz(text, "null"))
		return 0;
	if (!time_text_check(text, false, &why))
		return err_set(err, ERR_BAD_REQUEST, "%s", why.p);
	o->since_time = text;
	return 0;
}

static void log_options_check(const struct log_options *o, struct err *err)
{
	if (o->has_tail && o->tail_lines < 0)
		err_cause(err, "FieldValueInvalid", "tailLines",
			  "Invalid value: %lld: must be greater than or equal to 0",
			  (long long)o->tail_lines);
	if (o->has_limit && o->limit_bytes < 1)
		err_cause(err, "FieldValueInvalid", "limitBytes",
			  "Invalid value: %lld: must be greater than 0", (long long)o->limit_bytes);
	if (o->has_since && o->has_since_time)
		err_cause(
			err, "FieldValueForbidden", "[]",
			"Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified");
	else if (o->has_since && o->since_s < 1)
		err_cause(err, "FieldValueInvalid", "sinceSeconds",
			  "Invalid value: %lld: must be greater than 0", (long long)o->since_s);
	if (o->has_stream) /* of upstream's PodLogsQuerySplitStreams, which is off */
		err_cause(err, "FieldValueForbidden", "stream", "Forbidden: may not be specified");
}

int log_options_read(struct arena *a, struct str query, struct str name, struct log_options *out,
		     struct err *err)
{
	*out = (struct log_options){ .follow = flag_read(a, query, "follow"),
				     .previous = flag_read(a, query, "previous"),
				     .timestamps = flag_read(a, query, "timestamps"),
				     .has_stream = query_has(query, "stream") };
	int e = number_read(a, query, "sinceSeconds", &out->has_since, &out->since_s, err);
	if (e == 0)
		e = time_read(a, query, out, err);
	if (e == 0)
		e = number_read(a, query, "tailLines", &out->has_tail, &out->tail_lines, err);
	if (e == 0)
		e = number_read(a, query, "limitBytes", &out->has_limit, &out->limit_bytes, err);
	if (e < 0)
		return e;
	log_options_check(out, err);
	return err->ncauses ? validate_finish("PodLogOptions", "", name, err) : 0;
}

/* In whole seconds, with the offset that came. */
static void since_time_write(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (i >= 19 && (text.p[i] == '.' || text.p[i] == ','))
			while (i + 1 < text.n && text.p[i + 1] >= '0' && text.p[i + 1] <= '9')
				i++;
		else if (text.p[i] == '+')
			buf_puts(out, "%2B");
		else if (text.p[i] == ':')
			buf_puts(out, "%3A");
		else
			buf_putc(out, text.p[i]);
	}
}

struct str log_options_query(struct arena *a, const struct log_options *o)
{
	auto_buf q = { 0 };
	if (o->follow)
		buf_puts(&q, "&follow=true");
	if (o->has_limit)
		buf_printf(&q, "&limitBytes=%lld", (long long)o->limit_bytes);
	if (o->previous)
		buf_puts(&q, "&previous=true");
	if (o->has_since)
		buf_printf(&q, "&sinceSeconds=%lld", (long long)o->since_s);
	if (o->since_time.n) {
		buf_puts(&q, "&sinceTime=");
		since_time_write(o->since_time, &q);
	}
	if (o->has_tail)
		buf_printf(&q, "&tailLines=%lld", (long long)o->tail_lines);
	if (o->timestamps)
		buf_puts(&q, "&timestamps=true");
	if (q.n)
		q.p[0] = '?';
	return arena_str(a, buf_view(&q));
}
