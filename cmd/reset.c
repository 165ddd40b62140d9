/* SPDX-License-Identifier: Apache-2.0 */
/* allinone reset: undoes what server and agent did to this machine. */
#include <stdio.h>
#include <unistd.h>

#include "agent/kubelet/leave.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/flags.h"
#include "cmd/process.h"

struct reset_options {
	const char *data_dir, *run_dir;
	bool keep_data, force;
};
static const struct flag reset_flags[] = {
	{ "data-dir", "DIR", FLAG_STRING, offsetof(struct reset_options, data_dir),
	  "/var/lib/allinone", "where server and agent kept their data" },
	{ "run-dir", "DIR", FLAG_STRING, offsetof(struct reset_options, run_dir), "/run/allinone",
	  "sockets and pinned namespaces of pods" },
	{ "keep-data", NULL, FLAG_BOOL, offsetof(struct reset_options, keep_data), "false",
	  "end the pods and take down the network, and keep the cluster for the next start" },
	{ "force", NULL, FLAG_BOOL, offsetof(struct reset_options, force), "false", "don't ask" },
};
static const struct flag_table reset_table = { "reset", reset_flags, COUNT_OF(reset_flags), NULL };

struct reset {
	struct reset_options options;
	struct process processes[2]; /* hold the locks: neither server nor agent runs */
	struct loop loop;
	size_t npods;
	struct err err;
};

static int confirm(const struct reset_options *o, struct err *err)
{
	char answer[8] = { 0 };
	if (o->force)
		return 0;
	if (!isatty(STDIN_FILENO))
		return err_set(err, ERR_BAD_REQUEST,
			       "this ends all pods of this machine%s; say --force",
			       o->keep_data ? "" : " and deletes the cluster with its volumes");
	printf("This ends all pods of this machine%s%s%s. Go on? [y/N] ",
	       o->keep_data ? "" : " and deletes ", o->keep_data ? "" : o->data_dir,
	       o->keep_data ? "" : ", the volumes of claims among it");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	return err_set(err, ERR_BAD_REQUEST, "nothing was changed");
}

static int lock(struct reset *r, struct err *err)
{
	static const char *const kinds[] = { "server", "agent" };
	int e = 0;
	for (size_t i = 0; e == 0 && i < COUNT_OF(kinds); i++)
		e = process_lock(&r->processes[i], kinds[i], r->options.data_dir, err);
	return e;
}

static void on_left(void *ctx, size_t npods, const struct err *err)
{
	struct reset *r = ctx;
	r->npods = npods;
	if (err)
		err_copy(&r->err, err);
	loop_stop(&r->loop);
}

/* The directory itself may be a mount point, and stays then. */
static int remove_data(const char *dir, struct err *err)
{
	static const char *const parts[] = { "server", "agent", "storage" };
	int e = 0;
	for (size_t i = 0; e == 0 && i < COUNT_OF(parts); i++) {
		auto_free char *path = str_printf("%s/%s", dir, parts[i]);
		e = dir_remove(path, err);
	}
	if (e == 0)
		rmdir(dir);
	return e;
}

static int run(struct reset *r, struct err *err)
{
	const struct leave_config c = { .loop = &r->loop,
					.data_dir = r->options.data_dir,
					.run_dir = r->options.run_dir,
					.done = on_left,
					.ctx = r };
	if (geteuid() != 0)
		return err_set(err, ERR_FORBIDDEN, "must run as root: it ends containers (sudo)");
	int e = confirm(&r->options, err);
	if (e == 0)
		e = lock(r, err);
	if (e == 0)
		e = loop_init(&r->loop, "reset", err);
	if (e == 0)
		e = kubelet_leave(&c, err);
	if (e < 0)
		return e;
	loop_run(&r->loop);
	err_move(err, &r->err);
	if (err->reason)
		return -(int)err->reason;
	if (!r->options.keep_data && (e = remove_data(r->options.data_dir, err)) < 0)
		return e;
	printf("%zu pods ended, the network is taken down%s%s\n", r->npods,
	       r->options.keep_data ? "" : ", deleted: ",
	       r->options.keep_data ? "" : r->options.data_dir);
	return 0;
}

int command_reset(int argc, char **argv)
{
	struct reset *r = NEW(struct reset);
	auto_err err = { 0 };
	int e = flags_parse(&reset_table, argc, argv, &r->options, &err);
	if (e == 0)
		e = run(r, &err);
	return e < 0 ? command_fail(&err) : 0; /* the process ends, and its locks with it */
}
