/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that every cluster has from its first moment: system namespaces, priority classes, the `kubernetes` Service with its
 * endpoints, what extension API servers need to know. Made through the request path by system:apiserver; those that are there
 * already stay as they are. */
#ifndef SERVER_APISERVER_BOOTSTRAP_H
#define SERVER_APISERVER_BOOTSTRAP_H

struct apiserver;
/* On loops[0], before or while it runs; done(s) once everything is there. */
void bootstrap_start(struct apiserver *s, void (*done)(struct apiserver *s));

#endif
