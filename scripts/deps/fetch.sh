#!/usr/bin/env bash
# Brings the pinned sources into a directory: fetch.sh CACHE [--sources DIR] | fetch.sh CACHE --update
# They come through a private view of apt. Chain of trust: signed InRelease -> Sources/Packages -> file, and the pin here on top.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/scripts/apt-view.sh"
table=$root/deps/sources.tsv
cache=$1 src=$1/src apt=$1/apt
mkdir -p "$src"

die() { echo "deps: $*" >&2; exit 1; }
rows() { grep -v '^#' "$table"; }
sum_of() { # FILE KIND: of a repacked package the contents count: tar's headers differ between its versions
	if [ "$2" = deb ]; then tar -xOf "$1"; else cat "$1"; fi | sha256sum | cut -d' ' -f1
}
sum_is() { [ -f "$1" ] && [ "$(sum_of "$1" "$3")" = "$2" ]; } # FILE SHA-256 KIND

apt_view() { # opened when the first file is missing
	[ -n "${viewed:-}" ] && return
	# shellcheck disable=SC2046  # suites are words
	apt_view_open "$apt" amd64 $(rows | awk '{print $4}' | sort -u) ||
		die "no sources from apt: give the tarballs of deps/sources.tsv with --sources DIR"
	viewed=1
}

offered() { # PACKAGE SUITE: Debian source versions of that suite, newest first
	view apt-get -qq source --print-uris --only-source "$1/$2" 2>/dev/null | sed -n "s/^'[^']*' \([^ ]*\)\.dsc .*/\1/p"
}

get_tar() { # PACKAGE/SUITE...: apt may miss the packaging (404 after a point release); only the tarballs count
	(cd "$src" && view apt-get -qq source --download-only --only-source "$@" >"$apt/source.log" 2>&1) || true
	(cd "$src" && rm -f ./*.dsc ./*.debian.tar.* ./*.diff.gz ./*.asc ./*.orig-www.*)
}

get_deb() { # PACKAGE SUITE FILE: the C files of a binary package, packed again in the order of their names
	local tmp name=${3%.tar}
	name=${name/_/-}
	tmp=$(mktemp -d)
	(cd "$tmp" && view apt-get -qq download "$1/$2" >/dev/null 2>"$apt/$1.log") || die "$(cat "$apt/$1.log")"
	dpkg-deb -x "$tmp"/*.deb "$tmp/x"
	mkdir "$tmp/$name"
	find "$tmp/x" -name '*.[ch]' -exec cp {} "$tmp/$name/" \;
	tar -C "$tmp" --sort=name -cf "$src/$3" "$name"
	rm -rf "$tmp"
}

get() { # one row
	local file=$6 sum=$7
	if [ -n "${given:-}" ] && ! sum_is "$src/$file" "$sum" "$3"; then
		[ -f "$given/$file" ] || die "$given has no $file"
		cp "$given/$file" "$src/$file"
	fi
	[ "$3" = tar ] || sum_is "$src/$file" "$sum" "$3" || { apt_view && get_deb "$5" "$4" "$file"; }
	[ -f "$src/$file" ] || die "$5 in $4 is now $(offered "$5" "$4"), the pinned file $file is gone: ./build.sh deps --update
$(grep -E '^E:|404' "$apt/source.log" | grep -F "/${5}_" | head -3)"
	sum_is "$src/$file" "$sum" "$3" || {
		mv "$src/$file" "$src/$file.rejected"
		die "$file is not the pinned one: SHA-256 $(sum_of "$src/$file.rejected" "$3"), wanted $sum"
	}
}

update() { # prints the rows whose upstream version has moved
	apt_view
	local moved=0 lib ver kind suite pkg file sum now
	while read -r lib ver kind suite pkg file sum; do
		now=$(view apt-get -qq source --print-uris --only-source "$pkg/$suite" 2>/dev/null |
			sed -n "s/^'[^']*' \([^ ]*\.orig\.tar\.[a-z0-9]*\) [0-9]* SHA256:\(.*\)/\1 \2/p")
		[ "$kind" = tar ] && [ "$now" != "$file $sum" ] || continue
		printf '%-11s %-8s %-4s %-8s %-11s %s\n' "$lib" "?" "$kind" "$suite" "$pkg" "$now"
		moved=1
	done < <(rows)
	[ $moved = 1 ] || echo "deps: every pinned source is current"
}

case ${2:-} in
--update) update && exit ;;
--sources) given=$3 ;;
esac

mapfile -t wanted < <(rows | while read -r lib ver kind suite pkg file sum; do
	[ -n "${given:-}" ] || [ "$kind" != tar ] || sum_is "$src/$file" "$sum" tar || echo "$pkg/$suite"
done)
if [ ${#wanted[@]} -gt 0 ]; then
	echo "deps: fetching ${wanted[*]}" >&2
	apt_view
	get_tar "${wanted[@]}"
fi
while read -r -a row; do get "${row[@]}"; done < <(rows)
