# For crun. gperf makes its system call tables.
configure_install
rm -rf "$OUT/bin"
