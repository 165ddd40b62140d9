/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/termination.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

#define MESSAGE_MAX 4096
#define TAIL_BYTES  2048
#define TAIL_LINES  80

const char *termination_duration(int64_t seconds, char out[32])
{
	long long s = seconds;
	if (s < 60)
		snprintf(out, 32, "%llds", s);
	else if (s < 3600)
		snprintf(out, 32, "%lldm%llds", s / 60, s % 60);
	else
		snprintf(out, 32, "%lldh%lldm%llds", s / 3600, s / 60 % 60, s % 60);
	return out;
}

/* The last `max` bytes of a file. */
static void read_tail(const char *path, size_t max, struct buf *out)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if ((size_t)st.st_size > max)
		lseek(fd, -(off_t)max, SEEK_END);
	fd_read_all(fd, max + 1, out, NULL);
}

/* "TIME stream F text" → "text\n" */
static void add_line(struct buf *out, struct str line)
{
	struct str word;
	for (int i = 0; i < 3; i++)
		if (!str_next(&line, ' ', &word))
			return;
	if (!line.p)
		return;
	buf_str(out, line);
	if (str_eqz(word, "F"))
		buf_putc(out, '\n');
}

static char *tail_of_log(const char *path)
{
	auto_buf raw = { 0 }, text = { 0 };
	struct str rest, line, lines[TAIL_LINES];
	size_t n = 0;
	read_tail(path, 4 * TAIL_BYTES, &raw);
	rest = buf_view(&raw);
	while (str_next(&rest, '\n', &line))
		if (line.n)
			lines[n++ % TAIL_LINES] = line;
	for (size_t i = n > TAIL_LINES ? n - TAIL_LINES : 0; i < n; i++)
		add_line(&text, lines[i % TAIL_LINES]);
	if (!text.n)
		return NULL;
	size_t from = text.n > TAIL_BYTES ? text.n - TAIL_BYTES : 0;
	return str_dup(str_of(text.p + from, text.n - from));
}

char *termination_message(const struct pod_container *c, const struct container_status *s)
{
	auto_buf text = { 0 };
	if (c->termination_log)
		read_tail(c->termination_log, MESSAGE_MAX, &text);
	if (text.n)
		return str_dup(buf_view(&text));
	if (s->exit_code == 0 ||
	    !str_eqz(c->spec->termination_message_policy, "FallbackToLogsOnError"))
		return NULL;
	return s->log_path ? tail_of_log(s->log_path) : NULL;
}
