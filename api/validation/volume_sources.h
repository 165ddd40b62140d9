/* SPDX-License-Identifier: Apache-2.0 */
/* Where the data of a volume is: the sources that pods' volumes and persistent volumes share, and the walk over a table of them. */
#ifndef API_VALIDATION_VOLUME_SOURCES_H
#define API_VALIDATION_VOLUME_SOURCES_H

#include "api/validation/check.h"

struct volume_source {
	const char *name;                                      /* the field */
	const char *needed[3];                                 /* texts that may not be empty */
	void (*check)(struct check *c, const json_t *source);  /* the rest; NULL: nothing */
	void (*beside)(struct check *c, const json_t *holder); /* what else the holder needs */
	bool unnoticed; /* may stand beside another one, as upstream doesn't look */
	const char *path,
		*clash; /* upstream's other names in paths, of its fields and as a second source; NULL: name */
};

/* Rules of the first source that the holder has; each further one is an error, and having none is. `rows` ends with an empty row. */
void check_volume_source(struct check *c, const json_t *holder, const struct volume_source *rows);
/* Required, a text. */
void check_needed(struct check *c, const json_t *source, const char *name);

void check_host_path(struct check *c, const json_t *source);
void check_disk_partition(struct check *c, const json_t *source);
void check_nfs(struct check *c, const json_t *source);
void check_iscsi(struct check *c, const json_t *source);
void check_iscsi_persistent(struct check *c, const json_t *source);
void check_fibre_channel(struct check *c, const json_t *source);
void check_quobyte(struct check *c, const json_t *source);
void check_flocker(struct check *c, const json_t *source);
void check_flex(struct check *c, const json_t *source);
void check_azure_disk(struct check *c, const json_t *source);
void check_storage_os(struct check *c, const json_t *source);
void check_monitors(struct check *c, const json_t *source); /* of Ceph */
void check_rbd(struct check *c, const json_t *source);
/* secretRef needs a name */
void check_secret_named(struct check *c, const json_t *source);
/* … and a namespace */
void check_secret_placed(struct check *c, const json_t *source);
/* Length of NAME:PORTAL, once an initiator is named. */
bool iscsi_too_long(struct str volume, const json_t *source);
#define ISCSI_TOO_LONG                                                                             \
	"Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi." \
	"initiatorName is specified."

#endif
