# AES-GCM (below mbedtls) and SHA-256, with the processor's instructions chosen at run time.
configure_install --enable-fat --disable-public-key --disable-openssl --disable-documentation --disable-pic
"$STRIP" -g "$OUT"/lib/libnettle.a # its configure insists on -ggdb3
rm -rf "$OUT/bin"
