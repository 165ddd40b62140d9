/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate as a trust anchor: is it one, and may it sign others? Also of keys that our TLS library can't use (Ed25519). Pure. */
#ifndef API_VALIDATION_ANCHOR_H
#define API_VALIDATION_ANCHOR_H

#include "base/str.h"

enum anchor { ANCHOR_NOT_X509, ANCHOR_NO_AUTHORITY, ANCHOR_FINE };
enum anchor anchor_of(struct str der);

#endif
