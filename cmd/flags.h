/* SPDX-License-Identifier: Apache-2.0 */
/* Flags, config file and environment from one table. What is set later in this order wins: default, config file (YAML, keys are the
 * flags' names), environment (ALLINONE_ + name in capitals, '-' as '_'), command line. Unknown names are errors that tell the
 * nearest known one. Values are copied into the struct that the table's offsets point into. */
#ifndef CMD_FLAGS_H
#define CMD_FLAGS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum flag_type {
	FLAG_STRING, /* const char * */
	FLAG_BOOL,   /* bool */
	FLAG_INT,    /* int64_t */
	FLAG_LIST,   /* struct flag_list; repeated or comma-separated */
};
struct flag_list {
	char **items; /* NULL-terminated once flags_parse() has run */
	size_t n;
};
struct flag {
	const char *name, *value; /* "data-dir", "DIR" */
	enum flag_type type;
	size_t offset;
	const char *initial; /* default as text, or NULL */
	const char *help;
};
struct flag_table {
	const char *command; /* "server" */
	const struct flag *flags;
	size_t n;
	const char *
		config_path; /* default config file; absent is fine unless --config names another */
};

/* Returns 1 when --help was asked for and printed, 0, or a negative code. argv[0] is the subcommand. */
int flags_parse(const struct flag_table *t, int argc, char **argv, void *out, struct err *err);
void flags_help(const struct flag_table *t, struct buf *out);
void flag_list_add(struct flag_list *l,
		   struct str item); /* copied, white space around it dropped */
/* "1m30s", as a FLAG_STRING gave it. least_ms: 0 or DURATION_SECOND. One line that tells what to do. */
#define DURATION_SECOND 1000
int flag_duration(const char *flag, const char *text, int64_t least_ms, int64_t *out_ms,
		  struct err *err);
void flags_free(const struct flag_table *t, void *values);

#endif
