/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions over a real connection to a server whose handler accepts them: /exec, /forward. What happens to a session is written down. */
#ifndef TESTS_UNIT_NET_CHANNELS_FIXTURE_H
#define TESTS_UNIT_NET_CHANNELS_FIXTURE_H

#include "fixture.h"
#include "net/channels.h"

struct channels_test {
	struct http_server *server;
	struct channels *session;
	struct buf log;
	bool stopped, closed, ready;
	int requests, gone;
	struct channel *data;
};
extern struct channels_test test_channels;
int channels_setup(void **state);
int channels_teardown(void **state);
bool channels_heard(const char *text);

void send_bytes(struct raw *r, const void *p, size_t n);
bool got_bytes(const struct raw *r, const void *p, size_t n);
#define SEND(r, literal) send_bytes((r), literal, sizeof(literal) - 1)
#define GOT(r, literal)  got_bytes((r), literal, sizeof(literal) - 1)

/* Unmasked by a mask of zeros. */
void send_message(struct raw *r, int opcode, const void *p, size_t n);
#define MESSAGE(r, literal) send_message((r), 2, literal, sizeof(literal) - 1)
void ws_open(struct raw *r, const char *path,
	     const char *protocol); /* `protocol` NULL: none asked for */

#define CASE(f) cmocka_unit_test_setup_teardown(f, channels_setup, channels_teardown)

#endif
