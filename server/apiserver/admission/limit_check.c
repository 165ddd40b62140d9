/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "server/apiserver/admission/admission.h"
#include "server/apiserver/admission/amount_map.h"
#include "server/apiserver/admission/limit_ranges.h"

#define MILLI_MAX ((int64_t)9223372036854775) /* what MilliValue() can say */

static void __attribute__((format(printf, 2, 3)))
complain(struct limit_check *c, const char *fmt, ...)
{
	auto_buf line = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	if (map_put(&c->seen, buf_view(&line), c))
		return;
	buf_printf(&c->text, "%s%s", c->n++ ? ", " : "", line.p);
}

/* One resource: what is asked for beside its bound. Values are compared in thousandths unless one is too large for that. */
struct bound {
	const char *name, *type;
	const json_t *requests, *limits;
	struct quantity edge, request, limit;
	bool has_request, has_limit;
	char edge_text[QUANTITY_TEXT_MAX], request_text[QUANTITY_TEXT_MAX],
		limit_text[QUANTITY_TEXT_MAX];
};

static bool bound_read(struct bound *b, const json_t *edges, const char *name)
{
	b->name = name;
	b->request = b->limit = (struct quantity){ 0 };
	b->has_request = amount_get(b->requests, name, &b->request);
	b->has_limit = amount_get(b->limits, name, &b->limit);
	quantity_text(b->request, b->request_text);
	quantity_text(b->limit, b->limit_text);
	if (!amount_get(edges, name, &b->edge))
		return false;
	quantity_text(b->edge, b->edge_text);
	return true;
}

static int compare(const struct bound *b, struct quantity q)
{
	bool fine = quantity_i64(b->request) <= MILLI_MAX && quantity_i64(b->limit) <= MILLI_MAX &&
		    quantity_i64(b->edge) <= MILLI_MAX;
	int64_t x = fine ? quantity_milli(q) : quantity_i64(q),
		y = fine ? quantity_milli(b->edge) : quantity_i64(b->edge);
	return x < y ? -1 : x > y;
}

static void check_min(struct limit_check *c, const struct bound *b)
{
	if (!b->has_request)
		complain(c, "minimum %s usage per %s is %s.  No request is specified", b->name,
			 b->type, b->edge_text);
	else if (compare(b, b->request) < 0)
		complain(c, "minimum %s usage per %s is %s, but request is %s", b->name, b->type,
			 b->edge_text, b->request_text);
	else if (b->has_limit && compare(b, b->limit) < 0)
		complain(c, "minimum %s usage per %s is %s, but limit is %s", b->name, b->type,
			 b->edge_text, b->limit_text);
}

static void check_max(struct limit_check *c, const struct bound *b)
{
	if (!b->has_limit)
		complain(c, "maximum %s usage per %s is %s.  No limit is specified", b->name,
			 b->type, b->edge_text);
	else if (compare(b, b->limit) > 0)
		complain(c, "maximum %s usage per %s is %s, but limit is %s", b->name, b->type,
			 b->edge_text, b->limit_text);
	else if (b->has_request && compare(b, b->request) > 0)
		complain(c, "maximum %s usage per %s is %s, but request is %s", b->name, b->type,
			 b->edge_text, b->request_text);
}

static void check_max_request(struct limit_check *c, const struct bound *b)
{
	if (!b->has_request)
		complain(c, "maximum %s usage per %s is %s.  No request is specified", b->name,
			 b->type, b->edge_text);
	else if (compare(b, b->request) > 0)
		complain(c, "maximum %s usage per %s is %s, but request is %s", b->name, b->type,
			 b->edge_text, b->request_text);
}

static void check_ratio(struct limit_check *c, const struct bound *b)
{
	if (!b->has_request || quantity_is_zero(b->request)) {
		complain(c,
			 "%s max limit to request ratio per %s is %s, but no request is specified "
			 "or request is 0",
			 b->name, b->type, b->edge_text);
	} else if (!b->has_limit || quantity_is_zero(b->limit)) {
		complain(c,
			 "%s max limit to request ratio per %s is %s, but no limit is specified or "
			 "limit is 0",
			 b->name, b->type, b->edge_text);
	} else {
		double ratio = quantity_double(b->limit) / quantity_double(b->request);
		if (ratio > quantity_double(b->edge))
			complain(c,
				 "%s max limit to request ratio per %s is %s, but provided ratio "
				 "is %f",
				 b->name, b->type, b->edge_text, ratio);
	}
}

static void each_bound(struct limit_check *c, struct bound *b, const json_t *edges,
		       void (*check)(struct limit_check *c, const struct bound *b))
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)edges, name, value)
		if (bound_read(b, edges, name))
			check(c, b);
}

void limit_check(struct limit_check *c, const json_t *limit, const json_t *requests,
		 const json_t *limits)
{
	struct bound b = { .type = json_string_value(json_object_get(limit, "type")),
			   .requests = requests,
			   .limits = limits };
	each_bound(c, &b, json_object_get(limit, "min"), check_min);
	each_bound(c, &b, json_object_get(limit, "max"), check_max);
	each_bound(c, &b, json_object_get(limit, "maxLimitRequestRatio"), check_ratio);
}

void limit_check_claim(struct limit_check *c, const json_t *limit, const json_t *requests)
{
	struct bound b = { .type = json_string_value(json_object_get(limit, "type")),
			   .requests = requests };
	each_bound(c, &b, json_object_get(limit, "min"), check_min);
	each_bound(c, &b, json_object_get(limit, "max"), check_max_request);
}

int limit_check_result(const struct limit_check *c, struct write *w, struct err *err)
{
	if (c->n == 0)
		return 0;
	return admission_forbid(w, err, c->n > 1 ? "[%s]" : "%s", c->text.p);
}

void limit_check_free(struct limit_check *c)
{
	buf_free(&c->text);
	map_free(&c->seen, NULL);
}
