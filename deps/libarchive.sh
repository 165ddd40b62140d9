# needs: zlib zstd
# Reads image archives and layers (tar; gzip and zstd).
configure_install --disable-bsdtar --disable-bsdcpio --disable-bsdcat --disable-bsdunzip --disable-acl --without-bz2lib --without-libb2 \
	--without-iconv --without-lz4 --without-lzma --without-lzo2 --without-cng --without-mbedtls --without-nettle --without-openssl \
	--without-xml2 --without-expat
