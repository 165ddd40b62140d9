/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pki/layout.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define DAY_S       86400
#define CA_LIFE_S   ((int64_t)3650 * DAY_S)
#define LEAF_LIFE_S ((int64_t)365 * DAY_S)
#define PEM_MAX     (256u << 10)

static const struct {
	const char *name, *common_name;
} authorities[CA_COUNT] = {
	[CA_SERVER] = { "server-ca", "allinone-server-ca" },
	[CA_CLIENT] = { "client-ca", "allinone-client-ca" },
	[CA_REQUEST_HEADER] = { "request-header-ca", "allinone-request-header-ca" },
};

static const struct pki_leaf_spec leaves[LEAF_COUNT] = {
	[LEAF_SERVING] = { "serving-kube-apiserver", CA_SERVER, CERT_SERVER, "kube-apiserver",
			   NULL },
	[LEAF_ADMIN] = { "client-admin", CA_CLIENT, CERT_CLIENT, "system:admin", "system:masters" },
	[LEAF_CONTROLLER] = { "client-controller", CA_CLIENT, CERT_CLIENT,
			      "system:kube-controller-manager", NULL },
	[LEAF_SCHEDULER] = { "client-scheduler", CA_CLIENT, CERT_CLIENT, "system:kube-scheduler",
			     NULL },
	[LEAF_KUBELET_CLIENT] = { "client-kube-apiserver", CA_CLIENT, CERT_CLIENT,
				  "system:kube-apiserver", "system:masters" },
	[LEAF_AUTH_PROXY] = { "client-auth-proxy", CA_REQUEST_HEADER, CERT_CLIENT,
			      "system:auth-proxy", NULL },
};

static char *path_of(const char *dir, const char *name, const char *ending)
{
	return str_printf("%s/%s%s", dir, name, ending);
}

static int read_pair(const char *dir, const char *name, struct pki_pair *out, struct err *err)
{
	auto_free char *crt = path_of(dir, name, ".crt");
	auto_free char *key = path_of(dir, name, ".key");
	int r = file_read(crt, PEM_MAX, &out->cert, err);
	return r < 0 ? r : file_read(key, PEM_MAX, &out->key, err);
}

/* The key first: a certificate without its key is made again, never the other way round. */
static int write_pair(const char *dir, const char *name, const struct pki_pair *p, struct err *err)
{
	auto_free char *crt = path_of(dir, name, ".crt");
	auto_free char *key = path_of(dir, name, ".key");
	int r = file_write_atomic(key, p->key.p, p->key.n, 0600, err);
	return r < 0 ? r : file_write_atomic(crt, p->cert.p, p->cert.n, 0644, err);
}

static void pair_free(struct pki_pair *p)
{
	buf_free(&p->cert);
	buf_free(&p->key);
}

static int pair_make(const struct cert_spec *spec, struct pki_pair *out, struct err *err)
{
	auto_key key;
	int r = key_generate(&key, err);
	if (r == 0)
		r = key_write(&key, &out->key, err);
	return r < 0 ? r : cert_issue(spec, &key, &out->cert, err);
}

static int authority_ensure(struct pki *p, enum pki_ca which, int64_t now_s, struct err *err)
{
	struct pki_pair pair = { 0 };
	auto_err why = { 0 };
	const char *name = authorities[which].name;
	int r = read_pair(p->dir, name, &pair, &why);
	if (r == -ERR_NOT_FOUND && pair.cert.n == 0) {
		struct cert_spec spec = { .use = CERT_CA,
					  .common_name = authorities[which].common_name,
					  .now_s = now_s,
					  .life_s = CA_LIFE_S };
		r = pair_make(&spec, &pair, err);
		r = r < 0 ? r : write_pair(p->dir, name, &pair, err);
	} else if (r < 0) {
		err_move(err, &why);
	}
	if (r == 0)
		r = cert_authority_parse(buf_view(&pair.cert), buf_view(&pair.key), &p->ca[which],
					 err);
	pair_free(&pair);
	return r < 0 ? err_wrap(err, r, "certificate authority %s in %s", name, p->dir) : 0;
}

int pki_pair_ensure(struct pki *p, const char *dir, const struct pki_leaf_spec *leaf,
		    const char *const *names, int64_t now_s, struct pki_pair *out, bool *changed,
		    struct err *err)
{
	const struct cert_authority *ca = &p->ca[leaf->ca];
	struct pki_pair pair = { 0 };
	int r = read_pair(dir, leaf->name, &pair, NULL);
	bool due = r < 0 || cert_needs_renewal(buf_view(&pair.cert), ca, names, now_s);
	if (due) {
		pair_free(&pair);
		struct cert_spec spec = { .use = leaf->use,
					  .common_name = leaf->common_name,
					  .organization = leaf->organization,
					  .names = names,
					  .now_s = now_s,
					  .life_s = LEAF_LIFE_S,
					  .issuer = ca };
		r = pair_make(&spec, &pair, err);
		r = r < 0 ? r : write_pair(dir, leaf->name, &pair, err);
		if (r < 0) {
			pair_free(&pair);
			return err_wrap(err, r, "certificate %s in %s", leaf->name, dir);
		}
		*changed = true;
	}
	pair_free(out);
	*out = pair;
	return 0;
}

static int service_key_ensure(struct pki *p, struct err *err)
{
	auto_free char *path = path_of(p->dir, "service", ".key");
	auto_err why = { 0 };
	int r = file_read(path, PEM_MAX, &p->service_key, &why);
	if (r == 0)
		return 0;
	if (r != -ERR_NOT_FOUND) {
		err_move(err, &why);
		return r;
	}
	auto_key key;
	r = key_generate(&key, err);
	r = r < 0 ? r : key_write(&key, &p->service_key, err);
	return r < 0 ? r : file_write_atomic(path, p->service_key.p, p->service_key.n, 0600, err);
}

int pki_renew(struct pki *p, const char *const *names, int64_t now_s, bool *changed,
	      struct err *err)
{
	*changed = false;
	for (int i = 0; i < LEAF_COUNT; i++) {
		const char *const *wanted = i == LEAF_SERVING ? names : NULL;
		int r = pki_pair_ensure(p, p->dir, &leaves[i], wanted, now_s, &p->leaf[i], changed,
					err);
		if (r < 0)
			return r;
	}
	return 0;
}

int pki_open(struct pki *p, const char *data_dir, const char *const *names, int64_t now_s,
	     struct err *err)
{
	p->dir = str_printf("%s/server/tls", data_dir);
	int r = dir_make(p->dir, 0700, err);
	for (int i = 0; r == 0 && i < CA_COUNT; i++)
		r = authority_ensure(p, (enum pki_ca)i, now_s, err);
	bool changed;
	r = r < 0 ? r : pki_renew(p, names, now_s, &changed, err);
	return r < 0 ? r : service_key_ensure(p, err);
}

void pki_close(struct pki *p)
{
	for (int i = 0; i < CA_COUNT; i++)
		cert_authority_free(&p->ca[i]);
	for (int i = 0; i < LEAF_COUNT; i++)
		pair_free(&p->leaf[i]);
	buf_free(&p->service_key);
	free(TAKE(p->dir));
}
