/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of subcommands, one small file each. */
#include <stdio.h>
#include <string.h>

#include "agent/runtime/runtime.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cmd/command.h"

static int command_help(int argc, char **argv);

static const struct command commands[] = {
	{ "server", "[flags]", "run a cluster: API server, scheduler, controllers and a node",
	  command_server },
	{ "agent", "--join URL [flags]", "run a further node of a cluster", command_agent },
	{ "token", "create|list|delete", "tokens by which machines join, on the server",
	  command_token },
	{ "image", "import|list|pull|remove", "images of this node", command_image },
	{ "reset", "[flags]", "end the pods of this machine and delete the cluster",
	  command_reset },
	{ "version", "", "print the version", command_version },
	{ "help", "", "print this text", command_help },
};

static void usage(FILE *to)
{
	fputs("allinone: a Kubernetes cluster in one executable\n\nUsage: allinone COMMAND "
	      "[flags]\n\n",
	      to);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		fprintf(to, "  %-8s %-26s %s\n", commands[i].name, commands[i].arguments,
			commands[i].summary);
	fputs("\nallinone COMMAND --help tells the flags of a command.\n", to);
}

static int command_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	usage(stdout);
	return 0;
}

int command_fail(const struct err *err)
{
	fprintf(stderr, "allinone: %s\n", err_text(err));
	return 1;
}

static int unknown(const char *name)
{
	const char *best = commands[0].name;
	for (size_t i = 1; i < COUNT_OF(commands); i++)
		if (str_distance(str_from(name), str_from(commands[i].name)) <
		    str_distance(str_from(name), str_from(best)))
			best = commands[i].name;
	fprintf(stderr,
		"allinone: unknown command \"%s\"; did you mean \"%s\"? See allinone help\n", name,
		best);
	return 2;
}

int main(int argc, char **argv)
{
	/* First of all: a shim must stay tiny. */
	if (argc > 0 && strcmp(argv[0], SHIM_NAME) == 0)
		return shim_main(argc, argv);
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return command_help(argc, argv);
	if (!strcmp(argv[1], "--version"))
		return command_version(argc, argv);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return unknown(argv[1]);
}
