/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/ed25519.h"
#include "base/encode.h"

static void unhex(const char *hex, uint8_t *out)
{
	for (; *hex; hex += 2) {
		const char pair[] = { hex[0], hex[1], 0 };
		*out++ = (uint8_t)strtoul(pair, NULL, 16);
	}
}

/* RFC 8032, 7.1: TEST 1, 2, 3 and SHA(abc) */
static const struct {
	const char *secret, *public, *message, *signature;
} rows[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
	  "1cf9b46b"
	  "d25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
	  "d0f11d8c"
	  "387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
	  "984dc659"
	  "4a7c15e9716ed28dc027beceea1ec40a" },
	{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
	  "a3feebbd"
	  "454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c6"
	  "6431e030"
	  "3dca179c138ac17ad9bef1177331a704" },
};

static void keys_and_signatures_are_those_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t secret[32], public[32], want[64], message[64], got[64];
		unhex(rows[i].secret, secret);
		unhex(rows[i].public, want);
		unhex(rows[i].message, message);
		assert_int_equal(ed25519_public(secret, public), 0);
		assert_memory_equal(public, want, sizeof(public));
		unhex(rows[i].signature, want);
		assert_int_equal(ed25519_sign(secret, public,
					      str_of(message, strlen(rows[i].message) / 2), got),
				 0);
		assert_memory_equal(got, want, sizeof(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_signatures_are_those_of_the_standard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
