#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Volumes that are directories of the node: made for a claim, kept across pods and restarts, removed with the claim.
set -u
. "$(dirname "$0")/lib.sh"
host_up "${STORAGE_PREFIX:-ks}"
root=/var/lib/allinone/storage

started() { server_start && on_host "$ALLINONE" image import "$work/busybox.tar"; }
claim server_starts started

default_class() { until_true 10 equals true "$(k get storageclass standard -o 'jsonpath={.metadata.annotations.storageclass\.kubernetes\.io/is-default-class}')"; }
claim there_is_a_default_class default_class

stateful_set() { # REPLICAS
	k apply -f - >/dev/null <<-YAML
	apiVersion: apps/v1
	kind: StatefulSet
	metadata: {name: db}
	spec:
	  serviceName: db
	  replicas: $1
	  selector: {matchLabels: {app: db}}
	  template:
	    metadata: {labels: {app: db}}
	    spec:
	      terminationGracePeriodSeconds: 0
	      securityContext: {runAsUser: 1000, fsGroup: 2000}
	      containers:
	      - name: main
	        image: $image
	        imagePullPolicy: IfNotPresent
	        command: [sleep, "100000"]
	        volumeMounts:
	        - {name: data, mountPath: /data}
	        - {name: data, mountPath: /part, subPath: a/part}
	        - {name: data, mountPath: /look, readOnly: true}
	  volumeClaimTemplates:
	  - metadata: {name: data}
	    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
	YAML
}
ready() { [ "$(field "$1" '{.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]; }
runs() { stateful_set 2 && until_true 20 ready db-0 && until_true 20 ready db-1; }
claim a_stateful_set_gets_its_volumes runs
writes() { k exec db-0 -- sh -c 'echo kept >/data/file && echo part >/part/file && cat /look/a/part/file' | grep -q part; }
claim a_user_writes_into_the_volume_and_below writes
read_only() { ! k exec db-0 -- sh -c 'echo no >/look/file'; }
claim a_read_only_mount_is_read_only read_only
directory() { # CLAIM: its name below the root
	echo "pvc-$(k get pvc "$1" -o 'jsonpath={.metadata.uid}')_default_$1"
}
in_place() { equals kept "$(on_host cat "$root/$(directory data-db-0)/file")"; }
claim the_directory_lies_below_the_data_directory in_place
pinned() { equals "$host" "$(k get pv -o 'jsonpath={.items[0].spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}')"; }
claim the_volume_names_its_node pinned

again() {
	local uid; uid=$(field db-0 '{.metadata.uid}')
	k delete pod db-0 >/dev/null
	other() { [ "$(field db-0 '{.metadata.uid}' 2>/dev/null)" != "$uid" ] && ready db-0; }
	until_true 20 other && equals kept "$(k exec db-0 -- cat /data/file)"
}
claim data_outlives_the_pod again
restarted() {
	server_kill && server_start && equals kept "$(k exec db-0 -- cat /data/file)" || return 1
	k delete pod db-0 >/dev/null
	until_true 20 ready db-0 && equals kept "$(k exec db-0 -- cat /data/file)"
}
claim data_outlives_the_server restarted

used() {
	k delete pvc data-db-0 --wait=false >/dev/null
	equals Terminating "$(k get pvc data-db-0 --no-headers | awk '{print $2}')" && equals kept "$(k exec db-0 -- cat /data/file)"
}
claim a_claim_in_use_stays used
removed() {
	local dir; dir=$(directory data-db-0)
	stateful_set 0
	no_directory() { on_host test ! -e "$root/$dir"; }
	no_volume() { [ "$(k get pv --no-headers 2>/dev/null | grep -c data-db-0)" = 0 ]; }
	until_true 20 no_directory && until_true 10 no_volume
}
claim directory_and_volume_go_with_the_claim removed
retained() {
	local pv dir; pv=$(k get pvc data-db-1 -o 'jsonpath={.spec.volumeName}') dir=$(directory data-db-1)
	k patch pv "$pv" -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}' >/dev/null
	k delete pvc data-db-1 >/dev/null
	is_released() { equals Released "$(k get pv "$pv" -o 'jsonpath={.status.phase}')"; }
	until_true 10 is_released && k delete pv "$pv" >/dev/null && on_host test -d "$root/$dir" && on_host rm -r "$root/$dir"
}
claim what_is_to_be_retained_stays retained
ephemeral() {
	k apply -f - >/dev/null <<-YAML
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"eph"},"spec":{"terminationGracePeriodSeconds":0,
	 "volumes":[{"name":"v","ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Mi"}}}}}}],
	 "containers":[{"name":"main","image":"$image","imagePullPolicy":"IfNotPresent",$SLEEP,"volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}
	YAML
	until_true 20 ready eph && k exec eph -- touch /v/x || return 1
	local dir; dir=$(directory eph-v)
	on_host test -e "$root/$dir/x" && k delete pod eph >/dev/null || return 1
	no_directory() { on_host test ! -e "$root/$dir"; }
	until_true 20 no_directory
}
claim an_ephemeral_volume_goes_with_its_pod ephemeral

# --- a volume that is a device ---

block_pod() { # NAME CLAIM CONTAINER-FIELDS
	k apply -f - >/dev/null <<-JSON
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$1"},"spec":{"terminationGracePeriodSeconds":0,
	 "volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"$2"}}],
	 "containers":[{"name":"main","image":"$image","imagePullPolicy":"IfNotPresent",$SLEEP,$3}]}}
	JSON
}
block_volume() { # NAME PATH
	k apply -f - >/dev/null <<-YAML
	apiVersion: v1
	kind: PersistentVolume
	metadata: {name: $1}
	spec:
	  capacity: {storage: 1Mi}
	  accessModes: [ReadWriteOnce]
	  volumeMode: Block
	  storageClassName: ""
	  persistentVolumeReclaimPolicy: Retain
	  claimRef: {namespace: default, name: $1}
	  local: {path: $2}
	  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [$host]}]}]}}
	---
	apiVersion: v1
	kind: PersistentVolumeClaim
	metadata: {name: $1}
	spec: {accessModes: [ReadWriteOnce], volumeMode: Block, storageClassName: "", volumeName: $1, resources: {requests: {storage: 1Mi}}}
	YAML
}
device() {
	on_host mknod /var/lib/allinone/device b 7 201 && block_volume raw /var/lib/allinone/device
	block_pod device raw '"volumeDevices":[{"name":"v","devicePath":"/dev/xvda"}]'
	until_true 30 ready device && equals "7 c9 block special file" "$(k exec device -- stat -c '%t %T %F' /dev/xvda)" || { k describe pod device | tail; return 1; }
}
claim a_block_volume_is_a_device_of_the_container device
mount_fails() { k get events --field-selector "involvedObject.name=$1" -o 'jsonpath={.items[*].message}' | grep -qF "$2"; }
no_device() {
	on_host touch /var/lib/allinone/plain && block_volume plain /var/lib/allinone/plain
	block_pod plain plain '"volumeDevices":[{"name":"v","devicePath":"/dev/xvda"}]'
	until_true 20 mount_fails plain "is not a block device" || { k describe pod plain | tail; return 1; }
}
claim a_block_volume_has_to_be_one no_device
k delete pods device plain >/dev/null
k delete persistentvolumeclaims raw plain >/dev/null
k delete persistentvolumes raw plain >/dev/null
claim nothing_is_left_on_the_host nothing_left
