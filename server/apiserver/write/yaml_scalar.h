/* SPDX-License-Identifier: Apache-2.0 */
/* A string as a YAML scalar, in the style and with the line breaks of upstream's emitter (libyaml's rules, lines of 80). */
#ifndef SERVER_APISERVER_WRITE_YAML_SCALAR_H
#define SERVER_APISERVER_WRITE_YAML_SCALAR_H

#include "base/buf.h"

/* `indent`: of lines that continue it; `key`: it stays on one line. */
void yaml_scalar_write(struct str text, int indent, bool key, struct buf *out);

#endif
