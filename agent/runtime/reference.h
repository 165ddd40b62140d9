/* SPDX-License-Identifier: Apache-2.0 */
/* Image references as Docker reads them (distribution/reference): [DOMAIN/]PATH[:TAG][@DIGEST]. Any thread. */
#ifndef AGENT_RUNTIME_REFERENCE_H
#define AGENT_RUNTIME_REFERENCE_H

#include "agent/runtime/manifest.h"

#define REFERENCE_MAX  512 /* quoted of a bad one */
#define REFERENCE_TEXT 720 /* domain, path, tag or digest, and what is between them */

struct image_ref {
	char domain[256];         /* "docker.io", "localhost:5000", "[::1]:5000" */
	char path[256];           /* "library/busybox" */
	char tag[129];            /* "" when there is a digest: that says all */
	char digest[DIGEST_TEXT]; /* "" or "sha256:…" */
};
int image_ref_parse(const char *reference, struct image_ref *out,
		    struct err *err); /* ERR_BAD_REQUEST */
void image_ref_text(const struct image_ref *r, char out[REFERENCE_TEXT]);

#endif
