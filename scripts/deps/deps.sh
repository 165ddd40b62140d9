#!/usr/bin/env bash
# Third-party libraries, built once per recipe: deps.sh TARGET... [--update] [--sources DIR]
# cache/lib/TARGET/LIBRARY-HASH is one finished library; cache/prefix-TARGET is a link to a tree that joins them.
# HASH covers the recipe, its pinned source, the target's flags and the hashes of what it needs.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${ALLINONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/allinone}
. "$root/scripts/deps/targets.sh"
mkdir -p "$cache/src" "$cache/lib"

targets=() given=()
while [ $# -gt 0 ]; do
	case $1 in
	--update) exec "$root/scripts/deps/fetch.sh" "$cache" --update ;;
	--sources) given=(--sources "$2") && shift ;;
	*) targets+=("$1") ;;
	esac
	shift
done

everything=$(cd "$root" && cat deps/*.* deps/*/* scripts/deps/targets.sh scripts/deps/one.sh | sha256sum | cut -c1-16)
current() { [ "$(cat "$cache/prefix-$1/.recipes" 2>/dev/null)" = "$everything" ]; }
for t in "${targets[@]}"; do current "$t" || stale=1; done
[ -n "${stale:-}" ] || exit 0

exec 9>"$cache/lock"
flock 9
"$root/scripts/deps/fetch.sh" "$cache" "${given[@]}"

needs_of() { sed -n 's/^# needs: *//p' "$root/deps/$1.sh"; } # direct ones; musl comes to all of a musl target

mk=$cache/deps.mk
printf '.DEFAULT_GOAL := all\n' >"$mk"
for t in "${targets[@]}"; do
	target_set "$t"
	declare -A hash=() closure=()
	joined=""
	for lib in $LIBS; do # LIBS is in build order
		closure[$lib]=""
		[ -n "${hash[musl]:-}" ] && closure[$lib]="musl"
		for n in $(needs_of "$lib"); do closure[$lib]+=" $n ${closure[$n]}"; done
		closure[$lib]=$(printf '%s\n' ${closure[$lib]} | awk '!seen[$0]++' | xargs)
		hash[$lib]=$({
			cat "$root/deps/$lib.sh" "$root/scripts/deps/one.sh"
			[ ! -d "$root/deps/$lib" ] || cat "$root/deps/$lib"/*
			awk -v l="$lib" '$1 == l' "$root/deps/sources.tsv"
			echo "$TARGET $HOST $CFLAGS"
			for n in ${closure[$lib]}; do echo "$n ${hash[$n]}"; done
		} | sha256sum | cut -c1-12)
		prereq="" args=""
		for n in ${closure[$lib]}; do
			prereq+=" $cache/lib/$t/$n-${hash[$n]}/.ok" args+=" $cache/lib/$t/$n-${hash[$n]}"
		done
		printf '%s: |%s\n\t+@%s/scripts/deps/one.sh %s %s %s %s%s\n' "$cache/lib/$t/$lib-${hash[$lib]}/.ok" "$prereq" \
			"$root" "$cache" "$t" "$lib" "${hash[$lib]}" "$args" >>"$mk"
		joined+=" $cache/lib/$t/$lib-${hash[$lib]}"
	done
	for d in $joined; do printf 'all: %s/.ok\n' "$d" >>"$mk"; done
	echo "$joined" >"$cache/joined-$t"
done
make -f "$mk" -j"${JOBS:-$(nproc)}" --no-print-directory all

for t in "${targets[@]}"; do # join into a fresh tree, then switch the link in one step
	tree=$(mktemp -d "$cache/tree-$t.XXXXXX")
	chmod 755 "$tree"
	for d in $(cat "$cache/joined-$t"); do cp -al "$d/." "$tree/"; done
	rm -f "$tree/.ok"
	for f in "$tree"/licenses/*; do printf '==== %s ====\n' "${f##*/}" && cat "$f"; done | gzip -9n >"$tree/licenses.gz"
	echo "$everything" >"$tree/.recipes"
	ln -sfn "$(basename "$tree")" "$cache/prefix-$t.new"
	old=$(readlink "$cache/prefix-$t" || true)
	mv -T "$cache/prefix-$t.new" "$cache/prefix-$t"
	[ -z "$old" ] || rm -rf "${cache:?}/$old"
	echo "deps: $cache/prefix-$t is ready" >&2
done
