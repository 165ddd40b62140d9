#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What follows when a container ends: the pod's policy, the container's own, rules for exit codes, and all containers anew.
set -u
. "$(dirname "$0")/lib.sh"
host_up "${RESTART_PREFIX:-kr}"

started() { server_start && on_host "$ALLINONE" image import "$work/busybox.tar"; }
claim server_starts started

pod() { # NAME POLICY < containers and volumes, as YAML
	{
		printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  restartPolicy: %s\n  terminationGracePeriodSeconds: 1\n' "$1" "$2"
		sed "s|IMAGE|image: $image, imagePullPolicy: IfNotPresent|"
	} | k apply -f - >/dev/null
}
state() { field "$1" "{.status.containerStatuses[?(@.name==\"$2\")]$3}"; }
state_is() { equals "$4" "$(state "$1" "$2" "$3")"; }
at_least() { [ "$(state "$1" "$2" .restartCount)" -ge "$3" ]; }

rules() {
	pod rules Never <<-YAML
	  containers:
	  - {name: by-rule, IMAGE, command: [sh, -c, exit 42], restartPolicy: Never,
	     restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}]}
	  - {name: by-the-others, IMAGE, command: [sh, -c, exit 3], restartPolicy: Never,
	     restartPolicyRules: [{action: Restart, exitCodes: {operator: NotIn, values: [0, 1]}}]}
	  - {name: by-itself, IMAGE, command: [sh, -c, exit 3], restartPolicy: OnFailure}
	  - {name: by-the-pod, IMAGE, command: [sh, -c, exit 3]}
	YAML
	until_true 20 at_least rules by-rule 1 && until_true 20 at_least rules by-the-others 1 && until_true 20 at_least rules by-itself 1 &&
		until_true 20 state_is rules by-the-pod .state.terminated.exitCode 3 && state_is rules by-the-pod .restartCount 0 && pod_phase_is rules Running
}
claim each_container_is_restarted_by_its_own_rules rules
never() {
	pod never Always <<-YAML
	  containers:
	  - {name: main, IMAGE, command: [sh, -c, exit 3], restartPolicy: Never}
	YAML
	until_true 20 pod_phase_is never Failed && state_is never main .restartCount 0
}
claim its_own_policy_goes_before_the_pods never
init() {
	pod init Never <<-YAML
	  initContainers:
	  - {name: first, IMAGE, command: [sh, -c, "[ -e /e/been ] && exit; touch /e/been; exit 5"], restartPolicy: OnFailure, volumeMounts: [{name: e, mountPath: /e}]}
	  containers:
	  - {name: main, IMAGE, command: [sh, -c, exit 0]}
	  volumes: [{name: e, emptyDir: {}}]
	YAML
	until_true 30 pod_phase_is init Succeeded && equals 1 "$(field init '{.status.initContainerStatuses[0].restartCount}')"
}
claim an_init_container_may_be_tried_again_where_the_pod_would_not init

all() {
	pod all Never <<-YAML
	  initContainers:
	  - {name: first, IMAGE, command: [sh, -c, "echo >>/e/first"], volumeMounts: [{name: e, mountPath: /e}]}
	  - {name: beside, IMAGE, command: [sleep, "100000"], restartPolicy: Always}
	  containers:
	  - {name: fails, IMAGE, command: [sh, -c, "[ \$(wc -l </e/first) -gt 1 ] && sleep 100000; exit 42"], restartPolicy: Never, volumeMounts: [{name: e, mountPath: /e}],
	     restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [42]}}]}
	  - {name: other, IMAGE, command: [sleep, "100000"], lifecycle: {preStop: {exec: {command: [sleep, "1000"]}}}}
	  volumes: [{name: e, emptyDir: {}}]
	YAML
	until_true 30 all_ran_twice && k wait --for=condition=Ready pod/all --timeout=10s >/dev/null && equals 2 "$(k exec all -c fails -- sh -c 'wc -l </e/first')"
}
all_ran_twice() { equals "1 1 1 1" "$(field all '{.status.initContainerStatuses[*].restartCount} {.status.containerStatuses[*].restartCount}')"; }
claim a_rule_restarts_all_of_them_in_their_pod all
told() {
	equals "False 137 RestartingAllContainers" "$(field all '{.status.conditions[?(@.type=="AllContainersRestarting")].status}') $(state all other .lastState.terminated.exitCode) $(state all other .lastState.terminated.reason)"
}
claim what_became_of_them_is_told until_true 10 told
claim nothing_is_left_on_the_host nothing_left
