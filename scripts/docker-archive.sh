# shellcheck shell=bash
# Sourced: writes a container image of one layer as `docker save` does. Equal input gives equal bytes.
#   docker_archive ROOT ARCH CONFIG OUT.tar NAME:TAG     ROOT becomes the layer; CONFIG is the member "config" of an OCI image, as JSON

archive_tar() { tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$1" -cf "$2" "${@:3}"; }
archive_sum() { sha256sum <"$1" | cut -d' ' -f1; }

docker_archive() (
	set -euo pipefail
	parts=$(mktemp -d)
	trap 'rm -rf "$parts"' EXIT
	archive_tar "$1" "$parts/layer.tar" .
	printf '{"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$2" "$3" "$(archive_sum "$parts/layer.tar")" >"$parts/config"
	config=$(archive_sum "$parts/config")
	mv "$parts/config" "$parts/$config.json"
	printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$config" "$5" >"$parts/manifest.json"
	mkdir -p "$(dirname "$4")"
	archive_tar "$parts" "$4" manifest.json "$config.json" layer.tar
)
