/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of CRI log files, and what a request for logs wants of them. Pure, but for log_tail_offset(), which reads the file.
 * "2026-01-02T03:04:05.123456789Z stdout F text": F ends a line, P is a part of a longer one. */
#ifndef AGENT_KUBELET_SERVE_LOG_LINE_H
#define AGENT_KUBELET_SERVE_LOG_LINE_H

#include <sys/types.h>

#include "base/buf.h"

struct log_options {
	int64_t tail_lines;  /* -1: all */
	int64_t since_us;    /* 0: all */
	int64_t limit_bytes; /* -1: none */
	bool timestamps, follow, previous;
	bool out, err_out; /* which streams are wanted */
};
struct log_line {
	struct str time, stream, text;
	bool partial;
};
bool log_line_parse(struct str line, struct log_line *out); /* line: without its newline */
/* Adds what the client sees of a line. inside: the line before was partial. */
void log_line_write(const struct log_options *o, const struct log_line *l, bool inside,
		    struct buf *out);
bool log_line_wanted(const struct log_options *o, const struct log_line *l);
/* Where the last `lines` lines begin. */
off_t log_tail_offset(int fd, int64_t lines);

#endif
