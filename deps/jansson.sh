cp "$DEPS/hashtable.c" src/hashtable.c # small objects without hashing
cmake -S . -B b -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_C_COMPILER="$CC" -DCMAKE_AR="$(command -v "$AR")" \
	-DCMAKE_RANLIB="$(command -v "$RANLIB")" -DCMAKE_C_FLAGS="$CFLAGS" -DCMAKE_INSTALL_PREFIX="$OUT" -DCMAKE_INSTALL_LIBDIR=lib \
	-DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF
make -C b
make -C b install
