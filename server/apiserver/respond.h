/* SPDX-License-Identifier: Apache-2.0 */
/* Answers. Each of these ends the request's work (one reference is given back): the request may be freed when they return.
 * Objects at rest are spliced, never encoded again, when the client asked for what they are stored as. */
#ifndef SERVER_APISERVER_RESPOND_H
#define SERVER_APISERVER_RESPOND_H

#include "api/table/table.h"
#include "server/apiserver/request.h"

/* Any body. `extra` fields come after the usual ones. Takes the chunks over. */
void respond_chunks(struct api_request *r, int status, const char *content_type,
		    const struct http_field *extra, size_t nextra, struct chunk *body, size_t n);
/* The same, of a body that is encoded already. */
void respond_encoded(struct api_request *r, int status, const char *content_type,
		     const struct http_field *extra, size_t nextra, struct chunk *body, size_t n);
void respond_text(struct api_request *r, int status, const char *content_type, struct buf *take);
void respond_err(struct api_request *r, const struct err *err);
/* One object in the negotiated form. The object stays the caller's. */
void respond_object(struct api_request *r, int status, const struct object *o);
/* The same as a Table with the columns of `res`, or as PartialObjectMetadata: what r->media.shape says. */
void respond_shape(struct api_request *r, int status, const struct api_resource *res,
		   const struct object *o);
/* A tree of the given type in the negotiated format (never as a Table): reviews, scales, dry runs. Borrowed. */
void respond_tree(struct api_request *r, int status, const struct api_type *t, const json_t *tree);
/* JSON text of a type made over into another format, in place. */
int respond_encode(enum media_format f, const struct api_type *t, struct buf *text,
		   struct err *err);
/* JSON text of the given type (Status, lists made of text) turned into what was negotiated. Takes the buffer. */
void respond_json(struct api_request *r, int status, const struct api_type *t, struct buf *take);

/* The includeObject parameter of a Table. */
int respond_table_include(struct api_request *r, enum table_include *out, struct err *err);
/* "*core.ConfigMap": upstream's name of a kind in some errors. In the arena. */
const char *respond_go_type(struct api_request *r, const char *kind);
/* Negotiates r->media from Accept; every verb calls it before it does anything. */
int respond_negotiate(struct api_request *r, bool shapes, bool stream, struct err *err);
/* The fields every answer has; returns how many. `fields` holds RESPOND_FIELDS_MAX. */
#define RESPOND_FIELDS_MAX 128
size_t respond_fields(struct api_request *r, const char *content_type, struct http_field *fields);
/* Bookkeeping at the end of every answer: metrics, flow control, references. */
void respond_finished(struct api_request *r, int status, size_t bytes);

/* A chunk that holds a reference to an object's JSON. */
struct chunk chunk_of_object(const struct object *o);
struct chunk chunk_of_buf(struct buf *take);

#endif
