#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ServiceCIDRs beyond the first: addresses come from them while they are ready; one that is to go waits for its last address.
. "$(dirname "$0")/server.sh"
start_server --service-cidr 10.77.0.0/29
services=/api/v1/namespaces/default/services ranges=/apis/networking.k8s.io/v1/servicecidrs
make() { send POST $services "{\"metadata\":{\"name\":\"$1\"},\"spec\":$2}"; }
range() { send POST $ranges "{\"metadata\":{\"name\":\"$1\"},\"spec\":{\"cidrs\":[\"$2\"]}}" >/dev/null; }
says() { api GET "$ranges/$1" | jq -e "$2"; }
ready() { says "$1" '.status.conditions[0].status == "True" and .metadata.finalizers == ["networking.k8s.io/service-cidr-finalizer"]'; }
gone() { api GET "$1" >/dev/null; [ "$(code)" = 404 ]; }
later() { eventually "$@" || eventually "$@"; } # it stays for ten seconds at least
refused() { make "$@" >/dev/null; [ "$(code)" = 422 ]; }

for n in 1 2 3 4 5; do make "s$n" '{"ports":[{"port":80}]}' >/dev/null; done
same the_first_range_has_five_more 201 "$(code)"
make full '{"ports":[{"port":80}]}' >/dev/null
like then_it_is_full 'failed to allocate a serviceIP: range is full' "$(jq -r .message "$work/body")"
make other '{"clusterIP":"10.78.0.9","ports":[{"port":80}]}' >/dev/null
like another_range_is_not_known 'the provided network does not match the current range' "$(jq -r .message "$work/body")"

range more 10.78.0.0/28
same a_range_is_made 201 "$(code)"
claim it_becomes_ready eventually ready more
make other '{"clusterIP":"10.78.0.9","ports":[{"port":80}]}' >/dev/null
same an_address_of_it_can_be_asked_for '201 10.78.0.9' "$(code) $(jq -r .spec.clusterIP "$work/body")"
make next '{"ports":[{"port":80}]}' >/dev/null
like and_is_given_when_the_first_is_full '^10\.78\.0\.' "$(jq -r .spec.clusterIP "$work/body")"
same its_address_is_an_object next "$(api GET "/apis/networking.k8s.io/v1/ipaddresses/$(jq -r .spec.clusterIP "$work/body")" | jq -r .spec.parentRef.name)"
make border '{"clusterIP":"10.78.0.15","ports":[{"port":80}]}' >/dev/null
same its_last_address_is_none 422 "$(code)"

api DELETE $ranges/more >/dev/null
claim it_says_what_it_waits_for eventually says more '.status.conditions[0] | .status == "False" and .reason == "Terminating"'
claim nothing_is_given_any_more eventually refused late '{"clusterIP":"10.78.0.10","ports":[{"port":80}]}'
same who_has_an_address_keeps_it 200 "$(api GET $services/other >/dev/null; code)"
api DELETE $services/other >/dev/null
api DELETE $services/next >/dev/null
claim without_addresses_it_goes later gone $ranges/more

range inner 10.77.0.0/30
claim a_range_within_another_is_ready eventually ready inner
api DELETE $ranges/inner >/dev/null
claim and_goes_whatever_is_in_use later gone $ranges/inner
