/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/etcd/checkpointer.h"

#define STACK_BYTES     (256u << 10)
#define BUSY_TIMEOUT_MS 1000

static void run(struct checkpointer *c)
{
	int frames = 0, moved = -1;

	if (sqlite3_wal_checkpoint_v2(c->db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &moved) !=
	    SQLITE_OK)
		moved = -1;
	pthread_mutex_lock(&c->lock);
	c->moved = moved;
	c->ended = true;
	pthread_mutex_unlock(&c->lock);
	txn_queue_wake(c->queue);
}

static void *checkpointer_main(void *ctx)
{
	struct checkpointer *c = ctx;

	pthread_setname_np(pthread_self(), "checkpoint");
	for (;;) {
		pthread_mutex_lock(&c->lock);
		while (!c->asked && !c->closing)
			pthread_cond_wait(&c->wake, &c->lock);
		c->asked = false;
		if (c->closing) {
			pthread_mutex_unlock(&c->lock);
			return NULL;
		}
		pthread_mutex_unlock(&c->lock);
		run(c);
	}
}

int checkpointer_start(struct checkpointer *c, const char *path, struct txn_queue *queue)
{
	pthread_attr_t attr;
	int rc = sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL);

	c->queue = queue;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS);
	sqlite3_exec(c->db, "PRAGMA cache_size = -64", NULL, NULL, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	c->started = pthread_create(&c->thread, &attr, checkpointer_main, c) == 0;
	pthread_attr_destroy(&attr);
	return c->started ? SQLITE_OK : SQLITE_NOMEM;
}

void checkpointer_stop(struct checkpointer *c)
{
	if (!c->queue)
		return;
	if (c->started) {
		pthread_mutex_lock(&c->lock);
		c->closing = true;
		pthread_cond_signal(&c->wake);
		pthread_mutex_unlock(&c->lock);
		pthread_join(c->thread, NULL);
	}
	sqlite3_close(c->db);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	c->queue = NULL;
}

void checkpointer_ask(struct checkpointer *c)
{
	if (c->busy)
		return;
	c->busy = true;
	pthread_mutex_lock(&c->lock);
	c->asked = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

bool checkpointer_ended(struct checkpointer *c, int *out_moved)
{
	bool ended;

	if (!c->busy)
		return false;
	pthread_mutex_lock(&c->lock);
	ended = c->ended;
	c->ended = false;
	*out_moved = c->moved;
	pthread_mutex_unlock(&c->lock);
	if (ended)
		c->busy = false;
	return ended;
}
