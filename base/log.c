/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

static const char *const level_text[] = { "debug", "info", "warn", "error" };
static _Atomic int least = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&least, (int)level);
}

bool log_level_from_text(const char *text, enum log_level *out)
{
	for (size_t i = 0; i < COUNT_OF(level_text); i++) {
		if (strcmp(text, level_text[i]))
			continue;
		*out = (enum log_level)i;
		return true;
	}
	return false;
}

static bool needs_quotes(struct str s)
{
	if (s.n == 0)
		return true;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '"' || s.p[i] == '=' ||
		    s.p[i] == 0x7f)
			return true;
	return false;
}

void log_emit(enum log_level level, const char *message, const struct log_kv *kv, size_t n)
{
	if ((int)level < atomic_load_explicit(&least, memory_order_relaxed))
		return;
	auto_buf line = { 0 };
	char now[TIME_TEXT_MAX];
	int64_t us = clock_wall_us(clock_real());
	time_format(us / 1000000, now);
	buf_printf(&line, "%.19s.%03dZ %-5s %s", now, (int)(us / 1000 % 1000), level_text[level],
		   message);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&line, " %s=", kv[i].key);
		if (kv[i].is_number)
			buf_i64(&line, kv[i].number);
		else if (needs_quotes(kv[i].text))
			buf_json_string(&line, kv[i].text);
		else
			buf_str(&line, kv[i].text);
	}
	buf_putc(&line, '\n');
	ssize_t ignored =
		write(STDERR_FILENO, line.p, line.n); /* one call: lines of threads don't mix */
	(void)ignored;
}
