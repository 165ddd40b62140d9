common="fs-poll idna inet random strscpy strtok thread-common threadpool timer uv-common uv-data-getter-setters version"
unix="async core dl fs getaddrinfo getnameinfo linux loop-watcher loop pipe poll process procfs-exepath proctitle
 random-devurandom random-getrandom random-sysctl-linux signal stream tcp thread tty udp"
files=""
for f in $common; do files+=" src/$f.c"; done
for f in $unix; do files+=" src/unix/$f.c"; done
CPPFLAGS="-Iinclude -Isrc -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE -D_POSIX_C_SOURCE=200112"
# shellcheck disable=SC2086
archive uv $files
cp -r include/uv.h include/uv "$OUT/include/"
