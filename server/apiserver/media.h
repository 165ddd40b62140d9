/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation of the API as upstream does it: media types, q values, and the `as`, `g`, `v` parameters that ask for a
 * Table or for metadata only. */
#ifndef SERVER_APISERVER_MEDIA_H
#define SERVER_APISERVER_MEDIA_H

#include "base/err.h"
#include "base/str.h"

enum media_format { MEDIA_JSON, MEDIA_YAML, MEDIA_PROTOBUF };
enum media_shape { SHAPE_OBJECT, SHAPE_TABLE, SHAPE_METADATA, SHAPE_METADATA_LIST };
struct media {
	enum media_format format;
	enum media_shape shape;
	const char *shape_version; /* "v1", "v1beta1" */
};

#define MEDIA_NOT_ACCEPTABLE                                                                     \
	"406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, " \
	"application/vnd.kubernetes.protobuf, application/json;stream=watch, "                   \
	"application/vnd.kubernetes.protobuf;stream=watch"
#define MEDIA_NOT_ACCEPTABLE_ONE                                                                 \
	"406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, " \
	"application/vnd.kubernetes.protobuf"
#define MEDIA_TYPES_TEXT "application/json, application/yaml, application/vnd.kubernetes.protobuf"
#define MEDIA_STREAM_TYPES_TEXT \
	"application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"

/* An empty header accepts anything. Fails with ERR_NOT_ACCEPTABLE. `shapes`: whether Table and metadata may be asked for. */
int media_negotiate(struct str accept, bool shapes, bool stream, struct media *out,
		    struct err *err);
/* Of a body; an empty type is JSON. Fails with ERR_UNSUPPORTED_MEDIA_TYPE. */
int media_of_body(struct str content_type, enum media_format *out, struct err *err);
/* Whether some clause's bare type is one of ours. */
bool media_known(struct str accept);
const char *media_text(enum media_format f);
const char *media_stream_text(enum media_format f);
/* The bare type of a header value, without parameters. */
struct str media_bare(struct str content_type);
/* Whether an Accept-Encoding allows gzip. */
bool media_accepts_gzip(struct str accept_encoding);

#endif
