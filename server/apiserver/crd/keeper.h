/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what is served in step with the CustomResourceDefinitions that are stored: decides on names, compiles, publishes, writes
 * the status, and empties a resource whose definition is being deleted. On loops[0], as a watcher of the object cache.
 *
 *   event ─► look: names, conditions ─► established? ─► compile ─► cache redefined ─► registry ─► old watches end
 *                        └ status differs ─► written as system:apiserver; the event of that write is looked at like any other
 *
 * A definition is served before the status that says so can be seen. */
#ifndef SERVER_APISERVER_CRD_KEEPER_H
#define SERVER_APISERVER_CRD_KEEPER_H

struct apiserver;
struct crd_keeper;

struct crd_keeper *crd_keeper_new(struct apiserver *s);
/* Serves what was established before; in cache_set_load(), when no loop runs yet. */
void crd_keeper_load(void *keeper);
void crd_keeper_start(struct crd_keeper *k);
void crd_keeper_stop(struct crd_keeper *k); /* on loops[0] */
void crd_keeper_free(struct crd_keeper *k); /* after the loops have ended */

#endif
