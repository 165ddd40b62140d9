/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/manifest.h"

#include <jansson.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/mem.h"

#define STRINGS_MAX 4096 /* of a list in a config */

bool digest_valid(const char *digest)
{
	if (strncmp(digest, "sha256:", 7) != 0 || strlen(digest) != 71)
		return false;
	return strspn(digest + 7, "0123456789abcdef") == 64;
}

const char *digest_hex(const char *digest)
{
	return digest + 7;
}

void digest_of(const void *p, size_t n, char out[DIGEST_TEXT])
{
	memcpy(out, "sha256:", 7);
	sha256_hex(p, n, out + 7);
}

bool media_type_is_index(struct str type)
{
	size_t end = str_find(type, ';');
	type = str_trim(str_of(type.p, end));
	return str_eqz(type, "application/vnd.oci.image.index.v1+json") ||
	       str_eqz(type, "application/vnd.docker.distribution.manifest.list.v2+json");
}

static json_t *parse(struct str json, const char *what, struct err *err)
{
	json_error_t e;
	json_t *tree = json_loadb(json.p ? json.p : "", json.n, JSON_REJECT_DUPLICATES, &e);
	if (json_is_object(tree))
		return tree;
	err_set(err, ERR_INVALID, "%s is not valid: %s", what, tree ? "not an object" : e.text);
	json_decref(tree);
	return NULL;
}

static const char *text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

bool document_is_index(struct str json, struct str media_type)
{
	json_t *tree = parse(json, "manifest", NULL);
	const char *own = text_of(tree, "mediaType");
	bool index = own ? media_type_is_index(str_from(own))
			 : media_type_is_index(media_type) ||
				     json_is_array(json_object_get(tree, "manifests"));
	json_decref(tree);
	return index;
}

static int take_descriptor(const json_t *o, struct descriptor *out, struct err *err)
{
	const char *digest = text_of(o, "digest"), *type = text_of(o, "mediaType");
	json_int_t size = json_integer_value(json_object_get(o, "size"));
	if (!digest || !digest_valid(digest))
		return err_set(err, ERR_INVALID, "a descriptor has no valid sha256 digest");
	if (size < 0)
		return err_set(err, ERR_INVALID, "a descriptor has a negative size");
	memcpy(out->digest, digest, strlen(digest) + 1);
	out->size_bytes = size;
	out->media_type = str_dup(str_from(type ? type : ""));
	return 0;
}

void descriptor_free(struct descriptor *d)
{
	free(d->media_type);
	*d = (struct descriptor){ .digest = "" };
}

/* Attestations and the like are listed among the images, as platform "unknown". */
static int score_of(const json_t *o)
{
	const json_t *p = json_object_get(o, "platform");
	if (!p)
		return 1; /* says nothing: better than nothing */
	return platform_score(text_of(p, "os"), text_of(p, "architecture"), text_of(p, "variant"));
}

int index_pick(struct str json, struct descriptor *out, struct err *err)
{
	json_t *tree = parse(json, "index", err), *best = NULL, *item;
	size_t i;
	int best_score = 0;
	if (!tree)
		return -ERR_INVALID;
	json_t *list = json_object_get(tree, "manifests");
	if (json_array_size(list) > INDEX_MAX) {
		json_decref(tree);
		return err_set(err, ERR_INVALID, "index lists more than %d manifests", INDEX_MAX);
	}
	json_array_foreach (list, i, item) {
		int score = score_of(item);
		if (score > best_score) {
			best_score = score;
			best = item;
		}
	}
	int r = best ? take_descriptor(best, out, err)
		     : err_set(err, ERR_NOT_FOUND, "no match for platform in manifest: %s",
			       platform_text());
	json_decref(tree);
	return r;
}

static int take_layers(const json_t *list, struct manifest *m, struct err *err)
{
	json_t *item;
	size_t i;
	if (json_array_size(list) > LAYERS_MAX)
		return err_set(err, ERR_INVALID, "manifest has more than %d layers", LAYERS_MAX);
	m->layers = mem_zalloc(sizeof(*m->layers) * (json_array_size(list) + 1));
	json_array_foreach (list, i, item) {
		int r = take_descriptor(item, &m->layers[i], err);
		if (r < 0)
			return r;
		m->nlayers = i + 1;
	}
	return 0;
}

int manifest_parse(struct str json, struct manifest *out, struct err *err)
{
	json_t *tree = parse(json, "manifest", err);
	struct manifest m = { .nlayers = 0 };
	if (!tree)
		return -ERR_INVALID;
	json_t *layers = json_object_get(tree, "layers"), *config = json_object_get(tree, "config");
	int r;
	if (json_integer_value(json_object_get(tree, "schemaVersion")) == 1)
		r = err_set(err, ERR_INVALID,
			    "manifest schema version 1 is not supported: push the image again");
	else if (!json_is_object(config) || !json_is_array(layers))
		r = err_set(err, ERR_INVALID, "manifest has no config or no layers");
	else
		r = take_descriptor(config, &m.config, err);
	if (r == 0)
		r = take_layers(layers, &m, err);
	json_decref(tree);
	if (r < 0)
		manifest_free(&m);
	else
		*out = m;
	return r;
}

void manifest_free(struct manifest *m)
{
	descriptor_free(&m->config);
	for (size_t i = 0; i < m->nlayers; i++)
		descriptor_free(&m->layers[i]);
	free(m->layers);
	*m = (struct manifest){ .nlayers = 0 };
}

static char *copy_text(const json_t *o, const char *name)
{
	const char *text = text_of(o, name);
	return text && *text ? str_dup(str_from(text)) : NULL;
}

static char **copy_list(const json_t *o, const char *name)
{
	const json_t *list = json_object_get(o, name);
	size_t n = json_array_size(list), used = 0;
	if (!n)
		return NULL;
	if (n > STRINGS_MAX)
		n = STRINGS_MAX;
	char **out = mem_zalloc(sizeof(*out) * (n + 1));
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text)
			out[used++] = str_dup(str_from(text));
	}
	return out;
}

static int take_diff_ids(const json_t *tree, struct image_config *c, struct err *err)
{
	const json_t *list = json_object_get(json_object_get(tree, "rootfs"), "diff_ids");
	size_t n = json_array_size(list);
	if (n > LAYERS_MAX)
		return err_set(err, ERR_INVALID, "image config has more than %d layers",
			       LAYERS_MAX);
	c->diff_ids = mem_zalloc(sizeof(*c->diff_ids) * (n + 1));
	for (size_t i = 0; i < n; i++) {
		const char *digest = json_string_value(json_array_get(list, i));
		if (!digest || !digest_valid(digest))
			return err_set(err, ERR_INVALID, "image config has an invalid diff id");
		memcpy(c->diff_ids[i], digest, strlen(digest) + 1);
		c->ndiff_ids = i + 1;
	}
	return 0;
}

static int check_platform(const json_t *tree, struct err *err)
{
	const char *os = text_of(tree, "os"), *architecture = text_of(tree, "architecture"),
		   *variant = text_of(tree, "variant");
	if (!architecture || !*architecture ||
	    platform_score(os ? os : "linux", architecture, variant) > 0)
		return 0;
	return err_set(err, ERR_INVALID, "image is for %s/%s, this machine is %s",
		       os ? os : "linux", architecture, platform_text());
}

int image_config_parse(struct str json, struct image_config *out, struct err *err)
{
	json_t *tree = parse(json, "image config", err);
	struct image_config c = { .image = NULL };
	if (!tree)
		return -ERR_INVALID;
	int r = check_platform(tree, err);
	if (r == 0)
		r = take_diff_ids(tree, &c, err);
	if (r == 0) {
		const json_t *config = json_object_get(tree, "config");
		c.image = NEW(struct image);
		sha256_hex(json.p, json.n, c.image->id);
		c.image->entrypoint = copy_list(config, "Entrypoint");
		c.image->cmd = copy_list(config, "Cmd");
		c.image->env = copy_list(config, "Env");
		c.image->working_dir = copy_text(config, "WorkingDir");
		c.image->user = copy_text(config, "User");
		c.image->stop_signal = copy_text(config, "StopSignal");
		*out = c;
	} else {
		image_config_free(&c);
	}
	json_decref(tree);
	return r;
}

void image_config_free(struct image_config *c)
{
	image_free(c->image);
	free(c->diff_ids);
	*c = (struct image_config){ .image = NULL };
}
