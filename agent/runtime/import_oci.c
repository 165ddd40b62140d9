/* SPDX-License-Identifier: Apache-2.0 */
/* OCI layout: documents and layers under their digests, names as annotations. */
#include <stdio.h>

#include "agent/runtime/import_parts.h"

#define OCI_NAME  "org.opencontainers.image.ref.name"
#define FULL_NAME "io.containerd.image.name"

static char *blob_file(const char *digest)
{
	return str_printf("blobs/sha256/%s", digest_hex(digest));
}

static int read_verified(struct import *im, const char *digest, struct buf *out, struct err *err)
{
	auto_free char *file = blob_file(digest);
	char real[DIGEST_TEXT];
	int r = archive_read(im->a, file, BLOB_MAX, out, err);
	if (r < 0)
		return r;
	digest_of(out->p, out->n, real);
	return strcmp(real, digest) == 0
		       ? 0
		       : err_set(err, ERR_INVALID, "%s has the digest %s", file, real);
}

static int oci_manifest(struct import *im, struct found *f, const char *digest, struct err *err)
{
	struct manifest m;
	int r = read_verified(im, digest, &f->manifest, err);
	if (r == 0)
		r = manifest_parse(buf_view(&f->manifest), &m, err);
	if (r < 0)
		return r;
	snprintf(f->manifest_digest, sizeof(f->manifest_digest), "%s", digest);
	import_alloc_layers(f, m.nlayers);
	for (size_t i = 0; i < m.nlayers; i++) {
		f->layer_files[i] = blob_file(m.layers[i].digest);
		memcpy(f->stored[i], m.layers[i].digest, DIGEST_TEXT);
	}
	r = read_verified(im, m.config.digest, &f->config, err);
	manifest_free(&m);
	return r < 0 ? r : import_parse_config(f, err);
}

static int oci_image(struct import *im, const char *digest, const char *media_type, struct found *f,
		     struct err *err)
{
	auto_buf text = { 0 };
	struct descriptor d = { .digest = "" };
	snprintf(f->target, sizeof(f->target), "%s", digest);
	int r = read_verified(im, digest, &text, err);
	if (r < 0)
		return r;
	if (!document_is_index(buf_view(&text), str_from(media_type)))
		return oci_manifest(im, f, digest, err);
	r = index_pick(buf_view(&text), &d, err);
	if (r == 0)
		r = oci_manifest(im, f, d.digest, err);
	descriptor_free(&d);
	return r;
}

static const char *annotation(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(json_object_get(o, "annotations"), key));
}

static bool other_platform(const json_t *o)
{
	const json_t *p = json_object_get(o, "platform");
	return p && platform_score(json_string_value(json_object_get(p, "os")),
				   json_string_value(json_object_get(p, "architecture")),
				   json_string_value(json_object_get(p, "variant"))) == 0;
}

static int oci_name(struct import *im, size_t at, const json_t *o, struct err *err)
{
	const char *full = annotation(o, FULL_NAME), *ref = annotation(o, OCI_NAME);
	if (full)
		return import_name(im, at, full, err);
	if (ref && (strchr(ref, '/') || strchr(ref, ':')))
		return import_name(im, at, ref, err);
	return import_name_after_file(im, at, ref ? ref : "latest", err);
}

int import_oci(struct import *im, const json_t *list, struct err *err)
{
	int r = 0;
	bool skipped = false;
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *digest = json_string_value(json_object_get(o, "digest"));
		const char *type = json_string_value(json_object_get(o, "mediaType"));
		size_t at = im->n;
		if (other_platform(o)) {
			skipped = true;
			continue;
		}
		if (!digest || !digest_valid(digest))
			return err_set(err, ERR_INVALID,
				       "index.json has a descriptor without a valid digest");
		r = oci_image(im, digest, type ? type : "", import_add(im), err);
		if (r == 0)
			r = oci_name(im, at, o, err);
	}
	if (r == 0 && im->n == 0)
		return err_set(err, ERR_NOT_FOUND,
			       skipped ? "no image in the archive is for %s"
				       : "the archive holds no image%.0s",
			       platform_text());
	return r;
}

bool import_oci_has_names(const json_t *list)
{
	const json_t *o;
	for (size_t i = 0; i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		if (annotation(o, FULL_NAME) || annotation(o, OCI_NAME))
			return true;
	}
	return false;
}
