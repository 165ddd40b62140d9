/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pages/node_files.h"

#include "base/file.h"
#include "server/apiserver/apiserver.h"
#include "server/apiserver/pki/names.h"
#include "server/apiserver/server.h"

struct node_files {
	struct node_files *next;
	struct apiserver_node_files paths;
	struct apiserver_node_renewal renewal;
	char *node;
};

static int issue(struct apiserver *s, const char *dir, const char *node, bool *serving_changed,
		 struct err *err)
{
	auto_arena a = { 0 };
	struct name_list names = { 0 };
	struct pki_pair pair = { 0 };
	bool changed;
	auto_free char *user = str_printf("system:node:%s", node);
	struct pki_leaf_spec serving = { "serving-kubelet", CA_SERVER, CERT_SERVER, node, NULL };
	struct pki_leaf_spec client = { "client-kubelet", CA_CLIENT, CERT_CLIENT, user,
					"system:nodes" };
	name_list_add(&names, &a, node);
	name_list_add(&names, &a, "localhost");
	names_add_local(&names, &a);
	int r = pki_pair_ensure(&s->pki, dir, &serving, names.items, clock_wall_s(s->clock), &pair,
				serving_changed, err);
	if (r == 0)
		r = pki_pair_ensure(&s->pki, dir, &client, NULL, clock_wall_s(s->clock), &pair,
				    &changed, err);
	buf_free(&pair.cert);
	buf_free(&pair.key);
	name_list_free(&names);
	return r;
}

static int authority_write(struct apiserver *s, const char *dir, const char *name, enum pki_ca ca,
			   struct err *err)
{
	auto_free char *path = str_printf("%s/%s", dir, name);
	const struct buf *pem = &s->pki.ca[ca].pem;
	return file_write_atomic(path, pem->p, pem->n, 0644, err);
}

int node_files_renew(struct apiserver *s, struct err *err)
{
	auto_free char *dir = str_printf("%s/agent", s->data_dir);
	for (struct node_files *f = s->node_files; f; f = f->next) {
		bool changed = false;
		int r = issue(s, dir, f->node, &changed, err);
		if (r < 0)
			return err_wrap(err, r, "certificates of node %s", f->node);
		if (changed && f->renewal.renewed)
			f->renewal.renewed(f->renewal.ctx);
	}
	return 0;
}

int apiserver_issue_node(struct apiserver *s, const char *node_name,
			 const struct apiserver_node_renewal *renewal,
			 struct apiserver_node_files *out, struct err *err)
{
	auto_free char *dir = str_printf("%s/agent", s->data_dir);
	bool changed;
	int r = dir_make(dir, 0700, err);
	if (r == 0)
		r = issue(s, dir, node_name, &changed, err);
	if (r == 0)
		r = authority_write(s, dir, "client-ca.crt", CA_CLIENT, err);
	if (r == 0)
		r = authority_write(s, dir, "server-ca.crt", CA_SERVER, err);
	if (r < 0)
		return err_wrap(err, r, "certificates of node %s", node_name);
	struct node_files *f = NEW(struct node_files);
	f->paths = (struct apiserver_node_files){
		.client_ca = str_printf("%s/client-ca.crt", dir),
		.serving_cert = str_printf("%s/serving-kubelet.crt", dir),
		.serving_key = str_printf("%s/serving-kubelet.key", dir)
	};
	f->renewal = *renewal;
	f->node = str_dup(str_from(node_name));
	f->next = s->node_files;
	s->node_files = f;
	*out = f->paths;
	return 0;
}

void node_files_free(struct node_files *f)
{
	while (f) {
		struct node_files *next = f->next;
		free((char *)f->paths.client_ca);
		free((char *)f->paths.serving_cert);
		free((char *)f->paths.serving_key);
		free(f->node);
		free(f);
		f = next;
	}
}
