#!/usr/bin/env bash
# deps [--arch A | --target T] [--update] [--sources DIR]
. "$(dirname "$0")/common.sh"
options "$@"
[ "${rest[0]:-}" != --target ] || { target=${rest[1]:?} && rest=("${rest[@]:2}"); }
need_build
exec "$root/scripts/deps/deps.sh" "$target" "${rest[@]}"
