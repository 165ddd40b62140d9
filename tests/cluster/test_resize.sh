#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In-place resize: running containers get other limits, some are started again for it, what doesn't fit waits.
set -u
. "$(dirname "$0")/lib.sh"
kubectl_since 32 || skip_all "needs a kubectl that knows the subresource resize"
host_up "${RESIZE_PREFIX:-kz}"
claim server_starts server_start
on_host "$ALLINONE" image import "$work/busybox.tar" >/dev/null

pod() { # NAME CPU
	k apply -f - >/dev/null <<-YAML
	apiVersion: v1
	kind: Pod
	metadata: {name: $1}
	spec:
	  terminationGracePeriodSeconds: 0
	  containers:
	  - name: main
	    image: $image
	    imagePullPolicy: IfNotPresent
	    command: [sleep, "100000"]
	    resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]
	    resources: {requests: {cpu: $2, memory: 16Mi}, limits: {cpu: $2, memory: 16Mi}}
	YAML
	k wait --for=condition=Ready "pod/$1" --timeout=20s >/dev/null
}
resize() { # NAME RESOURCES: of both requests and limits
	k patch pod "$1" --subresource=resize -p "{\"spec\":{\"containers\":[{\"name\":\"main\",\"resources\":{\"requests\":$2,\"limits\":$2}}]}}" >/dev/null
}
condition() { field "$1" "{.status.conditions[?(@.type==\"$2\")].$3}"; }
seen() { field "$1" '{.status.containerStatuses[0].resources.limits}'; }
done_with() { # NAME LIMITS
	[ "$(seen "$1")" = "$2" ] && [ -z "$(condition "$1" PodResizeInProgress status)$(condition "$1" PodResizePending status)" ]
}
settles() { until_true 15 done_with "$1" "$2" || { k get pod "$1" -o yaml; return 1; }; }
quota() { # of the container, in millicores
	k exec "$1" -- sh -c 'if [ -f /sys/fs/cgroup/cpu.max ]; then set -- $(cat /sys/fs/cgroup/cpu.max); echo $(($1 / 100)); else echo $(($(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us) / 100)); fi'
}
claim a_pod_runs pod web 100m
grows() { resize web '{"cpu":"200m","memory":"16Mi"}' && settles web '{"cpu":"200m","memory":"16Mi"}' && equals 200 "$(quota web)" && equals 0 "$(field web '{.status.containerStatuses[0].restartCount}')"; }
claim a_running_container_gets_more grows
shrinks() { resize web '{"cpu":"50m","memory":"16Mi"}' && settles web '{"cpu":"50m","memory":"16Mi"}' && equals 50 "$(quota web)"; }
claim and_less shrinks
restarts() { resize web '{"cpu":"50m","memory":"20Mi"}' && settles web '{"cpu":"50m","memory":"20Mi"}' && equals 1 "$(field web '{.status.containerStatuses[0].restartCount}')"; }
claim a_policy_starts_it_again restarts
all_cpu() { # of the node, in millicores
	local cpu; cpu=$(k get node "$host" -o 'jsonpath={.status.allocatable.cpu}')
	case $cpu in *m) echo "${cpu%m}" ;; *) echo $((cpu * 1000)) ;; esac
}
is_deferred() { [ "$(condition web PodResizePending reason)" = Deferred ]; }
deferred() {
	pod other 100m
	resize web "{\"cpu\":\"$(($(all_cpu) - 50))m\",\"memory\":\"20Mi\"}"
	until_true 10 is_deferred || { k get pod web -o yaml; return 1; }
	equals '{"cpu":"50m","memory":"20Mi"}' "$(seen web)"
}
claim what_does_not_fit_waits deferred
has_room() { k delete pod other >/dev/null && until_true 15 done_with web "{\"cpu\":\"$(field web '{.spec.containers[0].resources.limits.cpu}')\",\"memory\":\"20Mi\"}" || { k get pod web -o yaml; return 1; }; }
claim until_another_pod_is_gone has_room
never_fits() {
	local refused
	! refused=$(resize web "{\"cpu\":\"$(($(all_cpu) + 1000))m\",\"memory\":\"20Mi\"}" 2>&1) && contains "node didn't have enough allocatable resources: cpu, requested: $(($(all_cpu) + 1000)), allocatable: $(all_cpu)" "$refused"
}
claim what_can_never_fit_is_refused never_fits
claim nothing_is_left_on_the_host nothing_left
