#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A pod's life on one node, as a user sees it with kubectl.
set -u
. "$(dirname "$0")/lib.sh"
host_up kc

started_and_ready() { server_start && node_is_ready; }
claim node_becomes_ready started_and_ready
imported() { on_host "$ALLINONE" image import "$work/busybox.tar"; }
claim image_is_imported imported

pod_runs() { run_pod web "$SLEEP" && pod_phase_is web Running; }
claim pod_runs pod_runs
events_tell() {
	local all; all=$(k get events --field-selector involvedObject.name=web -o 'jsonpath={.items[*].reason}')
	contains Scheduled "$all" && contains Pulled "$all" && contains Created "$all" && contains Started "$all"
}
claim events_tell_what_happened events_tell
addresses() {
	equals "$(field web '{.status.podIP}')" "$(k exec web -- ip -4 -o addr show eth0 | awk '{ sub("/.*", "", $4); print $4 }')" &&
		equals 2 "$(field web '{.status.podIPs[*].ip}' | wc -w)" && equals 10.80.0.1 "$(field web '{.status.hostIP}')"
}
claim status_has_the_pods_own_addresses addresses

logs_follow() {
	run_pod talker '"command":["sh","-c","i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done"]' || return 1
	local seen; seen=$(timeout 3 "$hosts" exec "$host" kubectl --kubeconfig "$kubeconfig" logs -f --tail=1 talker | head -n 4)
	equals 4 "$(grep -c '^line [0-9]*$' <<<"$seen")" && equals 4 "$(sort -u <<<"$seen" | wc -l)"
}
claim logs_follow logs_follow
logs_options() {
	equals 2 "$(k logs talker --tail=2 | wc -l)" && contains Z "$(k logs talker --tail=1 --timestamps)" &&
		equals 7 "$(k logs talker --limit-bytes=7 | wc -c)" && contains "line 0" "$(k logs talker --since=1h)"
}
claim logs_take_tail_time_and_limit logs_options
log_of() { # POD ATTEMPT: the log that has a link with this container's id
	local id; id=$(field "$1" '{.status.containerStatuses[0].containerID}')
	echo "/var/log/pods/default_$1_$(field "$1" '{.metadata.uid}')/main/$2.log $(on_host readlink "/var/log/containers/$1_default_main-${id##*/}.log")"
}
linked() { local both; both=$(log_of "$@"); [ "${both% *}" = "${both#* }" ]; }
log_links() {
	until_true 10 linked talker 0 || { log_of talker 0; on_host ls -l /var/log/containers; return 1; }
	contains "stdout F line 0" "$(on_host sh -c 'head -n 1 /var/log/containers/talker_default_main-*.log')"
}
claim links_to_the_logs_lie_where_collectors_look log_links

exec_code() { k exec web -- sh -c 'exit 7'; [ $? = 7 ]; }
claim exec_gives_the_exit_code exec_code
exec_stdin() { equals "hello there" "$(echo hello there | k exec -i web -- cat)"; }
claim exec_passes_stdin exec_stdin
exec_streams() { equals err "$(k exec web -- sh -c 'echo out; echo err >&2' 2>&1 >/dev/null | grep -v "websocket.go:")"; } # kubectl before 1.33 remarks on an early empty message
claim exec_keeps_the_streams_apart exec_streams
exec_tty() { contains "/dev/pts" "$(script -qec "$hosts exec $host kubectl --kubeconfig $kubeconfig exec -it web -- tty" /dev/null </dev/null)"; }
if command -v script >/dev/null; then claim exec_has_a_terminal exec_tty; else echo "skip exec_has_a_terminal - needs script"; fi
asked_and_gone() {
	contains "got typed" "$(echo typed | k run ask --rm -i --restart=Never --image="$image" -- sh -c 'read x; echo got $x' 2>/dev/null)" &&
		equals "" "$(k get pod ask --ignore-not-found -o name)"
}
claim run_rm_i_attaches_and_cleans_up asked_and_gone
copies() {
	head -c 3000000 /dev/urandom >"$work/blob"
	k cp "$work/blob" web:/tmp/blob && k cp web:/tmp/blob "$work/back" >/dev/null && cmp "$work/blob" "$work/back"
}
claim files_are_copied_both_ways copies

forwards() {
	run_pod server '"command":["sh","-c","mkdir /www; echo hello from a pod >/www/index.html; exec httpd -f -p 8080 -h /www"]' || return 1
	"$hosts" exec "$host" kubectl --kubeconfig "$kubeconfig" port-forward pod/server 17310:8080 >"$work/forward" 2>&1 &
	local pid=$! got
	until_true 5 grep -q Forwarding "$work/forward"
	got=$(on_host curl -s -m 5 http://127.0.0.1:17310/)
	kill $pid
	wait $pid 2>/dev/null
	equals "hello from a pod" "$got"
}
claim port_is_forwarded forwards
by_address() { equals "hello from a pod" "$(on_host curl -s -m 5 "http://$(field server '{.status.podIP}'):8080/")"; }
claim pod_is_reached_by_its_address by_address
other_pod() { equals "hello from a pod" "$(k exec web -- wget -q -O - "http://$(field server '{.status.podIP}'):8080/")"; }
claim pods_reach_each_other other_pod

two_containers() {
	k apply -f - <<-JSON >/dev/null
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"pair"},"spec":{"terminationGracePeriodSeconds":1,"containers":[
	 {"name":"a","image":"$image","command":["sh","-c","echo shared >/tmp/index.html; exec httpd -f -p 80 -h /tmp"]},
	 {"name":"b","image":"$image",$SLEEP}]}}
	JSON
	k wait --for=condition=Ready pod/pair --timeout=20s >/dev/null && equals shared "$(k exec pair -c b -- wget -q -O - http://127.0.0.1/)"
}
claim two_containers_share_a_network two_containers

volumes() {
	k create configmap conf --from-literal=key=value >/dev/null
	k create secret generic secret --from-literal=word=hush >/dev/null
	k apply -f - <<-JSON >/dev/null
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"vol","labels":{"app":"vol"}},"spec":{"terminationGracePeriodSeconds":1,
	 "initContainers":[{"name":"first","image":"$image","command":["sh","-c","echo from init >/empty/file"],
	  "volumeMounts":[{"name":"empty","mountPath":"/empty"}]}],
	 "containers":[{"name":"main","image":"$image",$SLEEP,
	  "env":[{"name":"WORD","valueFrom":{"secretKeyRef":{"name":"secret","key":"word"}}},{"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],
	  "envFrom":[{"prefix":"C_","configMapRef":{"name":"conf"}}],
	  "volumeMounts":[{"name":"empty","mountPath":"/empty"},{"name":"conf","mountPath":"/conf"},{"name":"conf","mountPath":"/one","subPath":"key"},
	   {"name":"mem","mountPath":"/mem"},{"name":"down","mountPath":"/down"},{"name":"secret","mountPath":"/secret"}]}],
	 "volumes":[{"name":"empty","emptyDir":{}},{"name":"mem","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}},{"name":"conf","configMap":{"name":"conf"}},
	  {"name":"secret","secret":{"secretName":"secret","defaultMode":256}},
	  {"name":"down","downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}}]}}]}}
	JSON
	k wait --for=condition=Ready pod/vol --timeout=20s >/dev/null || { k describe pod vol; return 1; }
	equals "from init|value|value|hush|hush|value" "$(k exec vol -- sh -c 'echo "$(cat /empty/file)|$(cat /conf/key)|$(cat /one)|$(cat /secret/word)|$WORD|$C_key"')" &&
		contains 'app="vol"' "$(k exec vol -- cat /down/labels)" && equals "$(field vol '{.status.podIP}')" "$(k exec vol -- sh -c 'echo $IP')" &&
		contains tmpfs "$(k exec vol -- df /mem)"
}
claim volumes_and_environment_are_there volumes
updated_config() {
	k create configmap conf --from-literal=key=newer --dry-run=client -o yaml | k apply -f - >/dev/null 2>&1
	until_true 5 has_newer
}
has_newer() { [ "$(k exec vol -- cat /conf/key)" = newer ]; }
claim a_changed_configmap_reaches_its_files updated_config
account() { contains ey "$(k exec web -- cat /var/run/secrets/kubernetes.io/serviceaccount/token)" && equals default "$(k exec web -- cat /var/run/secrets/kubernetes.io/serviceaccount/namespace)"; }
claim service_account_token_is_mounted account

oom() {
	k apply -f - <<-JSON >/dev/null
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"hungry"},"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"$image",
	 "command":["sh","-c","tail -c 200000000 /dev/zero | sleep 1; dd if=/dev/zero of=/dev/null bs=200M count=1"],"resources":{"limits":{"memory":"16Mi"}}}]}}
	JSON
	until_true 20 pod_phase_is hungry Failed
	equals "OOMKilled 137" "$(field hungry '{.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.exitCode}')"
}
claim out_of_memory_shows_as_OOMKilled oom
missing_reason() { field missing '{.status.containerStatuses[0].state.waiting.reason}'; }
missing_is() { [ "$(missing_reason)" = "$1" ]; }
missing() {
	k run missing --image=localhost:1/none:1 >/dev/null
	until_true 10 missing_is ErrImagePull && until_true 20 missing_is ImagePullBackOff && contains "Failed to pull image" "$(k get events --field-selector involvedObject.name=missing)"
}
claim missing_image_shows_ErrImagePull_then_BackOff missing
completed() {
	k run once --image=$image --restart=Never --image-pull-policy=IfNotPresent -- sh -c 'echo finished; exit 0' >/dev/null
	until_true 10 pod_phase_is once Succeeded && equals finished "$(k logs once)" &&
		equals Completed "$(field once '{.status.containerStatuses[0].state.terminated.reason}')"
}
claim a_completed_pod_keeps_its_logs completed
crashes() {
	k run crash --image=$image --image-pull-policy=IfNotPresent -- sh -c 'echo attempt; exit 3' >/dev/null
	until_true 20 crash_waits && equals Error "$(field crash '{.status.containerStatuses[0].lastState.terminated.reason}')" &&
		equals 3 "$(field crash '{.status.containerStatuses[0].lastState.terminated.exitCode}')" && equals attempt "$(k logs crash --previous)"
}
crash_waits() { [ "$(field crash '{.status.containerStatuses[0].state.waiting.reason}')" = CrashLoopBackOff ]; }
claim a_crashing_container_backs_off crashes
probed() {
	run_pod probed '"command":["sh","-c","touch /tmp/ok; sleep 100000"],"livenessProbe":{"exec":{"command":["cat","/tmp/ok"]},"periodSeconds":1,"failureThreshold":1},
	 "readinessProbe":{"exec":{"command":["cat","/tmp/ok"]},"periodSeconds":1}' || return 1
	k exec probed -- rm /tmp/ok
	until_true 20 was_restarted && contains "Liveness probe failed" "$(k get events --field-selector involvedObject.name=probed)"
}
was_restarted() { [ "$(field probed '{.status.containerStatuses[0].restartCount}')" = 1 ]; }
claim a_failed_liveness_probe_restarts probed

ids() { k get pods -o 'jsonpath={range .items[?(@.status.phase=="Running")]}{.metadata.name}={.status.containerStatuses[*].containerID} {end}'; }
survive() {
	local before after
	k delete pod probed crash missing hungry once --wait=true >/dev/null
	before=$(ids)
	server_kill
	server_start || return 1
	until_true 10 k exec web -- true
	after=$(ids)
	equals "$before" "$after" && equals 0 "$(field web '{.status.containerStatuses[0].restartCount}')" &&
		contains "line " "$(k logs talker --tail=1)"
}
claim pods_survive_a_killed_server survive
exit_while_away() {
	run_pod short '"command":["sleep","4"]' || return 1
	server_kill
	until_true 10 has_ended || return 1
	server_start || return 1
	until_true 10 short_restarted
}
has_ended() { ! on_host pgrep -fx 'sleep 4' >/dev/null; }
short_restarted() { [ "$(field short '{.status.containerStatuses[0].restartCount}')" = 1 ]; }
claim an_exit_while_the_server_was_away_is_seen exit_while_away

power_off() {
	k run last --image=$image --restart=Never --image-pull-policy=IfNotPresent -- sleep 100000 >/dev/null
	until_true 10 pod_phase_is last Running || return 1
	"$hosts" kill "$host"
	wait "$server" 2>/dev/null
	"$hosts" start "$host"
	server_start || return 1
	until_true 20 web_restarted && until_true 10 pod_phase_is last Failed && until_true 10 k exec web -- true
}
web_restarted() { [ "$(field web '{.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}')" = "1 true" ]; }
claim after_a_power_cut_pods_start_again power_off

debugged_says() { k logs debugged -c look 2>/dev/null | grep -q 'sleep 4242'; }
debug_target() {
	run_pod debugged '"command":["sleep","4242"]' || return 1
	k debug debugged --image="$image" --image-pull-policy=IfNotPresent --target=main -c look -- ps 2>/dev/null
	until_true 20 debugged_says || { k get pod debugged -o yaml; k logs debugged -c look; return 1; }
}
if kubectl_since 25; then # those before speak of ephemeral containers as of another kind
	claim a_debug_container_sees_the_processes_of_its_target debug_target
else
	echo "skip a_debug_container_sees_the_processes_of_its_target - kubectl is too old"
fi

deleted() {
	k delete pod --all --wait=true --timeout=30s >/dev/null && equals "" "$(k get pods -o name)" &&
		equals "" "$(on_host ls /run/allinone/netns)" && until_true 10 says_nothing on_host ls /var/log/pods && until_true 10 says_nothing on_host ls /var/log/containers && equals "" "$(on_host ip -o link show type veth | grep -v eth0)"
}
claim deleted_pods_leave_nothing_on_the_host deleted
claim nothing_is_left_on_the_host nothing_left
nothing_at_all() {
	"$hosts" down --prefix "$prefix"
	"$hosts" leaks after "$work/leaks"
}
if [ "${LEAKS:-1}" = 1 ]; then claim nothing_is_left_on_the_machine nothing_at_all; fi
