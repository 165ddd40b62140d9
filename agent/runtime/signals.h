/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_RUNTIME_SIGNALS_H
#define AGENT_RUNTIME_SIGNALS_H

/* "SIGTERM", "TERM", "15", "SIGRTMIN+3" as images have them; 0 if it is none. Any thread. */
int signal_from_text(const char *text);

#endif
