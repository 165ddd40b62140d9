/* SPDX-License-Identifier: Apache-2.0 */
/* apiserver_issue_node(): the certificates of the node on this machine, in DATADIR/agent. */
#ifndef SERVER_APISERVER_PAGES_NODE_FILES_H
#define SERVER_APISERVER_PAGES_NODE_FILES_H

#include "base/err.h"

struct apiserver;
struct node_files;
/* What is about to expire is made anew, and its owner told. loops[0]. */
int node_files_renew(struct apiserver *s, struct err *err);
void node_files_free(struct node_files *f);

#endif
