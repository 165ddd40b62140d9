/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/serve/log_line.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define BLOCK 65536

bool log_line_parse(struct str line, struct log_line *out)
{
	struct str tag;
	if (!str_next(&line, ' ', &out->time) || !str_next(&line, ' ', &out->stream) ||
	    !str_next(&line, ' ', &tag))
		return false;
	out->partial = tag.n && tag.p[0] == 'P';
	out->text = line.p ? line : STR("");
	return true;
}

bool log_line_wanted(const struct log_options *o, const struct log_line *l)
{
	int64_t us;
	if (!(str_eqz(l->stream, "stderr") ? o->err_out : o->out))
		return false;
	return !o->since_us || !time_parse(l->time, &us) || us >= o->since_us;
}

void log_line_write(const struct log_options *o, const struct log_line *l, bool inside,
		    struct buf *out)
{
	if (o->timestamps && !inside) {
		buf_str(out, l->time);
		buf_putc(out, ' ');
	}
	buf_str(out, l->text);
	if (!l->partial)
		buf_putc(out, '\n');
}

off_t log_tail_offset(int fd, int64_t lines)
{
	char block[BLOCK];
	struct stat st;
	if (fstat(fd, &st) < 0 || lines < 0)
		return 0;
	off_t at = st.st_size;
	int64_t seen = 0;
	while (at > 0) {
		size_t n = at < BLOCK ? (size_t)at : BLOCK;
		at -= (off_t)n;
		ssize_t got = pread(fd, block, n, at);
		if (got <= 0)
			return 0;
		for (ssize_t i = got; i > 0; i--)
			if (block[i - 1] == '\n' &&
			    ++seen > lines) /* the newline at the end belongs to the last line */
				return at + i;
	}
	return 0;
}
