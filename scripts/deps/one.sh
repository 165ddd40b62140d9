#!/usr/bin/env bash
# Builds one library for one target: one.sh CACHE TARGET LIBRARY HASH [DEPENDENCY-PREFIX...]
# A recipe (deps/LIBRARY.sh) runs in its unpacked source with OUT (install prefix), HOST, TOOL, CC and flags set.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=$1 lib=$3 hash=$4
. "$root/scripts/deps/targets.sh"
target_set "$2"
shift 4
OUT=$cache/lib/$TARGET/$lib-$hash
DEPS=$root/deps/$lib
work=$(mktemp -d "$cache/work.XXXXXX")
log=$cache/log/$TARGET-$lib.log
mkdir -p "$cache/log"
rm -rf "$OUT"

CC=${TOOL}gcc AR=${TOOL}ar RANLIB=${TOOL}ranlib STRIP=${TOOL}strip NM=${TOOL}nm CPPFLAGS="" LDFLAGS=""
for p in "$@"; do
	if [ -x "$p/bin/musl-gcc" ]; then
		CC=$p/bin/musl-gcc LDFLAGS="-static $LDFLAGS"
		continue
	fi
	CPPFLAGS+=" -I$p/include" LDFLAGS+=" -L$p/lib"
done
export CC AR RANLIB STRIP NM CFLAGS CPPFLAGS LDFLAGS OUT HOST TOOL

configure_install() { # ARGS...: the autoconf way, static only
	./configure --host="$HOST" --prefix="$OUT" --libdir="$OUT/lib" --disable-shared --enable-static "$@"
	make
	make install
}

archive() { # NAME FILE...: compile these and put them into lib/libNAME.a
	local name=$1 f objects=()
	shift
	for f in "$@"; do
		objects+=("$(basename "${f%.c}").o")
		# shellcheck disable=SC2086  # flags are words
		$CC $CPPFLAGS $CFLAGS -c "$f" -o "${objects[-1]}"
	done
	mkdir -p "$OUT/lib" "$OUT/include"
	$AR rcs "$OUT/lib/lib$name.a" "${objects[@]}"
}

file=$(awk -v l="$lib" '$1 == l { print $6 }' "$root/deps/sources.tsv")
tar -xf "$cache/src/$file" -C "$work" --strip-components=1
cd "$work"
start=$SECONDS
finish() {
	local code=$?
	rm -rf "$work"
	if [ $code -ne 0 ]; then
		tail -30 "$log" >&"$terminal"
		echo "deps: $lib for $TARGET failed; the whole log is in $log"  >&"$terminal"
	fi
}
trap finish EXIT
exec {terminal}>&2 >"$log" 2>&1 # not fd 3 and 4: make's job server lives there
set -x
# shellcheck disable=SC1090
. "$root/deps/$lib.sh"
set +x
mkdir -p "$OUT/licenses"
for f in LICENSE* COPYING* COPYRIGHT* NOTICE*; do
	[ ! -f "$f" ] || cp "$f" "$OUT/licenses/$lib-$f"
done
rm -rf "$OUT/share" "$OUT"/lib/*.la "$OUT/lib/cmake"
touch "$OUT/.ok"
echo "deps: $TARGET $lib ($((SECONDS - start)) s)" >&"$terminal"
