/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/list_shape.h"

#include "base/clock.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/read/list_order.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

static void respond_table(struct api_request *r, const struct object **items, size_t n,
			  const struct list_meta *meta)
{
	struct buf out = { 0 };
	struct table_options to = { .version = r->media.shape_version,
				    .now_s = clock_wall_s(r->server->clock),
				    .convert = convert_tree };
	auto_err err = { 0 };
	if (respond_table_include(r, &to.include, &err) < 0) {
		respond_err(r, &err);
		return;
	}
	list_order_rows(r->resource, items, n);
	table_write(r->resource, items, n, meta, &to, &out);
	respond_json(r, 200, NULL, &out);
}

static void respond_metadata(struct api_request *r, const struct object **items, size_t n,
			     const struct list_meta *meta)
{
	struct buf out = { 0 };
	auto_err err = { 0 };
	if (r->media.shape == SHAPE_METADATA) {
		err_set(&err, ERR_NOT_ACCEPTABLE,
			"you requested PartialObjectMetadata, but the requested object is a list "
			"(%s)",
			respond_go_type(r, r->resource->list_kind));
		respond_err(r, &err);
		return;
	}
	partial_list_write(items, n, r->media.shape_version, meta, &out);
	respond_json(r, 200, api_type_find(STR("meta/v1.PartialObjectMetadataList")), &out);
}

void list_shape_respond(struct api_request *r, const struct object **items, size_t n,
			const struct list_meta *meta)
{
	if (r->media.shape == SHAPE_TABLE)
		respond_table(r, items, n, meta);
	else
		respond_metadata(r, items, n, meta);
}
