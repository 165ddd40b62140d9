/* SPDX-License-Identifier: Apache-2.0 */
/* argp over getopt_long, for crun on musl: see argp.h. */
#include "argp.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 64
#define KEY_HELP    0x2000001
#define KEY_USAGE   0x2000002

static int options_count(const struct argp_option *o)
{
	int n = 0;
	while (o && (o[n].name || o[n].key || o[n].doc))
		n++;
	return n;
}

static void help_print(const struct argp *argp, const char *name)
{
	printf("Usage: %s [OPTION...] %s\n%s\n\n", name, argp->args_doc ? argp->args_doc : "",
	       argp->doc ? argp->doc : "");
	for (int i = 0; i < options_count(argp->options); i++) {
		const struct argp_option *o = &argp->options[i];
		char left[64];
		if (!o->name || (o->flags & OPTION_HIDDEN))
			continue;
		if (o->key > ' ' && o->key < 127)
			snprintf(left, sizeof(left), "-%c, --%s%s%s", o->key, o->name,
				 o->arg ? "=" : "", o->arg ? o->arg : "");
		else
			snprintf(left, sizeof(left), "    --%s%s%s", o->name, o->arg ? "=" : "",
				 o->arg ? o->arg : "");
		printf("  %-32s %s\n", left, o->doc ? o->doc : "");
	}
	printf("  %-32s %s\n", "-?, --help", "give this help list");
}

static int argument_kind(const struct argp_option *o)
{
	if (!o->arg)
		return no_argument;
	return (o->flags & OPTION_ARG_OPTIONAL) ? optional_argument : required_argument;
}

/* Fills getopt's two tables; a leading '+' stops at the first word that is no option. */
static void tables_fill(const struct argp_option *o, char *shorts, struct option *longs)
{
	int n = options_count(o);
	*shorts++ = '+';
	for (int i = 0; i < n && i < OPTIONS_MAX; i++) {
		if (o[i].name)
			*longs++ =
				(struct option){ o[i].name, argument_kind(&o[i]), NULL, o[i].key };
		if (o[i].key > ' ' && o[i].key < 127) {
			*shorts++ = (char)o[i].key;
			for (int c = argument_kind(&o[i]); c > 0; c--)
				*shorts++ = ':';
		}
	}
	*shorts = 0;
	*longs++ = (struct option){ "help", no_argument, NULL, KEY_HELP };
	*longs++ = (struct option){ "usage", no_argument, NULL, KEY_USAGE };
	*longs = (struct option){ 0 };
}

error_t argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index,
		   void *input)
{
	char shorts[OPTIONS_MAX * 3 + 2];
	struct option longs[OPTIONS_MAX + 3];
	struct argp_state state = { .root_argp = argp,
				    .argc = argc,
				    .argv = argv,
				    .flags = flags,
				    .input = input,
				    .name = argv[0],
				    .err_stream = stderr,
				    .out_stream = stdout };
	int key;

	tables_fill(argp->options, shorts, longs);
	argp->parser(ARGP_KEY_INIT, NULL, &state);
	optind = 0;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == KEY_HELP || key == KEY_USAGE || (key == '?' && optopt == '?')) {
			help_print(argp, argv[0]);
			exit(0);
		}
		if (key == '?')
			exit(64);
		state.next = optind;
		if (argp->parser(key, optarg, &state) == ARGP_ERR_UNKNOWN)
			argp_usage(&state);
		optind = state.next;
	}
	if (optind >= argc)
		argp->parser(ARGP_KEY_NO_ARGS, NULL, &state);
	if (arg_index)
		*arg_index = optind;
	return 0;
}

void argp_usage(const struct argp_state *state)
{
	fprintf(stderr, "Try `%s --help' for more information.\n", state->name);
	exit(64);
}

void argp_error(const struct argp_state *state, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "%s: ", state->name);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	argp_usage(state);
}
