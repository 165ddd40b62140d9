/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as YAML in block style, for Accept: application/yaml. Any thread. */
#ifndef SERVER_APISERVER_WRITE_YAML_H
#define SERVER_APISERVER_WRITE_YAML_H

#include <jansson.h>

#include "base/buf.h"

void yaml_write(const json_t *tree, struct buf *out);

#endif
