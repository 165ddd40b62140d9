#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whose certificate requests are granted without anybody's word: of nodes, for their service proxy and their name server, and for nothing more.
. "$(dirname "$0")/server.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"
start_server

request() { # NAME SUBJECT KUBECTL-FLAGS…: asks for a client certificate
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/$1.key" -subj "$2" -out "$work/$1.csr" 2>/dev/null
	kubectl create "${@:3}" -f - >/dev/null <<-JSON
	{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"name":"$1"},
	 "spec":{"request":"$(base64 -w0 "$work/$1.csr")","signerName":"kubernetes.io/kube-apiserver-client","usages":["digital signature","client auth"]}}
	JSON
}
issued() { [ -n "$(kubectl get csr "$1" -o 'jsonpath={.status.certificate}')" ]; }
as_node=(--as system:node:n9 --as-group system:nodes --as-group system:authenticated)
call_as() { # NAME PATH: the code that the certificate's owner gets
	kubectl get csr "$1" -o 'jsonpath={.status.certificate}' | base64 -d >"$work/$1.crt"
	curl -s -o /dev/null -w '%{http_code}' --cacert "$work/ca" --cert "$work/$1.crt" --key "$work/$1.key" "$url$2"
}

# those that are refused come first: when the last is issued, they have been looked at
request groups /O=system:masters/CN=system:kube-proxy "${as_node[@]}" 2>"$work/refused" || true
request other /CN=system:kube-controller-manager "${as_node[@]}"
request person /CN=system:kube-proxy
request proxy /CN=system:kube-proxy "${as_node[@]}"
request names /CN=system:serviceaccount:kube-system:coredns "${as_node[@]}"
claim the_proxys_is_issued eventually issued proxy
claim the_name_servers_is_issued eventually issued names
for name in groups other person; do same "${name}_is_not_approved" "" "$(kubectl get csr $name --ignore-not-found -o 'jsonpath={.status.conditions}')"; done
same the_proxy_sees_endpoints 200 "$(call_as proxy /apis/discovery.k8s.io/v1/endpointslices)"
same the_proxy_sees_no_secrets 403 "$(call_as proxy /api/v1/secrets)"
same the_name_server_sees_namespaces 200 "$(call_as names /api/v1/namespaces)"
same a_node_sees_no_endpoints no "$(kubectl auth can-i list endpointslices "${as_node[@]}")"
