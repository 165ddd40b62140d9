/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the frames are: cut or whole, they say the same. */
#include <stdlib.h>

#include "base/buf.h"
#include "net/websocket.h"

struct run {
	struct websocket_parser parser;
	struct buf text;
	bool open;
};

static void on_data(struct websocket_parser *p, const char *data, size_t n, bool first, bool last)
{
	struct run *r = CONTAINER_OF(p, struct run, parser);
	if (first && !r->open)
		buf_putc(&r->text, '(');
	r->open = !last;
	buf_add(&r->text, data, n);
	if (last)
		buf_putc(&r->text, ')');
}

static void on_control(struct websocket_parser *p, int opcode, const char *data, size_t n)
{
	struct run *r = CONTAINER_OF(p, struct run, parser);
	if (opcode < 8 || opcode > 10 || n > WEBSOCKET_CONTROL_MAX)
		abort();
	(void)data;
	(void)r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct run whole = { .parser = { .data = on_data, .control = on_control } }, cut = whole;
	int a = websocket_parse(&whole.parser, (const char *)data, n), b = 0;
	for (size_t i = 0; i < n && !b; i++)
		b = websocket_parse(&cut.parser, (const char *)data + i, 1);
	if (a != b || !str_eq(buf_view(&whole.text), buf_view(&cut.text)))
		abort();
	buf_free(&whole.text);
	buf_free(&cut.text);
	return 0;
}
