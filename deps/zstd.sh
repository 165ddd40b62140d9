# Both directions: layers come compressed, and tests compress them.
make -C lib libzstd.a ZSTD_LEGACY_SUPPORT=0 ZSTD_LIB_DICTBUILDER=0 MOREFLAGS="$CFLAGS"
mkdir -p "$OUT/lib" "$OUT/include"
cp lib/libzstd.a "$OUT/lib/"
cp lib/zstd.h lib/zstd_errors.h "$OUT/include/"
