#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Trust bundles hold certificates of authorities, of any algorithm.
. "$(dirname "$0")/server.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"
start_server
authority() { # ALGORITHM-OPTION… -- EXTENSION
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	openssl req -x509 "${options[@]}" -nodes -keyout "$work/k" -subj /CN=x -days 2 -addext "basicConstraints=$2" 2>/dev/null
}
bundle() { # NAME PEM
	send POST /apis/certificates.k8s.io/v1/clustertrustbundles "$(jq -n --arg n "$1" --arg p "$2" '{metadata:{name:$n},spec:{trustBundle:$p}}')" >/dev/null
	echo "$(code) $(jq -r '.message // "fine"' "$work/body" | sed 's/.*omitted>": //')"
}
ec=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1)
same an_authority_of_a_usual_key '201 fine' "$(bundle ec "$(authority "${ec[@]}" -- critical,CA:TRUE)")"
same one_of_a_key_that_the_server_itself_cannot_use '201 fine' "$(bundle ed "$(authority -newkey ed25519 -- critical,CA:TRUE)")"
same who_is_no_authority '422 entry 0 does not have the CA bit set' "$(bundle no "$(authority -newkey ed25519 -- CA:FALSE)")"
same also_with_a_usual_key '422 entry 0 does not have the CA bit set' "$(bundle no "$(authority "${ec[@]}" -- CA:FALSE)")"
same no_certificate '422 entry 0 does not parse as X.509' "$(bundle bad "$(printf -- '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' "$(echo hello | base64)")")"
