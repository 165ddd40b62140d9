/* SPDX-License-Identifier: Apache-2.0 */
/* What crun uses of glibc's argp, over getopt_long: options with short and long names, --help, --usage,
 * --version and a parser callback. One parse at a time. Source followed: glibc manual, "Parsing Program Options with Argp". */
#ifndef ARGP_H
#define ARGP_H

#include <errno.h>
#include <stdio.h>

#define ARGP_ERR_UNKNOWN    E2BIG
#define ARGP_IN_ORDER       0x08
#define OPTION_ARG_OPTIONAL 0x1
#define OPTION_HIDDEN       0x2
#define OPTION_ALIAS        0x8
#define ARGP_KEY_ARG        0
#define ARGP_KEY_ARGS       0x1000006
#define ARGP_KEY_END        0x1000001
#define ARGP_KEY_NO_ARGS    0x1000002
#define ARGP_KEY_INIT       0x1000003
#define ARGP_KEY_SUCCESS    0x1000004
#define ARGP_KEY_ERROR      0x1000005
#define ARGP_KEY_FINI       0x1000007

typedef int error_t;
struct argp_state;
typedef error_t (*argp_parser_t)(int key, char *arg, struct argp_state *state);

struct argp_option {
	const char *name;
	int key;
	const char *arg;
	int flags;
	const char *doc;
	int group;
};

struct argp {
	const struct argp_option *options;
	argp_parser_t parser;
	const char *args_doc;
	const char *doc;
	const void *children;
	void *help_filter;
	const char *argp_domain;
};

struct argp_state {
	const struct argp *root_argp;
	int argc;
	char **argv;
	int next; /* index of the next argument; the parser may set it to argc to stop */
	unsigned flags;
	unsigned arg_num;
	int quoted;
	void *input;
	void **child_inputs;
	void *hook;
	char *name;
	FILE *err_stream;
	FILE *out_stream;
	void *pstate;
};

extern const char *argp_program_version;
extern const char *argp_program_bug_address;
extern void (*argp_program_version_hook)(FILE *stream, struct argp_state *state);

error_t argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index,
		   void *input);
void argp_usage(const struct argp_state *state);
void argp_error(const struct argp_state *state, const char *fmt, ...);

#endif
