/* SPDX-License-Identifier: Apache-2.0 */
/* A stream whose other end is not there yet: writes are kept, reading waits. Loop thread only. */
#ifndef AGENT_RUNTIME_LATE_STREAM_H
#define AGENT_RUNTIME_LATE_STREAM_H

#include "net/stream.h"

struct late_stream;
struct stream *
late_stream_new(struct loop *l,
		struct late_stream **out); /* freed with its stream; *out is NULL from then on */
void late_stream_open(struct late_stream *s, int fd); /* owns fd; NULL s: only closes fd */
void late_stream_detach(struct late_stream *s);       /* *out is forgotten, not set any more */
void late_stream_end(
	struct late_stream *s); /* there will be none: reads end, writes go nowhere; NULL is fine */

#endif
