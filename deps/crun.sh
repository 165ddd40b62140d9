# needs: libcap libseccomp
# The OCI runtime, a static program of its own, baked into allinone as a blob (embed/).
# musl has no argp: deps/crun holds a small one.
$CC $CFLAGS -I"$DEPS" -c "$DEPS/argp.c" -o argp.o
mkdir -p argp && cp "$DEPS/argp.h" argp/
export CPPFLAGS="$CPPFLAGS -I$PWD/argp -include ctype.h" # ctype.h: gcc 14 insists
export LIBS="$PWD/argp.o"
ac_cv_search_gcry_check_version=no ac_cv_search_argp_parse="none required" ./configure --host="$HOST" --prefix="$OUT" \
	--enable-embedded-yajl --disable-systemd --disable-criu --disable-dl --enable-static --disable-shared
make -C libocispec
make -j1 .version git-version.h
make crun LDFLAGS="$LDFLAGS -Wl,--gc-sections -all-static"
mkdir -p "$OUT/bin"
"$STRIP" -o "$OUT/bin/crun" crun
