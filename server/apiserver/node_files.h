/* SPDX-License-Identifier: Apache-2.0 */
/* apiserver_issue_node(): the certificates of the node on this machine, in DATADIR/agent. */
#ifndef SERVER_APISERVER_NODE_FILES_H
#define SERVER_APISERVER_NODE_FILES_H

struct node_files;
void node_files_free(struct node_files *f);

#endif
