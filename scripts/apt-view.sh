# shellcheck shell=bash
# Sourced: a private view of apt. The machine's own Debian mirror and keyring, but other suites and architectures, with its
# own lists and cache; /etc/apt stays as it is.
#   apt_view_open DIR ARCH SUITE...     then `view TOOL ARGS...`, `view_unpack ROOT PACKAGE...`

apt_view_open() { # writes the source list into DIR and refreshes it, at most once an hour
	view_dir=$1 view_arch=$2
	local uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg wanted
	shift 2
	command -v apt-get >/dev/null || { echo "no apt on this machine" >&2 && return 1; }
	# the whole listing into a variable first: a pipe that closes early would kill apt
	uri=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 'Origin: Debian')
	uri=$(awk '$2 == "Debian" { print $1; exit }' <<<"$uri")
	[ -n "$uri" ] || { echo "apt knows no Debian mirror here (apt-get update first)" >&2 && return 1; }
	mkdir -p "$view_dir/lists/partial" "$view_dir/cache/archives/partial"
	wanted=$(printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$uri" "$*" "$keyring")
	if [ "$(cat "$view_dir/view.sources" 2>/dev/null)" != "$wanted" ] || [ -z "$(find "$view_dir/fresh" -mmin -60 2>/dev/null)" ]; then
		echo "$wanted" >"$view_dir/view.sources"
		view apt-get -qq update && touch "$view_dir/fresh"
	fi
}

view() { # TOOL ARGS...: an apt tool under the view
	local tool=$1
	shift
	"$tool" -o Dir::Etc::SourceList="$view_dir/view.sources" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$view_dir/lists" \
		-o Dir::Cache="$view_dir/cache" -o APT::Sandbox::User=root -o APT::Architecture="$view_arch" \
		-o APT::Architectures::="$view_arch" "$@"
}

view_unpack() { # ROOT PACKAGE...: the newest of each, only unpacked, no dependencies
	local dir into=$1
	shift
	dir=$(mktemp -d)
	(cd "$dir" && view apt-get -qq download "$@" >/dev/null) || { rm -rf "$dir" && return 1; }
	mkdir -p "$into"
	for dir in "$dir"/*.deb; do dpkg-deb -x "$dir" "$into" || return 1; done
	rm -rf "$(dirname "$dir")"
}
