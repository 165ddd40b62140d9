# The C library alone: no configure script comes with the tarball, and none is needed.
sed -e 's/@PACKAGE_VERSION@/1.64.0/' -e 's/@PACKAGE_VERSION_NUM@/0x014000/' lib/includes/nghttp2/nghttp2ver.h.in \
	>lib/includes/nghttp2/nghttp2ver.h
CPPFLAGS="-Ilib/includes -Ilib -DNGHTTP2_STATICLIB -DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H -DHAVE_CLOCK_GETTIME -DHAVE_DECL_CLOCK_MONOTONIC=1"
archive nghttp2 lib/*.c
mkdir -p "$OUT/include/nghttp2"
cp lib/includes/nghttp2/*.h "$OUT/include/nghttp2/"
