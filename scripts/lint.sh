#!/usr/bin/env bash
# lint [--fix]: clang-format, includes, names in docs and comments, first lines, shell scripts. Prints ok/not ok lines as the other test layers do.
. "$(dirname "$0")/common.sh"
cd "$root"
need clang-format=clang-format shellcheck=shellcheck git=git || true
failed=0
result() { # NAME OUTPUT: empty output is good
	if [ -z "$2" ]; then
		echo "ok $1"
	else
		printf '%s\n' "$2" | head -40
		echo "not ok $1 - $(printf '%s\n' "$2" | wc -l) lines above"
		failed=1
	fi
}

mapfile -t sources < <(git ls-files -- '*.c' '*.h')
mapfile -t scripts < <(git ls-files -- '*.sh' | cat - <(git ls-files -z | xargs -0r grep -lE '^#!.*\b(ba)?sh\b' --) | sort -u)
[ "${1:-}" != --fix ] || clang-format -i "${sources[@]}"

if command -v clang-format >/dev/null; then
	result format "$(clang-format --dry-run "${sources[@]}" 2>&1 | grep -F 'warning:' | cut -d: -f1 | sort | uniq -c || true)"
else
	echo "skip format - clang-format is not installed"
fi
result includes "$(scripts/check-includes)"
result names "$(scripts/check-names)"
result licence-line "$(for f in "${sources[@]}"; do head -2 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f"; done)"
if command -v shellcheck >/dev/null; then
	# a recipe is sourced by scripts/deps/one.sh: no first line, variables from and for there
	result shellcheck "$(
		printf '%s\n' "${scripts[@]}" | grep -v '^deps/' | xargs shellcheck -S warning -x -s bash -P SCRIPTDIR -e SC2034 2>&1
		shellcheck -S warning -s bash -e SC2034,SC2154,SC2086,SC2115 deps/*.sh 2>&1
	)"
else
	echo "skip shellcheck - shellcheck is not installed"
fi
exit $failed
