/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's loop: allinone-shim POD_UID RUN_DIR, with SHIM_FD_LISTEN and SHIM_FD_CRUN open. Sleeps until somebody asks
 * something, a container writes or a child exits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/runtime/runtime.h"
#include "agent/runtime/shim/shim.h"

int64_t wall_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void *pages_new(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void pages_free(void *p, size_t n)
{
	munmap(p, n);
}

bool text_copy(char *out, size_t size, const char *text)
{
	size_t n = strlen(text), fits = n < size ? n : size - 1;
	memcpy(out, text, fits);
	out[fits] = '\0';
	return fits == n;
}

void watch_start(struct shim *s, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };
	epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, w->fd, &e);
}

void watch_change(struct shim *s, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };
	epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, w->fd, &e);
}

void watch_stop(struct shim *s, struct watch *w)
{
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
}

void watch_close(struct shim *s, struct watch *w)
{
	if (w->fd < 0)
		return;
	watch_stop(s, w); /* its copies in other processes would keep it in the set */
	close(w->fd);
	w->fd = -1;
}

static bool setup(struct shim *s, const char *run_dir)
{
	sigset_t mask;
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	if (!text_copy(s->run_dir, sizeof(s->run_dir), run_dir))
		return false;
	for (int i = 0; i < SHIM_CLIENTS; i++)
		s->clients[i].watch.fd = -1;
	prctl(PR_SET_NAME, "allinone-shim");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(022);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	fcntl(SHIM_FD_LISTEN, F_SETFD, FD_CLOEXEC);
	fcntl(SHIM_FD_CRUN, F_SETFD, FD_CLOEXEC);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->listener = (struct watch){ .fd = SHIM_FD_LISTEN, .ready = serve_ready };
	s->signals = (struct watch){ .fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK),
				     .ready = reap_ready };
	watch_start(s, &s->listener, EPOLLIN);
	watch_start(s, &s->signals, EPOLLIN);
	return s->epoll_fd >= 0 && s->signals.fd >= 0;
}

static bool all_gone(const struct shim *s)
{
	for (const struct container *c = s->containers; c; c = c->next)
		if (!c->exited)
			return false;
	return true;
}

static void drop_stalled(struct shim *s)
{
	int64_t before = wall_us() - SHIM_STALL_US;
	for (struct container *c = s->containers; c; c = c->next) {
		output_drop_stalled(s, &c->out, before);
		output_drop_stalled(s, &c->err, before);
	}
}

static void turn(struct shim *s)
{
	/* One event at a time: a handler may free what a later one of the same batch would point to. */
	struct epoll_event e;
	int wait_ms = container_await_exec(s) ? 1 : s->lagging ? 1000 : -1;
	int n = epoll_wait(s->epoll_fd, &e, 1, wait_ms);
	if (n > 0) {
		struct watch *w = e.data.ptr;
		w->ready(s, w, e.events);
	}
	if (s->lagging)
		drop_stalled(s);
}

int shim_main(int argc, char **argv)
{
	struct shim s = { 0 };
	if (argc < 3 || !setup(&s, argv[2]))
		return 1;
	while (!s.quitting || !all_gone(&s))
		turn(&s);
	reply_ok(&s, s.quit_client, s.quit_seq);
	return 0;
}
