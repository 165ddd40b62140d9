/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/pod_references.h"

#include <mbedtls/oid.h>
#include <mbedtls/x509_csr.h>

#include "api/object/meta.h"
#include "base/buf.h"
#include "base/mem.h"

/* Environment of any kind of containers that names an object of this kind. */
static bool env_refers(const json_t *pod, const char *from, const char *key)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		json_t *container, *one;
		size_t i, k;
		json_array_foreach (tree_get(pod, "spec", lists[l], NULL), i, container) {
			json_array_foreach (json_object_get(container, "envFrom"), k, one)
				if (tree_get_str(one, from, "name", NULL).n)
					return true;
			json_array_foreach (json_object_get(container, "env"), k, one)
				if (tree_get_str(one, "valueFrom", key, "name", NULL).n)
					return true;
		}
	}
	return false;
}

/* Volumes whose secret is named in a field of theirs. */
static bool volume_has_secret(const json_t *volume)
{
	static const char *const refs[][2] = {
		{ "cephfs", "secretRef" },     { "cinder", "secretRef" },
		{ "flexVolume", "secretRef" }, { "rbd", "secretRef" },
		{ "scaleIO", "secretRef" },    { "iscsi", "secretRef" },
		{ "storageos", "secretRef" },  { "csi", "nodePublishSecretRef" },
	};
	for (size_t i = 0; i < COUNT_OF(refs); i++)
		if (tree_get_str(volume, refs[i][0], refs[i][1], "name", NULL).n)
			return true;
	return tree_get_str(volume, "secret", "secretName", NULL).n ||
	       tree_get_str(volume, "azureFile", "secretName", NULL).n;
}

static bool projects(const json_t *volume, const char *what)
{
	json_t *source;
	size_t i;
	json_array_foreach (tree_get(volume, "projected", "sources", NULL), i, source)
		if (json_object_get(source, what))
			return true;
	return false;
}

static const char *volume_reference(const json_t *volume)
{
	static const struct {
		const char *field, *what;
	} direct[] = { { "configMap", "configmaps (via configmap volumes)" },
		       { "secret", "secrets (via secret volumes)" },
		       { "csi", "csidrivers (via CSI volumes)" },
		       { "glusterfs", "endpoints (via glusterFS volumes)" },
		       { "persistentVolumeClaim", "persistentvolumeclaims" },
		       { "ephemeral", "persistentvolumeclaims (via ephemeral volumes)" },
		       { "azureFile", "secrets (via azureFile volumes)" } },
	  projected[] = { { "configMap", "configmaps (via projected volumes)" },
			  { "secret", "secrets (via projected volumes)" },
			  { "serviceAccountToken", "serviceaccounts (via projected volumes)" },
			  { "clusterTrustBundle", "clustertrustbundles" },
			  { "podCertificate", "podcertificates" } };
	for (size_t i = 0; i < COUNT_OF(direct); i++)
		if (json_object_get(volume, direct[i].field))
			return direct[i].what;
	for (size_t i = 0; i < COUNT_OF(projected); i++)
		if (projects(volume, projected[i].field))
			return projected[i].what;
	return NULL;
}

static bool any_volume(const json_t *pod, bool (*fn)(const json_t *volume))
{
	json_t *volume;
	size_t i;
	json_array_foreach (tree_get(pod, "spec", "volumes", NULL), i, volume)
		if (fn(volume))
			return true;
	return false;
}

static bool projects_secret(const json_t *volume)
{
	return volume_has_secret(volume) || projects(volume, "secret");
}

static bool has_config_map(const json_t *volume)
{
	return tree_get_str(volume, "configMap", "name", NULL).n || projects(volume, "configMap");
}

const char *pod_reference(const json_t *pod)
{
	json_t *volume;
	size_t i;
	if (tree_get_str(pod, "spec", "serviceAccountName", NULL).n)
		return "serviceaccounts";
	if (json_array_size(tree_get(pod, "spec", "imagePullSecrets", NULL)) ||
	    env_refers(pod, "secretRef", "secretKeyRef") || any_volume(pod, projects_secret))
		return "secrets";
	if (env_refers(pod, "configMapRef", "configMapKeyRef") || any_volume(pod, has_config_map))
		return "configmaps";
	if (json_array_size(tree_get(pod, "spec", "resourceClaims", NULL)))
		return "resourceclaims";
	json_array_foreach (tree_get(pod, "spec", "volumes", NULL), i, volume) {
		const char *what = volume_reference(volume);
		if (what)
			return what;
	}
	return NULL;
}

bool csr_names(struct str pem, const char *common_name)
{
	mbedtls_x509_csr csr;
	auto_buf text = { 0 };
	size_t n = 0;
	bool equal = false;
	buf_str(&text, pem);
	buf_putc(&text, '\0');
	mbedtls_x509_csr_init(&csr);
	if (mbedtls_x509_csr_parse(&csr, (unsigned char *)text.p, text.n) == 0)
		for (const mbedtls_x509_name *d = &csr.subject; d; d = d->next) {
			if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &d->oid))
				continue;
			equal = str_eqz(str_of(d->val.p, d->val.len), common_name);
			n++;
		}
	mbedtls_x509_csr_free(&csr);
	return equal && n == 1;
}
