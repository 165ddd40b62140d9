#!/usr/bin/env bash
# differential controllers [APPLICATION...]: what both control planes make of applications, see differential-controllers.sh
# differential [FOCUS] [--record] [--seed N] [--show]: upstream's API server and ours get the same requests; what differs is listed.
# Controllers and schedulers are off on both sides, so that nothing but the request changes an object. docs/differential.md has more.
# differential scheduler [--seed N] [--drawn N] [WORDS]: both schedulers place the same pods in the same clusters.
# differential volumes: both controller managers bind the same claims and volumes.
. "$(dirname "$0")/common.sh"
[ "${1:-}" != controllers ] || exec "$root/scripts/differential-controllers.sh" "${@:2}"
. "$root/tests/differential/servers.sh"
options "$@"
command -v go >/dev/null || { echo "skip differential - Go is not installed: upstream's API server is built from its Go modules"; exit 0; }
command -v openssl >/dev/null && command -v curl >/dev/null || die "differential needs openssl and curl"
need_build
mkdir -p "$build_dir"
configure
compile all >"$build_dir/build.log" 2>&1 || { tail -30 "$build_dir/build.log" >&2; exit 1; }
servers_in "$(mktemp -d /var/tmp/allinone-differential.XXXXXX)"
case ${rest[0]:-} in
scheduler | volumes)
	# shellcheck disable=SC1090 # one of two files of our own
	. "$root/tests/differential/${rest[0]}/play.sh"
	exit "$code"
	;;
esac
start_upstream
start_ours "$build_dir/allinone" --disable-scheduler --disable-controller-manager
code=0
python3 "$root/tests/differential/run.py" --ours "$ours" --ours-authorities "$ours_authorities" --upstream "$upstream" --upstream-authorities "$upstream_authorities" "${rest[@]}" >"$servers/report" || code=$?
# a run that recorded has nothing to compare with: its result is the files
grep -v '^ok ' "$servers/report"
exit $code
