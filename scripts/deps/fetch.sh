#!/usr/bin/env bash
# Brings the pinned sources into a directory: fetch.sh CACHE [--sources DIR] | fetch.sh CACHE --update
# They come through a private view of apt: the machine's own Debian mirror and keyring, other suites;
# /etc/apt stays as it is. Chain of trust: signed InRelease -> Sources/Packages -> file, and the pin here on top.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
table=$root/deps/sources.tsv
cache=$1 src=$1/src apt=$1/apt
mkdir -p "$src"

die() { echo "deps: $*" >&2; exit 1; }
rows() { grep -v '^#' "$table"; }
sum_is() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

apt_view() { # writes the private source list and refreshes it
	[ -n "${viewed:-}" ] && return
	command -v apt-get >/dev/null || die "no apt here: give the tarballs of deps/sources.tsv with --sources DIR"
	local uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	# a full listing into a variable first: `| head` would kill apt with SIGPIPE
	uri=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 'Origin: Debian')
	uri=$(awk '$2 == "Debian" { print $1; exit }' <<<"$uri")
	[ -n "$uri" ] || die "apt knows no Debian mirror (apt-get update first), or give --sources DIR"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$uri" \
		"$(rows | awk '{print $4}' | sort -u | xargs)" "$keyring" >"$apt/view.sources"
	view apt-get -qq update || die "apt-get update failed for the suites of deps/sources.tsv"
	viewed=1
}

view() { # COMMAND ...: an apt tool under the private view
	local tool=$1
	shift
	"$tool" -o Dir::Etc::SourceList="$apt/view.sources" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists" \
		-o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o APT::Architecture=amd64 "$@"
}

offered() { # PACKAGE SUITE: Debian source versions of that suite, newest first
	view apt-get -qq source --print-uris --only-source "$1/$2" 2>/dev/null | sed -n "s/^'[^']*' \([^ ]*\)\.dsc .*/\1/p"
}

get_tar() { # PACKAGE SUITE FILE: apt may miss the packaging (404 after a point release); only the tarball counts
	(cd "$src" && view apt-get -qq source --download-only --only-source "$1/$2" >"$apt/$1.log" 2>&1) || true
	(cd "$src" && rm -f ./*.dsc ./*.debian.tar.* ./*.diff.gz ./*.asc ./*.orig-www.*)
	[ -f "$src/$3" ] || die "$1 in $2 is now $(offered "$1" "$2"), the pinned file $3 is gone: run ./build.sh deps --update
$(grep -E '^E:|404' "$apt/$1.log" | head -3)"
}

get_deb() { # PACKAGE SUITE FILE: the C files of a binary package, packed so that equal content has an equal hash
	local tmp name=${3%.tar}
	name=${name/_/-}
	tmp=$(mktemp -d)
	(cd "$tmp" && view apt-get -qq download "$1/$2" >/dev/null 2>"$apt/$1.log") || die "$(cat "$apt/$1.log")"
	dpkg-deb -x "$tmp"/*.deb "$tmp/x"
	mkdir "$tmp/$name"
	find "$tmp/x" -name '*.[ch]' -exec cp {} "$tmp/$name/" \;
	tar -C "$tmp" --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf "$src/$3" "$name"
	rm -rf "$tmp"
}

get() { # one row
	local file=$6 sum=$7
	sum_is "$src/$file" "$sum" && return
	if [ -n "${given:-}" ]; then
		[ -f "$given/$file" ] || die "$given has no $file"
		cp "$given/$file" "$src/$file"
	else
		apt_view
		echo "deps: fetching $1 $2" >&2
		"get_$3" "$5" "$4" "$file"
	fi
	sum_is "$src/$file" "$sum" || {
		mv "$src/$file" "$src/$file.rejected"
		die "$file is not the pinned one: SHA-256 $(sha256sum <"$src/$file.rejected" | cut -d' ' -f1), wanted $sum"
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
while read -r -a row; do get "${row[@]}"; done < <(rows)
