/* SPDX-License-Identifier: Apache-2.0 */
/* docker-archive. It has no manifest of the kind that registries have, so one is made: of the plain layers. */
#include "agent/runtime/import_parts.h"

static void make_manifest(const struct import *im, struct found *f)
{
	struct buf *out = &f->manifest;
	char digest[DIGEST_TEXT];
	digest_of(f->config.p, f->config.n, digest);
	buf_printf(out,
		   "{\"schemaVersion\":2,\"mediaType\":\"application/"
		   "vnd.oci.image.manifest.v1+json\",\"config\":{"
		   "\"mediaType\":\"application/"
		   "vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
		   digest, f->config.n);
	for (size_t i = 0; i < f->nlayers; i++)
		buf_printf(out,
			   "%s{\"mediaType\":\"application/"
			   "vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%lld}",
			   i ? "," : "", f->parsed.diff_ids[i],
			   (long long)import_file_bytes(im->a, f->layer_files[i]));
	buf_puts(out, "]}");
	digest_of(out->p, out->n, f->manifest_digest);
	memcpy(f->target, f->manifest_digest, sizeof(f->target));
}

static int docker_image(struct import *im, const json_t *o, struct found *f, struct err *err)
{
	const char *config = json_string_value(json_object_get(o, "Config"));
	const json_t *layers = json_object_get(o, "Layers");
	json_t *item;
	size_t i;
	if (!config || !json_is_array(layers) || json_array_size(layers) > LAYERS_MAX)
		return err_set(err, ERR_INVALID,
			       "manifest.json has an image without config or layers");
	import_alloc_layers(f, json_array_size(layers));
	json_array_foreach (layers, i, item) {
		const char *file = json_string_value(item);
		if (!file)
			return err_set(err, ERR_INVALID,
				       "manifest.json names a layer that is no text");
		f->layer_files[i] = str_dup(str_from(file));
	}
	int r = archive_read(im->a, config, BLOB_MAX, &f->config, err);
	if (r == 0)
		r = import_parse_config(f, err);
	if (r == 0)
		make_manifest(im, f);
	return r;
}

int import_docker(struct import *im, const json_t *list, struct err *err)
{
	const json_t *o;
	size_t i, k;
	int r = 0;
	for (i = 0; r == 0 && i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		const json_t *tags = json_object_get(o, "RepoTags");
		size_t at = im->n;
		r = docker_image(im, o, import_add(im), err);
		for (k = 0; r == 0 && k < json_array_size(tags); k++) {
			const char *tag = json_string_value(json_array_get(tags, k));
			r = tag ? import_name(im, at, tag, err) : 0;
		}
		if (r == 0 && !im->found[at].name)
			r = import_name_after_file(im, at, "latest", err);
	}
	return r;
}
