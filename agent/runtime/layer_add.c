/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/layer_add.h"

#include "agent/runtime/layer.h"
#include "base/file.h"
#include "base/mem.h"

static int check(const struct layer_source *from, const char *stored, const char *plain,
		 struct err *err)
{
	if (from->stored_digest && strcmp(stored, from->stored_digest) != 0)
		return err_set(err, ERR_INVALID, "layer has the digest %s, not %s", stored,
			       from->stored_digest);
	if (strcmp(plain, from->diff_id) != 0)
		return err_set(err, ERR_INVALID, "layer unpacks to the digest %s, not %s", plain,
			       from->diff_id);
	return 0;
}

static int unpack(struct blob_reader *reader, const struct layer_source *from, const char *tmp,
		  int64_t *bytes, struct err *err)
{
	auto_free char *fs = str_printf("%s/fs", tmp);
	char stored[DIGEST_TEXT], plain[DIGEST_TEXT];
	int r = dir_make(fs, 0755, err);
	if (r == 0)
		r = layer_unpack(reader, fs, bytes, err);
	if (r == 0)
		r = blob_reader_finish(reader, stored, plain, err);
	return r < 0 ? r : check(from, stored, plain, err);
}

int layer_add(struct image_store *s, const struct layer_source *from, struct err *err)
{
	auto_free char *tmp = store_tmp(s);
	struct blob_reader *reader;
	int64_t bytes = 0;
	if (store_has_layer(s, digest_hex(from->diff_id)))
		return 0;
	int r = blob_reader_new(from->range, LAYER_BYTES_MAX, &reader, err);
	if (r < 0)
		return r;
	blob_reader_watch(reader, from->taken, from->ctx);
	r = unpack(reader, from, tmp, &bytes, err);
	blob_reader_free(reader);
	if (r == 0)
		r = store_add_layer(s, tmp, digest_hex(from->diff_id), bytes, err);
	if (r < 0)
		dir_remove(tmp, NULL);
	return r;
}
