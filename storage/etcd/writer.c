/* SPDX-License-Identifier: Apache-2.0 */
/* The one thread that writes. What waits is taken at once and goes into one SQLite transaction with one sync; house
 * keeping (expired leases, compaction, checkpoints) happens in small steps between batches. An idle store sleeps until
 * the next lease ends, what is held is due, or the next round of compaction. Leases end only once there is a subscriber: nobody may load a key
 * and miss its deletion.
 *
 * The WAL is checkpointed beside the writer (checkpointer.h) as soon as it has grown, again and again until little is left,
 * which is done here; in any case at a hard limit, so that its size stays bounded under endless load. */
#include <sched.h>
#include <time.h>

#include "base/mem.h"
#include "storage/etcd/revlog.h"

#define WAL_FRAMES         1000 /* 4 MiB: a checkpoint begins */
#define WAL_REST_FRAMES    200  /* and is ended by the writer */
#define WAL_HARD_FRAMES    8000
#define WRITER_STACK_BYTES (512u << 10)
#define TRIM_BATCHES       1000
#define QUIET_US           2000000

int64_t revlog_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool take(struct revlog *l)
{
	struct loop_msg *first = txn_queue_take(&l->queue);

	if (first) {
		if (l->pending)
			l->pending_last->next = first;
		else
			l->pending = first;
		while (first->next)
			first = first->next;
		l->pending_last = first;
	}
	return l->pending != NULL;
}

static void keep_wal_short(struct revlog *l)
{
	int moved;

	if (checkpointer_ended(&l->checkpointer, &moved)) {
		if (moved <
		    0) /* the disk is full, most likely: with the next write it is asked again */
			return;
		if (l->wal_frames - moved <= WAL_REST_FRAMES || l->wal_frames >= WAL_HARD_FRAMES)
			revlog_checkpoint(l);
		else
			checkpointer_ask(&l->checkpointer);
	} else if (l->wal_frames >= WAL_FRAMES) {
		checkpointer_ask(&l->checkpointer);
	}
}

/* True: there is more to do at once. */
static bool housekeeping(struct revlog *l)
{
	int64_t now = revlog_now_us();
	bool more = false;

	if (l->on_commit && expiry_next_us(&l->expiry) <= now) {
		revlog_expire(l, now);
		more = true;
	}
	if (l->held.due_us <= now)
		revlog_held_write(l);
	if (revlog_compact_step(l, now))
		more = true;
	keep_wal_short(l);
	return more;
}

static int64_t next_wake_us(const struct revlog *l)
{
	int64_t expiry = l->on_commit ? expiry_next_us(&l->expiry) : INT64_MAX,
		round = l->compaction.next_round_us, held = l->held.due_us;

	round = held < round ? held : round;
	return expiry < round ? expiry : round;
}

/* Sleeps until something is to be done. After many batches, and then a while without any, free memory is given back first. */
static void rest(struct revlog *l, int64_t until)
{
	int64_t quiet = revlog_now_us() + QUIET_US;

	if (l->batches < TRIM_BATCHES || until < quiet) {
		txn_queue_wait(&l->queue, until);
		return;
	}
	txn_queue_wait(&l->queue, quiet);
	if (revlog_now_us() < quiet)
		return;
	mem_trim();
	l->batches = 0;
}

static void *writer_main(void *ctx)
{
	struct revlog *l = ctx;

	pthread_setname_np(pthread_self(), "store");
	for (;;) {
		bool busy = take(l), more;
		int64_t until;

		if (!busy && atomic_load(&l->closing))
			return NULL;
		pthread_mutex_lock(&l->db_lock);
		if (busy) {
			revlog_batch(l);
			l->batches++;
		}
		more = housekeeping(l);
		until = next_wake_us(l);
		pthread_mutex_unlock(&l->db_lock);
		if (!busy && !more)
			rest(l, until);
	}
}

int revlog_writer_start(struct revlog *l, struct err *err)
{
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WRITER_STACK_BYTES);
	r = pthread_create(&l->thread, &attr, writer_main, l);
	pthread_attr_destroy(&attr);
	if (r != 0)
		return err_set(err, ERR_INTERNAL, "store: cannot start the writer thread: %s",
			       strerror(r));
	l->running = true;
	return 0;
}

void revlog_writer_stop(struct revlog *l)
{
	if (!l->running)
		return;
	atomic_store(&l->closing, true);
	txn_queue_wake(&l->queue);
	pthread_join(l->thread, NULL);
	l->running = false;
}
