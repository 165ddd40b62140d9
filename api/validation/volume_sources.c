/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/volume_sources.h"

#include <regex.h>

#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

void check_needed(struct check *c, const json_t *source, const char *name)
{
	if (field(source, name).n == 0)
		check_required(c, name, "%s", "");
}

static void check_row(struct check *c, const json_t *source, const struct volume_source *row)
{
	size_t was = check_in(c, row->path ? row->path : row->name);
	for (size_t i = 0; i < COUNT_OF(row->needed) && row->needed[i]; i++)
		check_needed(c, source, row->needed[i]);
	if (row->check)
		row->check(c, source);
	check_out(c, was);
}

void check_volume_source(struct check *c, const json_t *holder, const struct volume_source *rows)
{
	size_t n = 0;
	for (const struct volume_source *row = rows; row->name; row++) {
		const json_t *source = json_object_get(holder, row->name);
		if (!source)
			continue;
		if (n++ && !row->unnoticed)
			check_forbidden(c, row->clash ? row->clash : row->name,
					"may not specify more than 1 volume type");
		else
			check_row(c, source, row);
		if (n == 1 && row->beside)
			row->beside(c, holder);
	}
	if (n == 0)
		check_required(c, NULL, "must specify a volume type");
}

/* ---- of the node and the network ---- */

void check_host_path(struct check *c, const json_t *source)
{
	static const char *const types[] = {
		"",     "BlockDevice",  "CharDevice", "Directory", "DirectoryOrCreate",
		"File", "FileOrCreate", "Socket",     NULL
	};
	const json_t *type = json_object_get(source, "type");
	if (field(source, "path").n == 0) {
		check_required(c, "path", "%s", "");
		return;
	}
	check_no_backsteps(c, "path", field(source, "path"));
	if (type && !str_in(tree_str(type), types))
		check_unsupported(c, "type", type, types);
}

void check_disk_partition(struct check *c, const json_t *source)
{
	const json_t *partition = json_object_get(source, "partition");
	json_int_t v = json_integer_value(partition);
	if (v < 0 || v > 255)
		check_invalid(c, "partition", partition, "must be between 1 and 255, inclusive");
}

void check_nfs(struct check *c, const json_t *source)
{
	struct str path = field(source, "path");
	if (path.n == 0 || path.p[0] != '/')
		check_invalid_text(c, "path", path, "must be an absolute path");
}

static bool matches(const char *pattern, struct str text)
{
	regex_t re;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	auto_free char *copy = str_dup(text);
	bool yes = regexec(&re, copy, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

/* An iSCSI name: iqn, eui or naa. `unknown`: what is said of other beginnings. */
static void check_iscsi_name(struct check *c, const char *child, struct str name,
			     const char *unknown)
{
	static const struct {
		struct str prefix;
		const char *pattern;
	} forms[] = {
		{ { "iqn", 3 },
		  "iqn\\.[0-9]{4}-[0-9]{2}\\.([[:alnum:].-]+)(:[^,;*&$|[:space:]]+)$" },
		{ { "eui", 3 }, "^eui.[[:alnum:]]{16}$" },
		{ { "naa", 3 }, "^naa.[[:alnum:]]{32}$" },
	};
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (str_starts(name, forms[i].prefix)) {
			if (!matches(forms[i].pattern, name))
				check_invalid_text(c, child, name, "must be valid format");
			return;
		}
	check_invalid_text(c, child, name, "%s", unknown);
}

bool iscsi_too_long(struct str volume, const json_t *source)
{
	return json_object_get(source, "initiatorName") &&
	       volume.n + 1 + field(source, "targetPortal").n > 64;
}

static void check_iscsi_fields(struct check *c, const json_t *source, const char *unknown,
			       bool persistent)
{
	const json_t *lun = json_object_get(source, "lun"),
		     *secret = json_object_get(source, "secretRef"),
		     *initiator = json_object_get(source, "initiatorName");
	bool chap = json_is_true(json_object_get(source, "chapAuthDiscovery")) ||
		    json_is_true(json_object_get(source, "chapAuthSession"));
	if (field(source, "iqn").n == 0)
		check_required(c, "iqn", "%s", "");
	else
		check_iscsi_name(c, "iqn", field(source, "iqn"), unknown);
	if (json_integer_value(lun) < 0 || json_integer_value(lun) > 255)
		check_invalid(c, "lun", lun, "must be between 0 and 255, inclusive");
	if (chap && !secret)
		check_required(c, "secretRef", "%s", "");
	if (persistent)
		check_secret_named(c, source);
	if (initiator)
		check_iscsi_name(c, "initiatorname", tree_str(initiator), unknown);
}

void check_iscsi(struct check *c, const json_t *source)
{
	check_iscsi_fields(c, source, "must be valid format starting with iqn, eui, or naa", false);
}

void check_iscsi_persistent(struct check *c, const json_t *source)
{
	check_iscsi_fields(c, source, "must be valid format", true);
}

void check_fibre_channel(struct check *c, const json_t *source)
{
	const json_t *names = json_object_get(source, "targetWWNs"),
		     *lun = json_object_get(source, "lun");
	bool named = json_array_size(names),
	     ids = json_array_size(json_object_get(source, "wwids"));
	if (!named && !ids)
		check_required(c, "targetWWNs",
			       "must specify either targetWWNs or wwids, but not both");
	if (named && ids)
		check_invalid(c, "targetWWNs", names,
			      "targetWWNs and wwids can not be specified simultaneously");
	if (named && !lun)
		check_required(c, "lun", "lun is required if targetWWNs is specified");
	else if (named && (json_integer_value(lun) < 0 || json_integer_value(lun) > 255))
		check_invalid(c, "lun", lun, "must be between 0 and 255, inclusive");
}

/* ---- of clouds and clusters ---- */

/* HOST:PORT as Go's net.SplitHostPort takes it: one colon, or the host in brackets. */
static bool is_host_port(struct str pair)
{
	size_t last = str_rfind(pair, ':'), open = str_find(pair, '['), close = str_find(pair, ']');
	if (last == pair.n)
		return false;
	if (pair.p[0] == '[')
		return close < pair.n && close + 1 == last &&
		       str_find(str_of(pair.p + 1, pair.n - 1), '[') == pair.n - 1;
	return str_find(pair, ':') == last && open == pair.n && close == pair.n;
}

void check_quobyte(struct check *c, const json_t *source)
{
	static const char pairs[] =
		"must be a host:port pair or multiple pairs separated by commas";
	struct str registry = field(source, "registry"), rest = registry, pair;
	if (registry.n == 0)
		check_required(c, "registry", "%s", pairs);
	else if (field(source, "tenant").n >= 65)
		check_required(c, "tenant",
			       "must be a UUID and may not exceed a length of 64 characters");
	else
		while (str_next(&rest, ',', &pair))
			if (!is_host_port(pair))
				check_invalid_text(c, "registry", registry, "%s", pairs);
	check_needed(c, source, "volume");
}

void check_flocker(struct check *c, const json_t *source)
{
	struct str name = field(source, "datasetName"), uuid = field(source, "datasetUUID");
	if (name.n == 0 && uuid.n == 0)
		check_required(c, NULL, "one of datasetName and datasetUUID is required");
	if (name.n && uuid.n)
		check_invalid_text(
			c, NULL, STR("resource"),
			"datasetName and datasetUUID can not be specified simultaneously");
	if (str_find(name, '/') < name.n)
		check_invalid_text(c, "datasetName", name, "must not contain '/'");
}

static bool ends_in(struct str key, const char *domain)
{
	size_t n = strlen(domain), slash = str_find(key, '/');
	return slash >= n && strncasecmp(key.p + slash - n, domain, n) == 0 &&
	       (slash == n || key.p[slash - n - 1] == '.');
}

void check_flex(struct check *c, const json_t *source)
{
	const char *key;
	json_t *unused;
	size_t was = check_in(c, "options");
	json_object_foreach (json_object_get(source, "options"), key, unused) {
		size_t at = check_in_key(c, str_from(key));
		if (ends_in(str_from(key), "kubernetes.io") || ends_in(str_from(key), "k8s.io"))
			check_invalid_text(c, NULL, str_from(key),
					   "kubernetes.io and k8s.io namespaces are reserved");
		check_out(c, at);
	}
	check_out(c, was);
}

void check_azure_disk(struct check *c, const json_t *source)
{
	static const char *const caching[] = { "None", "ReadOnly", "ReadWrite", NULL },
				 *const kinds[] = { "Dedicated", "Managed", "Shared", NULL },
				 *const managed[] = { "/subscriptions/{sub-id}/resourcegroups/"
						      "{group-name}/providers/microsoft.compute/"
						      "disks/{disk-id}",
						      NULL },
				 *const blob[] = { "https://{account-name}.blob.core.windows.net/"
						   "{container-name}/{disk-name}.vhd",
						   NULL };
	const json_t *mode = json_object_get(source, "cachingMode"),
		     *kind = json_object_get(source, "kind"),
		     *uri = json_object_get(source, "diskURI");
	bool is_managed = str_eqz(tree_str(kind), "Managed");
	if (mode && !str_in(tree_str(mode), caching))
		check_unsupported(c, "cachingMode", mode, caching);
	if (kind && !str_in(tree_str(kind), kinds))
		check_unsupported(c, "kind", kind, kinds);
	if (kind &&
	    !str_starts(tree_str(uri), str_from(is_managed ? "/subscriptions/" : "https://")))
		check_unsupported(c, "diskURI", uri, is_managed ? managed : blob);
}

void check_secret_named(struct check *c, const json_t *source)
{
	const json_t *secret = json_object_get(source, "secretRef");
	if (secret && field(secret, "name").n == 0)
		check_required(c, "secretRef.name", "%s", "");
}

void check_secret_placed(struct check *c, const json_t *source)
{
	const json_t *secret = json_object_get(source, "secretRef");
	check_secret_named(c, source);
	if (secret && field(secret, "namespace").n == 0)
		check_required(c, "secretRef.namespace", "%s", "");
}

void check_storage_os(struct check *c, const json_t *source)
{
	struct str ns = field(source, "volumeNamespace");
	check_required_name(c, "volumeName", field(source, "volumeName"), name_dns_label);
	if (ns.n)
		check_name(c, "volumeNamespace", ns, name_dns_label);
	check_secret_named(c, source);
}

void check_monitors(struct check *c, const json_t *source)
{
	if (json_array_size(json_object_get(source, "monitors")) == 0)
		check_required(c, "monitors", "%s", "");
}

void check_rbd(struct check *c, const json_t *source)
{
	check_monitors(c, source);
	check_needed(c, source, "image");
}
