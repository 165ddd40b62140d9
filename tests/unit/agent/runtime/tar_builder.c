/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent/runtime/tar_builder.h"

#include <stdio.h>

static void octal(char *at, size_t n, unsigned long v)
{
	for (at[--n] = '\0'; n > 0; v >>= 3)
		at[--n] = (char)('0' + (v & 7));
}

static void pad(struct buf *out)
{
	while (out->n % 512)
		buf_putc(out, '\0');
}

void tar_add(struct buf *out, const struct tar_item *item)
{
	char h[512] = { 0 };
	size_t size = item->content ? strlen(item->content) : 0;
	unsigned sum = 0;
	strncpy(h, item->name, 100);
	octal(h + 100, 8, (unsigned long)(item->mode ? item->mode : 0644));
	octal(h + 108, 8, (unsigned long)item->uid);
	octal(h + 116, 8, 0);
	octal(h + 124, 12, size);
	octal(h + 136, 12, 1000000000);
	memset(h + 148, ' ', 8);
	h[156] = item->type;
	if (item->link)
		strncpy(h + 157, item->link, 100);
	memcpy(h + 257, "ustar\00000", 8);
	octal(h + 329, 8, (unsigned long)item->major);
	octal(h + 337, 8, (unsigned long)item->minor);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	buf_add(out, h, sizeof(h));
	buf_add(out, item->content, size);
	pad(out);
}

void tar_end(struct buf *out)
{
	char zero[1024] = { 0 };
	buf_add(out, zero, sizeof(zero));
}

void tar_pax(struct buf *out, const char *key, const char *value)
{
	char record[8192];
	size_t n = strlen(key) + strlen(value) + 3; /* blank, '=', newline */
	size_t total = n + 1;
	while (total != n + (size_t)snprintf(NULL, 0, "%zu", total))
		total++;
	snprintf(record, sizeof(record), "%zu %s=%s\n", total, key, value);
	tar_add(out, &(struct tar_item){ .type = 'x', .name = "pax", .content = record });
}
