# Patterns of CustomResourceDefinitions. No JIT: patterns come from users, limits hold in the interpreter.
configure_install --disable-pcre2grep-libz --disable-pcre2grep-libbz2 --disable-pcre2test-libreadline --disable-jit --with-pic=no
rm -rf "$OUT/bin"
