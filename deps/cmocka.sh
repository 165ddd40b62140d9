# Unit tests. Its header guesses what uintptr_t is (wrongly on musl, arm64): <stdint.h> knows.
sed -i 's|^/\* Smallest integral type capable of holding a pointer. \*/|#include <stdint.h>\n#define HAVE_UINTPTR_T 1|' include/cmocka.h
printf '%s\n' '#define HAVE_GCC_THREAD_LOCAL_STORAGE 1' '#define HAVE_STRUCT_TIMESPEC 1' '#define HAVE_CLOCK_GETTIME 1' \
	'#define HAVE_CLOCK_REALTIME 1' '#define HAVE_STRSIGNAL 1' '#define HAVE_SIGNAL_H 1' '#define HAVE_STRINGS_H 1' \
	'#define HAVE_STDINT_H 1' '#define HAVE_INTTYPES_H 1' '#define HAVE_MALLOC_H 1' '#define HAVE_SETJMP_H 1' '#define HAVE_TIME_H 1' \
	'#define HAVE_STDLIB_H 1' '#define HAVE_STRING_H 1' '#define HAVE_STDIO_H 1' '#define HAVE_SYS_TYPES_H 1' '#define HAVE_SYS_STAT_H 1' \
	'#define HAVE_UNISTD_H 1' >config.h
CPPFLAGS="-Iinclude -I. -DHAVE_CONFIG_H -D_GNU_SOURCE"
archive cmocka src/cmocka.c
cp include/cmocka.h "$OUT/include/"
