# needs: nettle
# TLS and X.509, with bulk AES-GCM done by nettle (deps/mbedtls/gcm_alt.c).
# mbedtls asks for getrandom() only under glibc; musl has it as well.
sed -i 's/defined(__linux__) && defined(__GLIBC__)/defined(__linux__)/' library/entropy_poll.c
grep -qF '((defined(__linux__)) ||' library/entropy_poll.c
cat "$DEPS/config.h" >>include/mbedtls/mbedtls_config.h
cp "$DEPS/gcm_alt.c" library/
cp "$DEPS/gcm_alt.h" include/
sed -i 's/^\(\s*\)gcm\.o \\/\1gcm.o gcm_alt.o \\/' library/Makefile
grep -q 'gcm_alt\.o' library/Makefile
make -C library static CFLAGS="$CFLAGS $CPPFLAGS" GEN_FILES=
mkdir -p "$OUT/lib" "$OUT/include"
cp library/*.a "$OUT/lib/"
cp -r include/mbedtls include/psa include/gcm_alt.h "$OUT/include/"
