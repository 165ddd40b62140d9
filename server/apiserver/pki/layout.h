/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of a cluster and where they lie: DATADIR/server/tls as k3s lays it out. What is missing is made (all of it
 * in some 20 ms), what has less than a third of its life left or lacks a name is issued anew under the same authority. */
#ifndef SERVER_APISERVER_PKI_LAYOUT_H
#define SERVER_APISERVER_PKI_LAYOUT_H

#include "server/apiserver/pki/cert.h"

enum pki_ca { CA_SERVER, CA_CLIENT, CA_REQUEST_HEADER, CA_COUNT };
enum pki_leaf { /* key and certificate pairs */
		LEAF_SERVING,
		LEAF_ADMIN,
		LEAF_CONTROLLER,
		LEAF_SCHEDULER,
		LEAF_KUBELET_CLIENT,
		LEAF_AUTH_PROXY,
		LEAF_COUNT
};
struct pki_pair {
	struct buf cert, key; /* PEM */
};
struct pki {
	char *dir; /* DATADIR/server/tls */
	struct cert_authority ca[CA_COUNT];
	struct pki_pair leaf[LEAF_COUNT];
	struct buf service_key; /* PEM of the service accounts' signing key */
};
/* `names`: subject alternative names of the serving certificate. */
int pki_open(struct pki *p, const char *data_dir, const char *const *names, int64_t now_s,
	     struct err *err);
/* Issues what is due; *changed tells whether anything was. */
int pki_renew(struct pki *p, const char *const *names, int64_t now_s, bool *changed,
	      struct err *err);
void pki_close(struct pki *p);

/* A pair of any subject kept at DIR/NAME.crt and .key. */
struct pki_leaf_spec {
	const char *name;
	enum pki_ca ca;
	enum cert_use use;
	const char *common_name, *organization;
};
int pki_pair_ensure(struct pki *p, const char *dir, const struct pki_leaf_spec *spec,
		    const char *const *names, int64_t now_s, struct pki_pair *out, bool *changed,
		    struct err *err);

#endif
