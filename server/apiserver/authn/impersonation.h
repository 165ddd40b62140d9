/* SPDX-License-Identifier: Apache-2.0 */
/* Which way of impersonating was open last for a user: it is tried first, and its refusal is the one that is told. */
#ifndef SERVER_APISERVER_AUTHN_IMPERSONATION_H
#define SERVER_APISERVER_AUTHN_IMPERSONATION_H

#include <stdatomic.h>
#include <stdint.h>

#define IMPERSONATION_SLOTS 4096

struct impersonation_ways { /* by the hash of the user's name: the rest of the hash, and the way; 0: none yet */
	_Atomic uint32_t slots[IMPERSONATION_SLOTS];
};

#endif
