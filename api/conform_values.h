/* SPDX-License-Identifier: Apache-2.0 */
/* Single values as Go's decoder takes them, and its errors: "json: cannot unmarshal string into Go struct field
 * DeploymentSpec.spec.replicas of type int32". Each returns 0 or BadRequest; *out is set to what takes the value's place (a new
 * reference), or left alone. Private to api_conform() and api_from_unstructured(). */
#ifndef API_CONFORM_VALUES_H
#define API_CONFORM_VALUES_H

#include "api/codec.h"
#include "api/path.h"

struct conform {
	struct api_strings *unknown;
	struct err *err;
	const struct api_type *inside; /* the message whose field we look at */
	struct str text;               /* what the tree was made of; empty: unknown */
};

/* As errors name the type: "v1.PullPolicy". */
void conform_go_type(const struct api_schema *s, struct buf *out);
int conform_wrong(struct conform *c, const struct api_schema *s, const json_t *v,
		  const struct path *at);
int conform_whole(struct conform *c, const struct api_schema *s, json_t *v,
		  const struct path *at); /* int32, int64 */
int conform_time(struct conform *c, const struct api_schema *s, const json_t *v,
		 const struct path *at, json_t **out);
int conform_duration(struct conform *c, const json_t *v, const struct path *at, json_t **out);
int conform_quantity(struct conform *c, const json_t *v, json_t **out);
int conform_bytes(struct conform *c, const struct api_schema *s, const json_t *v,
		  const struct path *at, json_t **out);
int conform_int_or_string(struct conform *c, json_t *v, const struct path *at);

/* A message inside a custom resource (metadata), by its own type. In conform.c. */
int conform_message(struct conform *c, const struct api_schema *s, json_t *v,
		    const struct path *at);
/* The whole of a custom resource. In crd/prune.c. */
int conform_custom(struct conform *c, const struct api_type *t, json_t *tree);

#endif
