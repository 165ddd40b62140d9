/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static const struct {
	int code;
	const char *text;
} reasons[] = { [ERR_NONE] = { 200, "" },
#define ERR_ROW(name, code, text) [ERR_##name] = { code, text },
		ERR_REASONS(ERR_ROW)
#undef ERR_ROW
};

static void causes_free(struct err *err)
{
	for (size_t i = 0; i < err->ncauses; i++) {
		free(err->causes[i].type);
		free(err->causes[i].message);
		free(err->causes[i].field);
	}
	free(err->causes);
	err->causes = NULL;
	err->ncauses = err->causes_bytes = 0;
}

void err_clear(struct err *err)
{
	if (!err)
		return;
	free(err->text);
	causes_free(err);
	*err = (struct err){ 0 };
}

const char *err_reason_text(enum err_reason reason)
{
	return reasons[reason].text;
}

int err_reason_code(enum err_reason reason)
{
	return reasons[reason].code;
}

enum err_reason err_reason_from_text(const char *text, size_t n)
{
	for (size_t i = 1; i < COUNT_OF(reasons); i++)
		if (strlen(reasons[i].text) == n && memcmp(reasons[i].text, text, n) == 0)
			return (enum err_reason)i;
	return ERR_NONE;
}

int err_code(const struct err *err)
{
	return err->code ? err->code : reasons[err->reason].code;
}

const char *err_text(const struct err *err)
{
	return err && err->text ? err->text : "";
}

int err_vset(struct err *err, enum err_reason reason, const char *fmt, va_list ap)
{
	if (!err)
		return -(int)reason;
	struct buf text = { 0 };
	buf_vprintf(&text, fmt, ap); /* before the old text goes: it may be an argument */
	free(err->text);
	err->reason = reason;
	err->text = buf_take(&text);
	return -(int)reason;
}

int err_set(struct err *err, enum err_reason reason, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = err_vset(err, reason, fmt, ap);
	va_end(ap);
	return r;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int number = errno;
	if (!err)
		return -(int)ERR_INTERNAL;
	struct buf text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	buf_printf(&text, ": %s", strerror(number));
	free(err->text);
	err->reason = ERR_INTERNAL;
	err->text = buf_take(&text);
	errno = number;
	return -(int)ERR_INTERNAL;
}

int err_wrap(struct err *err, int r, const char *fmt, ...)
{
	if (!err)
		return r;
	struct buf text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	if (err->text && *err->text)
		buf_printf(&text, ": %s", err->text);
	free(err->text);
	err->text = buf_take(&text);
	if (!err->reason && r < 0)
		err->reason = (enum err_reason) - r;
	return r;
}

void err_cause(struct err *err, const char *type, const char *field, const char *fmt, ...)
{
	if (!err || err->causes_bytes > ERR_CAUSES_BYTES)
		return;
	if ((err->ncauses & (err->ncauses - 1)) == 0) /* none, or a power of two: full */
		err->causes = mem_realloc(err->causes, (err->ncauses ? 2 * err->ncauses : 1) *
							       sizeof(*err->causes));
	struct buf message = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&message, fmt, ap);
	va_end(ap);
	err->causes_bytes += message.n + (field ? strlen(field) : 0);
	err->causes[err->ncauses++] = (struct err_cause){
		.type = str_dup(str_from(type)),
		.message = buf_take(&message),
		.field = field ? str_dup(str_from(field)) : NULL,
	};
}

void err_move(struct err *to, struct err *from)
{
	if (!to) {
		err_clear(from);
		return;
	}
	err_clear(to);
	*to = *from;
	*from = (struct err){ 0 };
}

void err_copy(struct err *to, const struct err *from)
{
	err_clear(to);
	to->reason = from->reason;
	to->code = from->code;
	to->retry_after_s = from->retry_after_s;
	to->text = from->text ? str_dup(str_from(from->text)) : NULL;
	for (size_t i = 0; i < from->ncauses; i++)
		err_cause(to, from->causes[i].type, from->causes[i].field, "%s",
			  from->causes[i].message);
}
