#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images from a registry; it runs on the node itself, where plain http is allowed.
set -u
. "$(dirname "$0")/lib.sh"
command -v docker-registry >/dev/null || skip_all "needs docker-registry"
command -v skopeo >/dev/null || skip_all "needs skopeo"
host_up kp
printf '%s\n' 'version: 0.1' "storage: {filesystem: {rootdirectory: $work/registry}}" 'http: {addr: "127.0.0.1:5000"}' >"$work/registry.yml"
"$hosts" exec "$host" docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry=$!
trap 'kill "$registry" 2>/dev/null; host_down' EXIT
registry_answers() { on_host curl -sf -o /dev/null http://127.0.0.1:5000/v2/; }
pushed() {
	until_true 10 registry_answers && on_host skopeo copy --insecure-policy --dest-tls-verify=false \
		"docker-archive:$work/busybox.tar" docker://127.0.0.1:5000/library/busybox:1
}
claim image_is_pushed pushed
claim node_becomes_ready server_start

pod() { # NAME IMAGE POLICY
	k apply -f - <<-JSON >/dev/null
	{"apiVersion":"v1","kind":"Pod","metadata":{"name":"$1"},"spec":{"terminationGracePeriodSeconds":1,
	 "containers":[{"name":"main","image":"$2","imagePullPolicy":"$3",$SLEEP}]}}
	JSON
}
events_of() { k get events --field-selector "involvedObject.name=$1" -o 'jsonpath={.items[*].message}'; }
waits_for() { [ "$(field "$1" '{.status.containerStatuses[0].state.waiting.reason}')" = "$2" ]; }

pulled() {
	pod pulled localhost:5000/library/busybox:1 Always
	k wait --for=condition=Ready pod/pulled --timeout=20s >/dev/null || { k describe pod pulled | tail -20; return 1; }
	contains 'Pulling image "localhost:5000/library/busybox:1"' "$(events_of pulled)" &&
		contains 'Successfully pulled image' "$(events_of pulled)" &&
		contains localhost:5000/library/busybox@sha256: "$(field pulled '{.status.containerStatuses[0].imageID}')"
}
claim image_is_pulled_from_a_registry pulled
absent() { pod absent localhost:5000/library/none:1 IfNotPresent; until_true 10 absent_is_told; }
absent_is_told() { contains unknown "$(events_of absent)"; }
claim the_registrys_own_words_are_told absent
invalid() { pod invalid 'Not/Valid' IfNotPresent; until_true 10 waits_for invalid InvalidImageName; }
claim an_invalid_name_is_called_so invalid
never() { pod never localhost:5000/library/other:1 Never; until_true 10 waits_for never ErrImageNeverPull; }
claim never_means_never never
comes_later() { # the back-off ends, the image is there by then
	on_host skopeo copy --insecure-policy --dest-tls-verify=false "docker-archive:$work/busybox.tar" docker://127.0.0.1:5000/library/none:1 &&
		k wait --for=condition=Ready pod/absent --timeout=30s
}
claim an_image_that_comes_later_is_found comes_later

# --- registries.yaml ---
if command -v htpasswd >/dev/null && command -v openssl >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
	htpasswd -Bbn jane secret >"$work/htpasswd"
	printf '%s\n' 'version: 0.1' "storage: {filesystem: {rootdirectory: $work/registry}}" "auth: {htpasswd: {realm: x, path: $work/htpasswd}}" \
		"http: {addr: \"127.0.0.1:5443\", tls: {certificate: $work/cert.pem, key: $work/key.pem}}" >"$work/private.yml"
	"$hosts" exec "$host" docker-registry serve "$work/private.yml" >"$work/private.log" 2>&1 &
	private=$!
	trap 'kill "$registry" "$private" 2>/dev/null; host_down' EXIT
	private_answers() { on_host curl -sk -o /dev/null https://localhost:5443/v2/; }
	registries() { # CA-FILE PASSWORD: a registry that is nowhere, with a mirror here
		on_host sh -c 'mkdir -p /etc/allinone && cat >/etc/allinone/registries.yaml' <<-YAML
			mirrors:
			  nowhere.invalid:
			    endpoint: ["https://localhost:5443"]
			    rewrite: {"^team/(.*)$": "library/\$1"}
			configs:
			  "localhost:5443":
			    auth: {username: jane, password: "$2"}
			    tls: {ca_file: "$1"}
		YAML
	}
	mirrored() {
		until_true 10 private_answers || return 1
		registries "$work/cert.pem" secret
		pod mirrored nowhere.invalid/team/busybox:1 Always
		k wait --for=condition=Ready pod/mirrored --timeout=20s >/dev/null || { events_of mirrored; return 1; }
		contains nowhere.invalid/team/busybox@sha256: "$(field mirrored '{.status.containerStatuses[0].imageID}')"
	}
	claim a_mirror_with_its_own_authority_login_and_names_is_pulled_from mirrored
	wrong_login() {
		registries "$work/cert.pem" wrong
		pod wronglogin nowhere.invalid/team/busybox:1 Always
		until_true 20 wrong_login_is_told || { events_of wronglogin; return 1; }
	}
	wrong_login_is_told() { contains 'pull access denied' "$(events_of wronglogin)"; }
	claim a_wrong_login_is_told wrong_login
	on_host rm -f /etc/allinone/registries.yaml
	kill "$private"; wait "$private" 2>/dev/null
else
	echo "skip test_pull - mirrors: needs htpasswd and openssl"
fi

hangs() { # a registry that takes connections and says nothing
	"$hosts" exec "$host" timeout 30 python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 5001)); held = []
while True: held.append(s.accept())' &
	local silent=$!
	until_true 5 silent_listens
	pod hung localhost:5001/library/busybox:1 Always
	until_true 5 hung_pulls || return 1
	timeout 5 "$hosts" exec "$host" kubectl --kubeconfig "$kubeconfig" delete pod hung --wait=true >/dev/null
	local code=$?
	kill "$silent"; wait "$silent" 2>/dev/null
	return $code
}
silent_listens() { on_host sh -c 'ss -ltn 2>/dev/null | grep -q 127.0.0.1:5001'; }
hung_pulls() { contains Pulling "$(events_of hung)"; }
claim a_pull_that_hangs_does_not_hold_a_deletion hangs
claim nothing_is_left_on_the_host nothing_left
