/* SPDX-License-Identifier: Apache-2.0 */
/* api_gen OUTDIR SCHEMA...: api/schema/ as constant tables and C structs. A host program of the build. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "api/schema/gen/schema.h"

_Noreturn void fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

void *need(void *p, size_t bytes)
{
	p = realloc(p, bytes);
	if (!p)
		fail("api_gen", 0, "out of memory");
	return p;
}

static FILE *open_output(const char *dir, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	if (!f)
		fail(path, 0, "cannot be written");
	fputs("/* Generated from api/schema. */\n", f);
	return f;
}

static void close_output(FILE *f)
{
	if (ferror(f) || fclose(f) != 0)
		fail("output", 0, "write failed");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		fail("api_gen", 0, "usage: api_gen OUTDIR SCHEMA...");
	struct schema s = { 0 };
	for (int i = 2; i < argc; i++)
		schema_read(&s, argv[i]);
	schema_link(&s);
	FILE *tc = open_output(argv[1], "api_tables.c"), *th = open_output(argv[1], "api_tables.h");
	write_tables(&s, tc, th);
	fprintf(th, "extern const uint64_t api_schema_hash; /* of the schema files */\n#endif\n");
	fprintf(tc, "const uint64_t api_schema_hash = 0x%016llxu;\n", (unsigned long long)s.hash);
	FILE *sc = open_output(argv[1], "api_structs.c"),
	     *sh = open_output(argv[1], "api_structs.h");
	write_structs(&s, sc, sh);
	close_output(tc);
	close_output(th);
	close_output(sc);
	close_output(sh);
	return 0;
}
