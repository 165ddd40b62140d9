/* SPDX-License-Identifier: Apache-2.0 */
/* A subcommand of the command line: one row in cmd/main.c, one small file. */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "base/err.h"

struct command {
	const char *name, *arguments, *summary;
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand; returns the exit code */
};

int command_server(int argc, char **argv);
int command_agent(int argc, char **argv);
int command_token(int argc, char **argv);
int command_image(int argc, char **argv);
int command_reset(int argc, char **argv);
int command_version(int argc, char **argv);

/* "allinone: TEXT" to stderr; returns 1, the exit code of a failure. */
int command_fail(const struct err *err);

#endif
