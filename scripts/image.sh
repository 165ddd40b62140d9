#!/usr/bin/env bash
# image [--arch amd64|arm64] [--tag NAME:TAG] [--build-dir DIR]: the node image, as an archive that docker, podman and `allinone image import` load
. "$(dirname "$0")/common.sh"
options "$@"
tag=docker.io/library/allinone:$(cat "$root/VERSION")
set -- "${rest[@]}"
while [ $# -gt 0 ]; do
	case $1 in
	--tag) tag=${2:?--tag wants NAME:TAG} && shift ;;
	*) die "image: unknown option $1" ;;
	esac
	shift
done
need_build
mkdir -p "$build_dir"
configure
compile all
out=$build_dir/allinone-image.tar
"$root/image/build" "$build_dir/allinone" "$arch" "$out" "$tag"
say "$out, $(stat -c %s "$out") bytes: docker load -i $out"
