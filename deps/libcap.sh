# For crun.
make -C libcap libcap.a CC="$CC" AR="$AR" RANLIB="$RANLIB" BUILD_CC=gcc USE_GPERF=no COPTS="$CFLAGS"
mkdir -p "$OUT/lib" "$OUT/include/sys"
cp libcap/libcap.a "$OUT/lib/"
cp libcap/include/sys/capability.h "$OUT/include/sys/"
