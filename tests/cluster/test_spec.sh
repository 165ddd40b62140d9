#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a pod's spec may say beside its command: variables of every source, host paths of every type, names, groups, hooks, last words.
set -u
. "$(dirname "$0")/lib.sh"
host_up "${SPEC_PREFIX:-kq}"
dir=/var/lib/allinone/spec

started() { server_start && on_host "$ALLINONE" image import "$work/busybox.tar" && on_host mkdir -p $dir; }
claim server_starts started
runs() {
	k create configmap cm --from-literal=a=one >/dev/null
	k apply -f - >/dev/null <<-YAML
	apiVersion: v1
	kind: Pod
	metadata: {name: all, labels: {x: "yes"}}
	spec:
	  terminationGracePeriodSeconds: 5
	  hostname: myhost
	  subdomain: sub
	  hostAliases: [{ip: 1.2.3.4, hostnames: [foo.bar]}]
	  dnsPolicy: None
	  dnsConfig: {nameservers: [9.9.9.9], searches: [my.search], options: [{name: ndots, value: "2"}]}
	  shareProcessNamespace: true
	  securityContext: {supplementalGroups: [4000], supplementalGroupsPolicy: Strict, fsGroup: 2000, sysctls: [{name: kernel.shm_rmid_forced, value: "1"}]}
	  initContainers:
	  - name: side
	    image: $image
	    imagePullPolicy: IfNotPresent
	    restartPolicy: Always
	    command: [sh, -c, "echo \\"K='from a file'\\" >/e/env; sleep 100000"]
	    startupProbe: {exec: {command: [test, -s, /e/env]}, periodSeconds: 1}
	    volumeMounts: [{name: e, mountPath: /e}]
	  containers:
	  - name: main
	    image: $image
	    imagePullPolicy: IfNotPresent
	    command: [sleep, "100000"]
	    env:
	    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
	    - {name: LABEL, valueFrom: {fieldRef: {fieldPath: "metadata.labels['x']"}}}
	    - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
	    - {name: HOSTS, valueFrom: {fieldRef: {fieldPath: status.hostIPs}}}
	    - {name: MADE, value: "\$(NODE)-\$\$(X)"}
	    - {name: FILED, valueFrom: {fileKeyRef: {volumeName: e, path: env, key: K}}}
	    resources: {limits: {memory: 32Mi}}
	    volumeMounts:
	    - {name: e, mountPath: /below, subPathExpr: "\$(NODE)/x"}
	    - {name: cm, mountPath: /cm}
	    - {name: made, mountPath: /made}
	    - {name: file, mountPath: /file}
	    - {name: here, mountPath: /here, readOnly: true, recursiveReadOnly: Enabled}
	    lifecycle: {postStart: {sleep: {seconds: 1}}, preStop: {exec: {command: [sh, -c, "echo bye >/file"]}}}
	  volumes:
	  - {name: e, emptyDir: {}}
	  - {name: cm, configMap: {name: cm}}
	  - {name: made, hostPath: {path: $dir/made, type: DirectoryOrCreate}}
	  - {name: file, hostPath: {path: $dir/file, type: FileOrCreate}}
	  - {name: here, hostPath: {path: $dir, type: Directory}}
	YAML
	k wait --for=condition=Ready pod/all --timeout=30s >/dev/null || { k describe pod all | tail -20; return 1; }
}
claim a_pod_with_all_of_it_runs runs
inside() { k exec all -c main -- sh -c "$1"; }
says() { equals "$1" "$(inside "$2")"; } # WANT COMMAND
claim variables_come_from_fields_resources_and_files says "$host yes 32 10.80.0.1,fd80::1 $host-\$(X) from a file" 'echo $NODE $LABEL $MEMORY $HOSTS $MADE $FILED'
claim a_strict_pod_has_the_groups_of_its_spec_alone says "0 2000 4000" 'id -G'
reported() { # WANT JSONPATH of the container's status
	told=$1 path=$2
	tells() { [ "$(field all "{.status.containerStatuses[0].$path}")" = "$told" ]; }
	until_true 10 tells || equals "$told" "$(field all "{.status.containerStatuses[0].$path}")"
}
claim its_status_says_who_runs reported '{"gid":0,"supplementalGroups":[0,4000,2000],"uid":0}' user.linux
claim its_status_says_what_is_read_only_to_the_ground reported Enabled 'volumeMounts[?(@.name=="here")].recursiveReadOnly'
claim it_has_its_own_name_and_resolver says "myhost.sub.default.svc.cluster.local 9.9.9.9 my.search ndots:2" 'echo $(hostname -f) $(sed "s/^[a-z]* //" /etc/resolv.conf | sort)'
claim aliases_of_hosts_are_known says "1.2.3.4 foo.bar" 'grep -o "^1.2.3.4.*" /etc/hosts | tr "\t" " "'
claim its_sysctls_are_set says 1 'cat /proc/sys/kernel/shm_rmid_forced'
claim its_containers_see_each_others_processes says 2 'ps | grep -c "[s]leep 100000"'
below() { inside 'echo x >/below/f' && says x "cat \$(echo /proc/[0-9]*/root/e/$host/x/f | cut -d' ' -f1) 2>/dev/null || cat /below/f"; }
claim a_part_of_a_volume_is_named_by_a_variable below
paths() { on_host test -d $dir/made -a -f $dir/file && ! inside 'touch /here/no 2>/dev/null' && ! inside 'touch /here/made/no 2>/dev/null'; }
claim host_paths_are_made_and_read_only_to_the_ground paths
newer() { [ "$(inside 'cat /cm/a')" = newer ]; }
update() { k patch configmap cm -p '{"data":{"a":"newer"}}' >/dev/null && until_true 5 newer; }
claim files_follow_their_object update
bye() { k delete pod all >/dev/null && equals bye "$(on_host cat $dir/file)"; }
claim the_hook_before_the_end_runs bye

typed() { # TYPE PATH
	local name; name=$(tr '[:upper:]' '[:lower:]' <<<"$1")
	k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$name"},"spec":{"terminationGracePeriodSeconds":0,"volumes":[{"name":"v","hostPath":{"path":"$2","type":"$1"}}],
	 "containers":[{"name":"main","image":"$image","imagePullPolicy":"IfNotPresent",$SLEEP,"volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}
	JSON
}
types() {
	local t right wrong
	while read -r t right wrong; do
		typed "$t" "$wrong"
		until_true 20 refused "$(tr '[:upper:]' '[:lower:]' <<<"$t")" || { echo "$t $wrong"; return 1; }
		k delete pod "$(tr '[:upper:]' '[:lower:]' <<<"$t")" >/dev/null
		typed "$t" "$right"
		until_true 20 pod_phase_is "$(tr '[:upper:]' '[:lower:]' <<<"$t")" Running || { echo "$t $right"; return 1; }
	done <<-ROWS
	Directory $dir $dir/file
	File $dir/file $dir
	Socket /run/allinone/test.socket $dir/file
	CharDevice /dev/null $dir/file
	BlockDevice $dir/block $dir/file
	ROWS
}
refused() { k get events --field-selector "involvedObject.name=$1,reason=FailedMount" -o 'jsonpath={.items[*].message}' | grep -q "hostPath type check failed: "; }
special() { on_host sh -c "mknod $dir/block b 7 200; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/run/allinone/test.socket\")'" && types; }
claim a_host_path_has_to_be_of_its_type special

last_words() {
	k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"fails"},"spec":{"restartPolicy":"Never","containers":[
	 {"name":"main","image":"$image","imagePullPolicy":"IfNotPresent","command":["sh","-c","echo last words; exit 3"],"terminationMessagePolicy":"FallbackToLogsOnError"},
	 {"name":"file","image":"$image","imagePullPolicy":"IfNotPresent","command":["sh","-c","echo log; echo said >/dev/termination-log; exit 4"],"terminationMessagePolicy":"FallbackToLogsOnError"}]}}
	JSON
	until_true 20 pod_phase_is fails Failed && equals "last words said" "$(field fails '{.status.containerStatuses[*].state.terminated.message}' | xargs)"
}
claim a_failure_leaves_its_last_words last_words

# --- what a node does not do, and what it calls it ---

quick() { # NAME SPEC-FIELDS CONTAINER-FIELDS, both JSON with a comma behind
	k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$1"},"spec":{$2"terminationGracePeriodSeconds":0,"containers":[{"name":"main",$3"image":"$image","imagePullPolicy":"IfNotPresent",$SLEEP}]}}
	JSON
}
rejected() { equals "$2" "$(field "$1" '{.status.reason} {.status.message}')"; }
unsafe() {
	quick unsafe '"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"65536"}]},' ''
	until_true 20 rejected unsafe 'SysctlForbidden Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'
}
claim a_kernel_parameter_that_is_not_safe_is_refused unsafe
waits_for() { equals "$2" "$(field "$1" '{.status.containerStatuses[0].state.waiting.reason} {.status.containerStatuses[0].restartCount}')"; }
no_profile() {
	quick no-profile '' '"securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"absent.json"}},'
	until_true 20 waits_for no-profile 'CreateContainerError 0'
}
claim a_container_without_its_profile_is_not_made no_profile
event_of() { k get events --field-selector "involvedObject.name=$1,reason=$2" -o 'jsonpath={.items[*].message}'; }
told() { contains "$3" "$(event_of "$1" "$2")"; } # POD REASON PART
whole_name() {
	quick whole '"hostname":"h","subdomain":"s","setHostnameAsFQDN":true,' ''
	k wait --for=condition=Ready pod/whole --timeout=20s >/dev/null && equals h.s.default.svc.cluster.local "$(k exec whole -- hostname)" || return 1
	quick too-long '"hostname":"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh","subdomain":"s","setHostnameAsFQDN":true,' ''
	until_true 20 told too-long FailedCreatePodSandBox 'is too long (64 characters is the max, 70 characters requested)'
}
claim a_pod_may_have_its_whole_name whole_name
own_users() {
	quick own-users '"hostUsers":false,' ''
	until_true 20 told own-users FailedCreatePodSandBox "can't set \`spec.hostUsers: false\`, runtime does not support user namespaces"
}
claim a_pod_that_wants_users_of_its_own_does_not_run_as_the_hosts own_users
words() {
	quick words '' '"livenessProbe":{"httpGet":{"port":81},"periodSeconds":1,"failureThreshold":100},"startupProbe":{"exec":{"command":["true"]}},"readinessProbe":{"exec":{"command":["sh","-c","echo bad; exit 1"]},"periodSeconds":1},'
	until_true 20 told words Unhealthy 'Readiness probe failed: bad' && until_true 20 refused_connection
}
refused_connection() { [[ $(event_of words Unhealthy) =~ 'Liveness probe failed: Get "http://'[0-9.]+':81/": dial tcp '[0-9.]+':81: connect: connection refused' ]]; }
claim probes_tell_what_they_met words
redirected() { # /empty leads to /empty/, where nothing is
	k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"redirected"},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"main","image":"$image","imagePullPolicy":"IfNotPresent",
	 "command":["sh","-c","mkdir -p /w/empty && exec httpd -f -p 80 -h /w"],"readinessProbe":{"httpGet":{"port":80,"path":"/empty"},"periodSeconds":1}}]}}
	JSON
	until_true 20 told redirected Unhealthy 'Readiness probe failed: HTTP probe failed with statuscode: 404'
}
claim a_probe_follows_a_redirect_of_its_own_host redirected
on_host rm -rf $dir /run/allinone/test.socket
claim nothing_is_left_on_the_host nothing_left
