# shellcheck shell=bash disable=SC2034  # sourced
# What each target of the third-party build is: compiler, flags, libraries. Part of every recipe hash.
#   amd64-musl, arm64-musl: what ships.   amd64-glibc: for sanitizers, fuzzers and clang.

LIBS_ALL="zlib zstd libuv jansson libyaml sqlite nettle mbedtls nghttp2 llhttp curl pcre2 cmocka"
LIBS_MUSL="musl mimalloc $LIBS_ALL libcap libseccomp crun"

target_set() { # TARGET: sets LIBS HOST TOOL CFLAGS; CC is set by the caller once musl's place is known
	TARGET=$1
	CFLAGS="-O2 -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong"
	case $TARGET in
	amd64-musl) HOST=x86_64-linux-musl TOOL=x86_64-linux-gnu- LIBS=$LIBS_MUSL ;;
	arm64-musl) HOST=aarch64-linux-musl TOOL=aarch64-linux-gnu- LIBS=$LIBS_MUSL ;;
	amd64-glibc) HOST=x86_64-linux-gnu TOOL=x86_64-linux-gnu- LIBS=$LIBS_ALL CFLAGS="$CFLAGS -g1" ;;
	*) echo "unknown target $TARGET (amd64-musl, arm64-musl, amd64-glibc)" >&2 && return 2 ;;
	esac
}
