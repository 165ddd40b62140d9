/* SPDX-License-Identifier: Apache-2.0 */
/* What collectors of logs read: DIR/POD_NAMESPACE_CONTAINER-ID.log, a link to the container's log. It is made when the
 * container has started, stays while the log is rotated (which keeps its name) and goes before the log does, so that
 * none leads nowhere. Any thread. Follows upstream's kubelet/kuberuntime/legacy.go. */
#ifndef AGENT_KUBELET_POD_LOG_LINK_H
#define AGENT_KUBELET_POD_LOG_LINK_H

#include "base/err.h"

#define LOG_LINKS "/var/log/containers"

struct log_link {
	const char *pod, *ns, *container, *id;
};

/* Makes the directory too. A name longer than a file's may be loses its end before ".log"; one that then is there
 * already leads to the newer log from now on. Does nothing when there is no log. */
int log_link_make(const char *dir, const struct log_link *l, const char *log, struct err *err);
/* All links in `dir` to a log, or to what lies in a directory of logs (then `logs` ends in '/'). */
void log_links_remove(const char *dir, const char *logs);

#endif
