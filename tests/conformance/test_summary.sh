#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What summary.py makes of the suite's reports: counts, reasons, and a page that keeps its runs.
set -u
here=$(cd "$(dirname "$0")" && pwd)
command -v python3 >/dev/null || { echo "skip summary - needs python3"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
claim() { # NAME WANT FILE: a line of FILE is WANT
	if grep -qxF -- "$2" "$3"; then echo "ok $1"; else cat "$3"; echo "not ok $1 - no line '$2'"; fi
}
report() { # SERIAL-SECONDS: two parts with three specs that ran
	mkdir -p "$work/report/parallel" "$work/report/serial"
	cat >"$work/report/parallel/junit_01.xml" <<-'X'
	<testsuites><testsuite><testcase name="[It] [sig-node] Pods should start [Conformance] [sig-node, Conformance]" time="3"></testcase>
	<testcase name="[It] [sig-api-machinery] AdmissionWebhook should deny [Conformance] [sig-api-machinery, Conformance]" time="9"><failure message="[FAILED] timed out&#10;more">x</failure></testcase>
	<testcase name="[It] [sig-node] left out [sig-node]" time="0"><skipped/></testcase>
	<testcase name="[BeforeSuite]" time="1"></testcase></testsuite></testsuites>
	X
	cat >"$work/report/serial/junit_01.xml" <<-'X'
	<testsuites><testsuite><testcase name="[It] [sig-apps] Daemon set should retry creating failed daemon pods [Serial] [Conformance] [sig-apps, Serial]" time="200"></testcase></testsuite></testsuites>
	X
	echo "Ran 2 of 3206 Specs in 62.4 seconds" >"$work/report/parallel.log"
	echo "Ran 1 of 3206 Specs in $1 seconds" >"$work/report/serial.log"
	printf '%s\n' 3.0 5.0 >"$work/report/load"
	touch -d '2030-01-02 03:04:05' "$work"/report/*/junit_01.xml
}
page() { python3 "$here/summary.py" "$work/report" "$work/page.md" "$1" "a cluster" >"$work/out"; }

report 200.2
page abc
claim "a failure is told with its first words" 'not ok [sig-api-machinery] AdmissionWebhook should deny [Conformance] - timed out' "$work/out"
claim "specs that did not run are no results" '2 passed, 1 failed, 1 skipped' "$work/out"
claim "areas are counted" '| sig-node | 1 | 0 |' "$work/page.md"
claim "why a spec fails is told where it is known" '| [sig-api-machinery] AdmissionWebhook should deny | admission webhooks are not called yet |' "$work/page.md"
claim "what a slow spec waits for is told where it is known" '| 200 | [sig-apps] Daemon set should retry creating failed daemon pods [Serial] | its program takes no heed of TERM: 30 seconds of grace |' "$work/page.md"
claim "a run is a row: time, passed and load of it" '| 2030-01-02 03:04 | abc | 1:02, 1 of 2 | 3:20, 1 of 1 | 2 | 1 | 4 |' "$work/page.md"
report 700
page def
claim "the rows of runs before stay" '| 2030-01-02 03:04 | abc | 1:02, 1 of 2 | 3:20, 1 of 1 | 2 | 1 | 4 |' "$work/page.md"
claim "and the new run comes last" '| 2030-01-02 03:04 | def | 1:02, 1 of 2 | 11:40, 1 of 1 | 2 | 1 | 4 |' <(grep '^| 2030' "$work/page.md" | tail -n 1)
