/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/local_path/volume_plan.h"

#include "api/decode.h"
#include "client/placement.h"
#include "client/selectors.h"

#define SELECTED_NODE "local.path.provisioner/selected-node"
#define HOSTNAME      "kubernetes.io/hostname"

bool local_path_wants(const claim_struct *c, const struct storage_v1_storage_class *class)
{
	const struct str *by = annotation_get(&c->metadata, ANN_STORAGE_PROVISIONER);

	if (!by)
		by = annotation_get(&c->metadata, ANN_STORAGE_PROVISIONER_OLD);
	if (c->spec.volume_name.n || c->metadata.deletion_timestamp.set || !by || !class ||
	    !str_eqz(*by, LOCAL_PATH_PROVISIONER) ||
	    !str_eqz(class->provisioner, LOCAL_PATH_PROVISIONER))
		return false;
	return annotation_get(&c->metadata, ANN_SELECTED_NODE) ||
	       !str_eqz(class->volume_binding_mode, "WaitForFirstConsumer");
}

const char *local_path_refuses(const claim_struct *c)
{
	if (c->spec.selector)
		return "claim.Spec.Selector is not supported";
	for (size_t i = 0; i < c->spec.access_modes.n; i++)
		if (!str_eqz(c->spec.access_modes.items[i], "ReadWriteOnce") &&
		    !str_eqz(c->spec.access_modes.items[i], "ReadWriteOncePod"))
			return "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) "
			       "access modes";
	if (str_eqz(c->spec.volume_mode, "Block"))
		return "does not support block volume provisioning";
	return annotation_get(&c->metadata, ANN_SELECTED_NODE)
		       ? NULL
		       : "configuration error, no node was specified";
}

static bool is_plain(struct str s)
{
	return s.n && s.p[0] != '.' && str_find(s, '/') == s.n && memchr(s.p, '\0', s.n) == NULL;
}

bool local_path_directory(struct str root, const claim_struct *c, struct buf *out)
{
	const struct meta_v1_object_meta *m = &c->metadata;

	if (!is_plain(m->uid) || !is_plain(m->namespace) || !is_plain(m->name))
		return false;
	buf_printf(out, "%.*s/pvc-%.*s_%.*s_%.*s", STR_ARG(root), STR_ARG(m->uid),
		   STR_ARG(m->namespace), STR_ARG(m->name));
	return true;
}

static void write_list(struct buf *out, const struct api_str_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		buf_puts(out, i ? "," : "");
		buf_json_string(out, l->items[i]);
	}
}

static struct str requested(const claim_struct *c)
{
	for (size_t i = 0; i < c->spec.resources.requests.n; i++)
		if (str_eqz(c->spec.resources.requests.items[i].key, "storage"))
			return c->spec.resources.requests.items[i].value.text;
	return STR("0");
}

/* Of the claim, or else of its class; as rancher's. */
static bool wants_local(const claim_struct *c, const struct storage_v1_storage_class *class)
{
	const struct str *type = annotation_get(&c->metadata, "volumeType");

	if (!type)
		type = annotation_get(&class->metadata, "defaultVolumeType");
	return type && str_eqz(*type, "local");
}

static void write_spec(const claim_struct *c, const struct storage_v1_storage_class *class,
		       const struct core_v1_node *node, struct str path, struct buf *out)
{
	const struct meta_v1_object_meta *m = &c->metadata;
	const struct str *host = label_find(&node->metadata.labels, STR(HOSTNAME));

	buf_printf(out,
		   "{\"capacity\":{\"storage\":\"%.*s\"},\"%s\":{\"path\":", STR_ARG(requested(c)),
		   wants_local(c, class) ? "local" : "hostPath");
	buf_json_string(out, path);
	buf_puts(out, wants_local(c, class) ? "}" : ",\"type\":\"DirectoryOrCreate\"}");
	buf_puts(out, ",\"accessModes\":[");
	write_list(out, &c->spec.access_modes);
	buf_printf(out,
		   "],\"claimRef\":{\"kind\":\"PersistentVolumeClaim\",\"namespace\":\"%.*s\","
		   "\"name\":\"%.*s\",\"uid\":\"%.*s\",\"apiVersion\":\"v1\",\"resourceVersion\":"
		   "\"%.*s\"},\"persistentVolumeReclaimPolicy\":\"%.*s\",\"storageClassName\":"
		   "\"%.*s\",\"volumeMode\":\"Filesystem\",\"nodeAffinity\":{\"required\":{"
		   "\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"" HOSTNAME
		   "\",\"operator\":\"In\",\"values\":[",
		   STR_ARG(m->namespace), STR_ARG(m->name), STR_ARG(m->uid),
		   STR_ARG(m->resource_version),
		   STR_ARG(class->reclaim_policy.n ? class->reclaim_policy : STR("Delete")),
		   STR_ARG(claim_class(c)));
	buf_json_string(out, host ? *host : node->metadata.name);
	buf_puts(out, "]}]}]}}");
	if (class->mount_options.n) {
		buf_puts(out, ",\"mountOptions\":[");
		write_list(out, &class->mount_options);
		buf_putc(out, ']');
	}
	buf_putc(out, '}');
}

bool local_path_volume(const claim_struct *c, const struct storage_v1_storage_class *class,
		       const struct core_v1_node *node, struct buf *out)
{
	const struct str *root = annotation_get(&node->metadata, LOCAL_PATH_ANNOTATION);
	auto_buf path = { 0 };

	if (!local_path_directory(root && root->n ? *root : STR(LOCAL_PATH_DEFAULT), c, &path))
		return false;
	buf_printf(out,
		   "{\"kind\":\"PersistentVolume\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
		   "\"pvc-%.*s\",\"annotations\":{\"" ANN_PROVISIONED_BY
		   "\":\"" LOCAL_PATH_PROVISIONER "\",\"" SELECTED_NODE "\":",
		   STR_ARG(c->metadata.uid));
	buf_json_string(out, node->metadata.name);
	buf_puts(out, "}},\"spec\":");
	write_spec(c, class, node, buf_view(&path), out);
	buf_putc(out, '}');
	return true;
}

bool local_path_deletes(const volume_struct *v)
{
	const struct str *by = annotation_get(&v->metadata, ANN_PROVISIONED_BY);

	return by && str_eqz(*by, LOCAL_PATH_PROVISIONER) && str_eqz(v->status.phase, "Released") &&
	       str_eqz(v->spec.persistent_volume_reclaim_policy, "Delete") &&
	       !v->metadata.deletion_timestamp.set;
}

struct str local_path_node(const volume_struct *v)
{
	const struct str *name = annotation_get(&v->metadata, SELECTED_NODE);

	return name ? *name : STR("");
}

bool local_path_node_listens(const struct core_v1_node *n)
{
	for (size_t i = 0; n && i < n->status.conditions.n; i++)
		if (str_eqz(n->status.conditions.items[i].type, "Ready"))
			return str_eqz(n->status.conditions.items[i].status, "True");
	return n == NULL;
}
