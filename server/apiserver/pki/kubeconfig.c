/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pki/kubeconfig.h"

#include <libgen.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

static void data(struct buf *out, const char *key, struct str pem)
{
	buf_printf(out, "    %s: ", key);
	base64_encode(out, pem.p, pem.n);
	buf_putc(out, '\n');
}

void kubeconfig_text(const char *server_url, struct str ca_pem, const struct pki_pair *pair,
		     struct buf *out)
{
	buf_puts(out, "apiVersion: v1\nkind: Config\nclusters:\n- name: default\n  cluster:\n");
	data(out, "certificate-authority-data", ca_pem);
	buf_printf(out, "    server: %s\n", server_url);
	buf_puts(out,
		 "contexts:\n- name: default\n  context:\n    cluster: default\n    user: default\n"
		 "current-context: default\npreferences: {}\nusers:\n- name: default\n  user:\n");
	data(out, "client-certificate-data", buf_view(&pair->cert));
	data(out, "client-key-data", buf_view(&pair->key));
}

int kubeconfig_write(const char *path, mode_t mode, const char *server_url, struct str ca_pem,
		     const struct pki_pair *pair, struct err *err)
{
	auto_buf text = { 0 };
	auto_free char *copy = str_dup(str_from(path));
	int r = dir_make(dirname(copy), 0755, err);
	if (r < 0)
		return r;
	kubeconfig_text(server_url, ca_pem, pair, &text);
	r = file_write_atomic(path, text.p, text.n, mode, err);
	return r < 0 ? err_wrap(err, r, "write kubeconfig %s", path) : 0;
}
