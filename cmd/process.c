/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/process.h"

#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define STOP_S 4

int process_lock(struct process *p, const char *kind, const char *data_dir, struct err *err)
{
	auto_free char *dir = str_printf("%s/%s", data_dir, kind),
		       *path = str_printf("%s/lock", dir);
	int r = dir_make(dir, 0700, err);
	if (r < 0)
		return err_wrap(err, r, "--data-dir %s is not usable; choose a writable directory",
				data_dir);
	r = file_lock(path, &p->lock_fd, err);
	if (r == -ERR_CONFLICT)
		return err_set(
			err, ERR_CONFLICT,
			"another allinone %s runs on %s; stop it or choose another --data-dir",
			kind, data_dir);
	return r;
}

/* A stop that hangs must not keep the machine from shutting down; the store is safe at any moment. */
static void give_up(int number)
{
	(void)number;
	_exit(0);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct process *p = handle->data;
	if (p->stopping)
		return;
	p->stopping = true;
	log_info("stopping", LOG_I("signal", number));
	signal(SIGALRM, give_up);
	alarm(STOP_S);
	p->stop(p->ctx);
}

void process_watch_signals(struct process *p, struct loop *l, void (*stop)(void *ctx), void *ctx)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	p->stop = stop;
	p->ctx = ctx;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		uv_signal_init(&l->uv, &p->signals[i]);
		p->signals[i].data = p;
		uv_signal_start(&p->signals[i], on_signal, numbers[i]);
	}
}
