/* SPDX-License-Identifier: Apache-2.0 */
/* Table cells. A column names its printer (`cell=` in the schema): a plain one for values anywhere ("age", "int", "labels"), or one
 * for a single column ("pods.status"); a printer is a function here and a row in printer.c. Follows upstream's
 * pkg/printers/internalversion. Any thread; a cell belongs to one. */
#ifndef API_TABLE_PRINTER_H
#define API_TABLE_PRINTER_H

#include "api/object/view.h"
#include "api/type.h"

struct cell {
	struct at root;  /* the object */
	struct at value; /* what the column's path leads to */
	const struct api_column *column;
	bool custom; /* of a custom resource: absent is null */
	int64_t now_s;
	struct buf text; /* the printer writes here; kept between cells */
	bool raw;        /* text is JSON already, not text to be quoted */
};

typedef void (*cell_fn)(struct cell *c);

/* One cell of a row as JSON. */
void cell_print(struct cell *c, struct buf *out);
bool cell_exists(
	const char *
		name); /* whether there is a printer of this name; an unknown one prints the plain value */

/* For printers */
void cell_puts(struct cell *c, const char *text);
void cell_raw(struct cell *c, const char *json);
void cell_int(struct cell *c, int64_t v);
void cell_age_of(struct cell *c, struct at time, const char *absent); /* appends "5m" */
bool cell_time(struct at time, int64_t *out_s);
void cell_or(struct cell *c, struct at value, const char *absent); /* its text, or this */
void cell_more(struct cell *c, size_t total, size_t shown);        /* " + 3 more..." */
void cell_sorted_set(struct cell *c, struct str *items, size_t n,
		     const char *sep); /* joins, sorted and without doubles */
void cell_resource_quantity(
	struct cell *c, struct at map,
	struct at key); /* the quantity of another map under the same key, or "0" */
bool cell_has_condition(struct at conditions, const char *type, const char *status);
struct at cell_find(struct at list, const char *field,
		    const char *value); /* the first item whose field is this */

#endif
