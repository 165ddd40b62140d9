/* SPDX-License-Identifier: Apache-2.0 */
/* Which labels a node may give itself: its own, and of the reserved domains those that kubelets set. Pure. */
#ifndef SERVER_APISERVER_ADMISSION_NODE_LABELS_H
#define SERVER_APISERVER_ADMISSION_NODE_LABELS_H

#include <jansson.h>

#include "base/buf.h"

/* The names of those that differ and may not, sorted, as "a, b". Either may be NULL. */
void node_labels_forbidden(const json_t *new, const json_t *old, struct buf *out);
bool node_label_is_forbidden(struct str key);

#endif
