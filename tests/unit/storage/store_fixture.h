/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a directory of its own, and transactions that wait for their answer. */
#ifndef TESTS_UNIT_STORAGE_STORE_FIXTURE_H
#define TESTS_UNIT_STORAGE_STORE_FIXTURE_H

#include "storage/etcd/log.h"

struct store_fixture {
	char dir[64], path[96];
	struct store *store;
	struct log_config config;
};

int store_fixture_setup(
	void **state); /* cmocka: *state is a struct store_fixture with an open store */
int store_fixture_teardown(void **state);
void store_fixture_reopen(struct store_fixture *f);

struct answer {
	int64_t revision, found;
	int failed_op;
	enum err_reason reason;
	char text[256];
};
struct answer store_do(struct store *s, struct store_op *ops, size_t n); /* waits */
struct answer store_put(struct store *s, const char *key, const char *value, int64_t expect);
struct answer store_put_lease(struct store *s, const char *key, const char *value, int64_t lease_s);
struct answer store_delete(struct store *s, const char *key, int64_t expect);
/* "key=value@revision" of all live keys in key order, separated by blanks; heap. */
char *store_dump(struct store *s);

#endif
