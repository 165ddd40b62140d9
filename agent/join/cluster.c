/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from the cluster: the authority in kube-public/cluster-info, and the facts for nodes in
 * kube-system/allinone-node-config. */
#include "agent/join/cluster.h"

#include "api/object/meta.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

#define FILE_MAX (1u << 20)

int cluster_info_ca(struct str body, struct buf *pem, struct err *err)
{
	static const struct str key = STR_INIT("certificate-authority-data:");
	json_t *tree = json_loadb(body.p, body.n, 0, NULL);
	struct str rest = tree_get_str(tree, "data", "kubeconfig", NULL), line;
	bool found = false;
	while (!found && rest.n && str_next(&rest, '\n', &line)) {
		line = str_trim(line);
		found = str_cut_prefix(&line, key) && base64_decode(pem, str_trim(line)) && pem->n;
	}
	json_decref(tree);
	return found ? 0
		     : err_set(err, ERR_INTERNAL,
			       "the server's cluster-info names no certificate authority");
}

static char **split(struct str text)
{
	struct str one;
	char **out = mem_zalloc(sizeof(char *));
	for (size_t n = 0; text.n && str_next(&text, ',', &one); n++) {
		out = mem_realloc(out, (n + 2) * sizeof(char *));
		out[n] = str_dup(str_trim(one));
		out[n + 1] = NULL;
	}
	return out;
}

static void list_free(char **l)
{
	for (size_t i = 0; l && l[i]; i++)
		free(l[i]);
	free(l);
}

void join_cluster_free(struct join_cluster *c)
{
	list_free(c->cluster_cidrs);
	list_free(c->cluster_dns);
	free(c->cluster_domain);
	*c = (struct join_cluster){ 0 };
}

int cluster_facts_read(struct str body, struct join_cluster *out, struct buf *client_ca,
		       struct err *err)
{
	json_t *tree = json_loadb(body.p, body.n, 0, NULL);
	const json_t *data = tree_get(tree, "data", NULL);
	struct join_cluster c = {
		.cluster_cidrs = split(tree_get_str(data, "cluster-cidr", NULL)),
		.cluster_dns = split(tree_get_str(data, "cluster-dns", NULL)),
		.cluster_domain = str_dup(tree_get_str(data, "cluster-domain", NULL)),
	};
	buf_str(client_ca, tree_get_str(data, "client-ca.crt", NULL));
	json_decref(tree);
	if (!c.cluster_cidrs[0] || !c.cluster_dns[0] || !*c.cluster_domain || !client_ca->n) {
		join_cluster_free(&c);
		return err_set(err, ERR_INTERNAL,
			       "the server does not say what a node has to know; is it an "
			       "allinone server?");
	}
	*out = c;
	return 0;
}

static const char *const pair_names[ORDER_KINDS] = {
	[ORDER_KUBELET] = "client-kubelet",
	[ORDER_SERVING] = "serving-kubelet",
	[ORDER_PROXY] = "client-kube-proxy",
	[ORDER_DNS] = "client-coredns",
};

void join_files_of(const char *data_dir, struct join_files *out)
{
	*out = (struct join_files){
		.server_ca = str_printf("%s/agent/server-ca.crt", data_dir),
		.client_ca = str_printf("%s/agent/client-ca.crt", data_dir),
		.cluster = str_printf("%s/agent/cluster.json", data_dir),
	};
	for (size_t i = 0; i < ORDER_KINDS; i++)
		out->pairs[i] = str_printf("%s/agent/%s.pem", data_dir, pair_names[i]);
}

void join_files_free(struct join_files *f)
{
	free(f->server_ca);
	free(f->client_ca);
	free(f->cluster);
	for (size_t i = 0; i < ORDER_KINDS; i++)
		free(f->pairs[i]);
}

int cluster_facts_load(const struct join_files *f, struct join_cluster *out, struct err *err)
{
	auto_buf text = { 0 }, ca = { 0 };
	int r = file_read(f->cluster, FILE_MAX, &text, err);
	return r < 0 ? r : cluster_facts_read(buf_view(&text), out, &ca, err);
}

int cluster_facts_store(const struct join_files *f, struct str body, struct str client_ca,
			struct err *err)
{
	int r = file_write_atomic(f->client_ca, client_ca.p, client_ca.n, 0644, err);
	return r < 0 ? r : file_write_atomic(f->cluster, body.p, body.n, 0644, err);
}
