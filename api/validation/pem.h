/* SPDX-License-Identifier: Apache-2.0 */
/* PEM blocks in a text, one after the other; what is between them is skipped, as Go's encoding/pem does. And written. Pure. */
#ifndef API_VALIDATION_PEM_H
#define API_VALIDATION_PEM_H

#include "base/buf.h"

struct pem_block {
	struct str type; /* "CERTIFICATE" */
	bool headers;    /* lines "Key: value" come first */
	struct buf der;
};
/* False: there is none any more. `rest` moves behind the block; free der. */
bool pem_next(struct str *rest, struct pem_block *out);
void pem_write(struct buf *out, const char *type, struct str der); /* lines of 64 characters */

#endif
