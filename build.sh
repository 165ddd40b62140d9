#!/usr/bin/env bash
# The one entry point: ./build.sh COMMAND [OPTIONS]; ./build.sh help lists them. Each command is a file in scripts/.
set -euo pipefail
root=$(cd "$(dirname "$0")" && pwd)
export root
command=${1:-build}
[ $# -eq 0 ] || shift
case $command in
build | run | image | test | bench | differential | conformance | fuzz | deps | lint | help) exec "$root/scripts/$command.sh" "$@" ;;
-h | --help) exec "$root/scripts/help.sh" ;;
*)
	echo "build.sh: no command '$command'; ./build.sh help lists them" >&2
	exit 2
	;;
esac
