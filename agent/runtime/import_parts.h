/* SPDX-License-Identifier: Apache-2.0 */
/* An import on its way (import.c): what was found in the archive, and the two forms of archives that are read. Private to import*.c. */
#ifndef AGENT_RUNTIME_IMPORT_PARTS_H
#define AGENT_RUNTIME_IMPORT_PARTS_H

#include <jansson.h>

#include "agent/runtime/archive.h"
#include "agent/runtime/image_load.h"

struct found {
	char *name;               /* normalised */
	char target[DIGEST_TEXT]; /* the index, or as manifest_digest */
	char manifest_digest[DIGEST_TEXT];
	struct buf manifest, config;
	char **layer_files;          /* in the archive, one per layer */
	char (*stored)[DIGEST_TEXT]; /* "" where it is not known */
	size_t nlayers;
	struct image_config parsed;
};

struct import {
	struct image_store *s;
	struct archive *a;
	char *base_name; /* of the archive: names what has no name */
	struct found *found;
	size_t n, cap;
	image_progress progress;
	void *ctx;
	const char *what;
	int64_t done, total;
};

/* Valid until the next one is added. */
struct found *import_add(struct import *im);
void import_alloc_layers(struct found *f, size_t n);
int import_parse_config(struct found *f,
			struct err *err); /* f->config, which has to speak of as many layers */
int64_t import_file_bytes(const struct archive *a, const char *name); /* 0 if it is not there */
/* Names the image at `from`; one that has a name already is there once more, under the new one. */
int import_name(struct import *im, size_t from, const char *name, struct err *err);
int import_name_after_file(struct import *im, size_t i, const char *tag, struct err *err);

int import_docker(struct import *im, const json_t *list,
		  struct err *err); /* import_docker.c: of manifest.json */
int import_oci(struct import *im, const json_t *list,
	       struct err *err); /* import_oci.c: of index.json */
bool import_oci_has_names(const json_t *list);

#endif
