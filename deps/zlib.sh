CHOST=${TOOL%-} ./configure --static --prefix="$OUT"
make libz.a
make install
