# The amalgamation is made by the build machine's own compiler and tclsh, then compiled for the target.
env -u CFLAGS -u CPPFLAGS -u LDFLAGS CC=gcc ./configure --disable-tcl --disable-shared
env -u CFLAGS -u CPPFLAGS -u LDFLAGS CC=gcc make sqlite3.c
CPPFLAGS="-DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0
 -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_MAX_EXPR_DEPTH=100
 -DHAVE_FDATASYNC -DHAVE_USLEEP -DHAVE_PREAD -DHAVE_PWRITE -DHAVE_GMTIME_R -DHAVE_STRERROR_R=0"
archive sqlite3 sqlite3.c
cp sqlite3.h "$OUT/include/"
