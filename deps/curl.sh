# needs: zlib mbedtls nghttp2
# HTTP(S) client for registries and webhooks. The caller gives the CA bundle (CURLOPT_CAINFO).
export LIBS="-lmbedx509 -lmbedcrypto -lnettle"
off="ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp gopher mqtt manual docs ntlm kerberos-auth negotiate-auth
 aws websockets alt-svc hsts"
# shellcheck disable=SC2046,SC2086
./configure --host="$HOST" --prefix="$OUT" --libdir="$OUT/lib" --disable-shared --enable-static --disable-debug --enable-threaded-resolver \
	--with-mbedtls --with-nghttp2 --with-zlib --without-zstd --without-brotli --without-libpsl --without-libidn2 --without-librtmp \
	--without-libssh2 --without-ca-bundle --without-ca-path $(printf -- '--disable-%s ' $off)
make -C lib
make -C lib install
make -C include install
