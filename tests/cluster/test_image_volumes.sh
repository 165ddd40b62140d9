#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images as volumes: their files are there, can be read and nothing else, and stay as long as a pod has them.
set -u
. "$(dirname "$0")/lib.sh"
host_up kiv
claim node_becomes_ready server_start
on_host "$ALLINONE" image import "$work/busybox.tar" >/dev/null

k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"reader"},"spec":{"terminationGracePeriodSeconds":1,
	 "volumes":[{"name":"files","image":{"reference":"$image","pullPolicy":"Never"}}],
	 "containers":[{"name":"main","image":"$image","imagePullPolicy":"Never",$SLEEP,
	  "volumeMounts":[{"name":"files","mountPath":"/files"},{"name":"files","mountPath":"/users","subPath":"etc"}]}]}}
JSON
started() { k wait --for=condition=Ready pod/reader --timeout=20s >/dev/null || { k describe pod reader | tail -20; return 1; }; }
claim a_pod_starts_with_an_image_as_volume started
inside() { k exec reader -- sh -c "$1" 2>"$work/words"; }
claim its_files_are_there equals same "$(inside 'cmp /files/bin/busybox /bin/busybox && echo same')"
claim a_part_of_it_can_be_mounted equals same "$(inside 'cmp /users/passwd /etc/passwd && echo same')"
claim nothing_is_written equals refused "$(inside 'touch /files/x 2>/dev/null || echo refused')"
claim nothing_is_executed equals refused "$(inside '/files/bin/busybox true 2>/dev/null || echo refused')"

pins() { on_host ls /var/lib/allinone/agent/images/pins | grep -c "^$uid" || true; }
uid=$(field reader '{.metadata.uid}')
claim the_image_is_held equals 1 "$(pins)"
gone() { k delete pod reader --wait=true >/dev/null; until_true 10 released; }
released() { [ "$(pins)" = 0 ] && ! on_host grep -q "$uid" /proc/self/mountinfo; }
claim with_the_pod_its_mount_and_its_hold_go gone

absent() {
	k apply -f - >/dev/null <<-JSON
		{"apiVersion":"v1","kind":"Pod","metadata":{"name":"absent"},"spec":{"terminationGracePeriodSeconds":1,
		 "volumes":[{"name":"files","image":{"reference":"localhost:5999/none:1","pullPolicy":"IfNotPresent"}}],
		 "containers":[{"name":"main","image":"$image","imagePullPolicy":"Never",$SLEEP,"volumeMounts":[{"name":"files","mountPath":"/files"}]}]}}
	JSON
	until_true 20 absent_is_told || { k describe pod absent | tail -20; return 1; }
}
absent_is_told() { field absent '{.status.containerStatuses[0].state.waiting.reason}' | grep -qE '^(ErrImagePull|ImagePullBackOff)$'; }
claim an_image_that_can_not_be_pulled_is_told absent
claim nothing_is_left_on_the_host nothing_left
