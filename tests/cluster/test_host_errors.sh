#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a host lacks and what is wrong with an image is told in one line that says what to do; nothing half-done stays behind.
set -u
. "$(dirname "$0")/lib.sh"
host_up ke

# refused PATTERN COMMAND…: fails on the host, with one line of ours that matches
refused() {
	local pattern=$1 said code; shift
	said=$(on_host timeout 10 "$@" 2>&1); code=$?
	[ $code != 0 ] && [ $code != 124 ] && [ "$(grep -c '^allinone: ' <<<"$said")" = 1 ] && grep -Eq -- "$pattern" <<<"$said" ||
		{ echo "code $code: $said"; return 1; }
}
without_controller() { # NAME PATTERN
	refused "$2" unshare -m sh -c 'umount "$1" && exec "$2" server' sh "/sys/fs/cgroup/$1" "$ALLINONE"
}
if on_host test -d /sys/fs/cgroup/memory; then
	claim no_memory_controller_names_the_boot_parameters without_controller memory 'cgroup_memory=1 cgroup_enable=memory'
	claim no_cpu_controller_is_told without_controller cpu 'controller cpu is missing'
	claim no_pids_controller_is_told without_controller pids 'controller pids is missing'
else
	echo "skip missing_controllers - cgroup v2's controllers cannot be taken away from one host here"
fi

nothing_imported() { equals "" "$(on_host "$ALLINONE" image list | tail -n +2)" && equals 0 "$(on_host find /var/lib/allinone/agent/images/blobs /var/lib/allinone/agent/images/layers -type f 2>/dev/null | wc -l)"; }
head -c 700000 "$work/busybox.tar" >"$work/cut.tar"
claim an_archive_cut_short_is_refused refused 'cut.tar: archive is cut short' "$ALLINONE" image import "$work/cut.tar"
claim and_leaves_nothing nothing_imported
claim what_is_no_archive_is_refused refused 'archive is broken' "$ALLINONE" image import /etc/hostname
claim and_leaves_nothing_either nothing_imported
