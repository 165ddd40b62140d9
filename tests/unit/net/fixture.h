/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of net/ share: one loop driven by the test itself, raw connections, and certificates made on the spot. */
#ifndef TESTS_NET_FIXTURE_H
#define TESTS_NET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above */
#include <cmocka.h>

#include "base/buf.h"
#include "net/http_server.h"

extern struct loop test_loop;
int loop_setup(void **state);    /* for cmocka_unit_test_setup_teardown */
int loop_teardown(void **state); /* also fails when handles are left */

/* Runs the loop until the condition holds; fails the test after 10 s. */
#define RUN_UNTIL(condition)                                                       \
	do {                                                                       \
		uint64_t run_end_ = uv_hrtime() + 10000000000ull;                  \
		while (!(condition)) {                                             \
			if (uv_hrtime() > run_end_)                                \
				fail_msg("timed out waiting for: %s", #condition); \
			run_once();                                                \
		}                                                                  \
	} while (0)
void run_once(void);
void run_turns(int n); /* without waiting: lets what is due happen */

/* A connection that keeps what it received. */
struct raw {
	struct stream *s; /* NULL once closed */
	struct buf got;
	bool ended, closed;
};
void raw_init(struct raw *r, struct stream *s);
void raw_connect(struct raw *r, int port);
void raw_send(struct raw *r, const char *text);
bool raw_has(const struct raw *r, const char *text);
size_t raw_count(const struct raw *r, const char *text);
void raw_close(struct raw *r); /* and waits */

struct identity {
	struct buf cert, key;
};
struct identity_spec {
	const char *subject;           /* "CN=x,O=y" */
	const struct identity *issuer; /* NULL: self-signed */
	const char *issuer_subject;
	const char *dns, *ip; /* SANs */
	bool ca, client, expired;
};
void identity_make(struct identity *out, const struct identity_spec *spec);
void identity_free(struct identity *i);
/* A CA, a server certificate for localhost and 127.0.0.1, and a client's; made once. */
struct test_pki {
	struct identity ca, server, client, stranger_ca, stranger, expired;
};
const struct test_pki *test_pki(void);

#endif
