# HTTP/1 parser: generated C.
CPPFLAGS=-I.
archive llhttp api.c http.c llhttp.c
cp llhttp.h "$OUT/include/"
