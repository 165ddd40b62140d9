/* SPDX-License-Identifier: Apache-2.0 */
/* What server and shim say to each other over a SOCK_SEQPACKET socket: one packet is one message, a list of NUL-terminated
 * words. Both sides ignore words that they don't know at the end of a message, so that a shim started by an older
 * version keeps working. File descriptors ride along (SCM_RIGHTS). No allocation: used on both sides. Any thread.
 *
 *   to the shim: word 0 is the verb, word 1 a sequence number that the answer repeats
 *     init SEQ HOSTNAME NETNS FLAGS SYSCTL...     once; FLAGS: i the host's IPC, p a shared pid namespace, u hide cgroup v2
 *     run SEQ ID BUNDLE LOG OOM_FILE FLAGS        FLAGS: t tty, i stdin stays open, o close it when the first attacher left
 *     kill SEQ ID SIGNAL                          to the container's first process
 *     reopen SEQ ID                               the log file, after it was renamed
 *     forget SEQ ID                               a container that has exited
 *     attach SEQ ID FLAGS                         FLAGS: i also stdin. The answer's word 2 names its descriptors: i o e, or t
 *     exec SEQ EXEC ID BUNDLE CONSOLE             descriptors: stdin, stdout, stderr when CONSOLE is empty
 *     exec-kill SEQ EXEC SIGNAL
 *     list SEQ                                    a "state" message per container, then ok
 *     quit SEQ                                    kills what is left and ends
 *   from the shim
 *     ok SEQ ...          init, list: PID PAUSE_PID, 1 after init; run: PID STARTED_US
 *     error SEQ TEXT
 *     state ID PID EXITED CODE SIGNAL OOM STARTED_US FINISHED_US        EXITED, OOM: 0 or 1; also sent when one exits
 *     exec-exit EXEC CODE SIGNAL */
#ifndef AGENT_RUNTIME_SHIM_MESSAGE_H
#define AGENT_RUNTIME_SHIM_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define SHIM_MESSAGE_MAX 16384
#define SHIM_WORDS_MAX   64
#define SHIM_FDS_MAX     4
#define I64_DIGITS       24 /* the longest one, its sign and NUL */

struct shim_message {
	size_t n; /* bytes used of text */
	size_t nwords;
	const char *words[SHIM_WORDS_MAX]; /* into text; set by message_receive() */
	int fds[SHIM_FDS_MAX];
	size_t nfds;
	char text[SHIM_MESSAGE_MAX];
};

void message_start(struct shim_message *m, const char *verb);
void message_add(struct shim_message *m, const char *word); /* cut when there is no room left */
void message_add_i64(struct shim_message *m, int64_t v);
void message_add_fd(struct shim_message *m, int fd); /* borrowed until sent */
/* 0, or -errno. -EAGAIN when the peer does not read. */
int message_send(int fd, const struct shim_message *m);
/* 1: a message; 0: the peer is gone; -errno (-EAGAIN: nothing there). Descriptors received are ours, close-on-exec. */
int message_receive(int fd, struct shim_message *m);
const char *message_word(const struct shim_message *m, size_t i); /* "" beyond the end */
int64_t message_i64(const struct shim_message *m, size_t i);      /* 0 if it is no number */
void message_close_fds(struct shim_message *m);
const char *i64_digits(int64_t v,
		       char buffer[I64_DIGITS]); /* without stdio; points into the buffer */

#endif
