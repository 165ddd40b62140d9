#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Projected volumes that others sign: trust anchors of ClusterTrustBundles and certificates of pods.
set -u
. "$(dirname "$0")/lib.sh"
command -v openssl >/dev/null || skip_all "needs openssl, to be the signer"
kubectl_since 24 || skip_all "needs a kubectl that knows subresources"
host_up "${PROJECTED_PREFIX:-kj}"
signer=example.com/own
claim server_starts server_start
on_host "$ALLINONE" image import "$work/busybox.tar" >/dev/null

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=root -days 2 -addext basicConstraints=critical,CA:TRUE \
	-keyout "$work/ca.key" -out "$work/ca.crt" 2>/dev/null
bundle() { # NAME
	k apply -f - <<-YAML
	apiVersion: certificates.k8s.io/v1
	kind: ClusterTrustBundle
	metadata: {name: "example.com:own:$1", labels: {wanted: "yes"}}
	spec:
	  signerName: $signer
	  trustBundle: |
	$(sed 's/^/    /' "$work/ca.crt")
	YAML
}
claim a_bundle_is_taken bundle roots

pod() { # NAME
	k apply -f - <<-YAML
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
	    volumeMounts: [{name: own, mountPath: /own}]
	  volumes:
	  - name: own
	    projected:
	      sources:
	      - clusterTrustBundle: {signerName: $signer, labelSelector: {matchLabels: {wanted: "yes"}}, path: ca.pem}
	      - podCertificate: {signerName: $signer, keyType: ECDSAP384, credentialBundlePath: both.pem, userAnnotations: {example.com/hint: x}}
	YAML
}
request() { k get podcertificaterequests -o "jsonpath={.items[?(@.spec.podName=='$1')]$2}" 2>/dev/null; }
is_requested() { [ -n "$(request "$1" .metadata.name)" ]; }
requested() { pod web && until_true 10 is_requested web && equals "$host x" "$(request web .spec.nodeName) $(request web '.spec.unverifiedUserAnnotations.example\.com/hint')"; }
claim the_node_asks_for_the_certificate requested
waits() { equals Pending "$(field web '{.status.phase}')"; }
claim a_pod_waits_for_its_certificate waits

sign() { # POD
	local name chain now
	name=$(request "$1" .metadata.name)
	request "$1" .spec.stubPKCS10Request | base64 -d >"$work/req.der"
	openssl req -inform der -in "$work/req.der" -out "$work/req.pem"
	openssl x509 -req -in "$work/req.pem" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 1 -out "$work/own.crt" 2>/dev/null
	chain=$(awk '{printf "%s\\n", $0}' "$work/own.crt")
	moment() { date -u -d "$(openssl x509 -in "$work/own.crt" -noout "-$1" | cut -d= -f2)$2" +%Y-%m-%dT%H:%M:%SZ; }
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	k patch podcertificaterequest "$name" --subresource=status --type=merge -p "{\"status\":{\"certificateChain\":\"$chain\",\"notBefore\":\"$(moment startdate "")\",
		\"notAfter\":\"$(moment enddate "")\",\"beginRefreshAt\":\"$(moment enddate " -1 hour")\",
		\"conditions\":[{\"type\":\"Issued\",\"status\":\"True\",\"reason\":\"Fine\",\"message\":\"fine\",\"lastTransitionTime\":\"$now\"}]}}"
}
signed() { sign web && k wait --for=condition=Ready pod/web --timeout=20s; }
claim an_issued_certificate_starts_the_pod signed
holds() {
	k exec web -- cat /own/both.pem >"$work/both.pem"
	k exec web -- cat /own/ca.pem >"$work/seen.pem"
	equals "$(openssl pkey -in "$work/both.pem" -pubout)" "$(openssl x509 -in "$work/both.pem" -noout -pubkey)" &&
		openssl verify -CAfile "$work/seen.pem" "$work/both.pem"
}
claim key_certificate_and_anchors_belong_together holds
anchors() { k exec web -- grep -c BEGIN /own/ca.pem; }
anchors_are() { [ "$(anchors)" = "$1" ]; }
grows() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=two -days 2 -addext basicConstraints=critical,CA:TRUE \
		-keyout "$work/ca.key" -out "$work/ca.crt" 2>/dev/null
	bundle more && { until_true 10 anchors_are 2 || { anchors; return 1; }; }
}
claim another_bundle_reaches_a_running_pod grows

denied_is_told() { k get events --field-selector involvedObject.name=late,reason=Denied -o 'jsonpath={.items[*].message}' | grep -q 'reason="No"'; }
denied() {
	pod late && until_true 10 is_requested late
	k patch podcertificaterequest "$(request late .metadata.name)" --subresource=status --type=merge -p \
		"{\"status\":{\"conditions\":[{\"type\":\"Denied\",\"status\":\"True\",\"reason\":\"No\",\"message\":\"no\",\"lastTransitionTime\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}]}}"
	until_true 10 denied_is_told || { k get events; return 1; }
}
claim a_denied_certificate_is_told denied
claim nothing_is_left_on_the_host nothing_left
