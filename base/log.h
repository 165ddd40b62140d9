/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log, one line per event, to stderr: `2026-01-02T03:04:05.678Z info  pod started pod=default/web ms=12`.
 * Any thread. Never log secrets. `log_info("pod started", LOG_S("pod", key), LOG_I("ms", ms));` */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/str.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_kv {
	const char *key;
	struct str text;
	int64_t number;
	bool is_number;
};
#define LOG_S(k, cstring) ((struct log_kv){ .key = (k), .text = str_from(cstring) })
#define LOG_STR(k, slice) ((struct log_kv){ .key = (k), .text = (slice) })
#define LOG_I(k, v)       ((struct log_kv){ .key = (k), .number = (int64_t)(v), .is_number = true })

void log_set_level(enum log_level level); /* default info */
bool log_level_from_text(const char *text, enum log_level *out);
void log_emit(enum log_level level, const char *message, const struct log_kv *kv, size_t n);

#define LOG_EMIT_(level, message, ...)                                                             \
	log_emit(level, message, (const struct log_kv[]){ { 0 }, ##__VA_ARGS__ } + 1,              \
		 sizeof((const struct log_kv[]){ { 0 }, ##__VA_ARGS__ }) / sizeof(struct log_kv) - \
			 1)
#define log_debug(message, ...) LOG_EMIT_(LOG_LEVEL_DEBUG, message, ##__VA_ARGS__)
#define log_info(message, ...)  LOG_EMIT_(LOG_LEVEL_INFO, message, ##__VA_ARGS__)
#define log_warn(message, ...)  LOG_EMIT_(LOG_LEVEL_WARN, message, ##__VA_ARGS__)
#define log_error(message, ...) LOG_EMIT_(LOG_LEVEL_ERROR, message, ##__VA_ARGS__)

#endif
