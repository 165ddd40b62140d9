/* SPDX-License-Identifier: Apache-2.0 */
/* PodLogOptions: what a reader of a container's log asks for, checked, and in the kubelet's words. Pure. Follows upstream's
 * validation.ValidatePodLogOptions and registry/core/pod/strategy.go (LogLocation). */
#ifndef SERVER_APISERVER_PAGES_LOG_OPTIONS_H
#define SERVER_APISERVER_PAGES_LOG_OPTIONS_H

#include "base/arena.h"
#include "base/err.h"

struct log_options {
	bool follow, previous, timestamps;
	bool has_since, has_since_time, has_tail, has_limit, has_stream;
	int64_t since_s, tail_lines, limit_bytes;
	struct str since_time;
};
/* BadRequest for what can't be read, Invalid (of kind PodLogOptions and `name`) for what may not be. */
int log_options_read(struct arena *a, struct str query, struct str name, struct log_options *out,
		     struct err *err);
/* "?follow=true&tailLines=10", or empty. */
struct str log_options_query(struct arena *a, const struct log_options *o);

#endif
