# SPDX-License-Identifier: Apache-2.0
"""Who makes a request, in words:

    certificate SUBJECT   a certificate of the authority of clients, as `certificate /O=group/CN=name`
    proxy SUBJECT         one of the authority of the request header
    stranger SUBJECT      one of an authority that no server knows
    past SUBJECT          one of the authority of clients that is over
    nobody                no certificate
    token TEXT            no certificate, but a bearer token

Nothing: the admin. Certificates and tokens are made with the keys of the server that is asked."""
import base64
import hashlib
import json
import os
import ssl
import subprocess
import tempfile

AUTHORITIES = {"certificate": "client-ca", "past": "client-ca", "proxy": "request-header-ca"}
SCALAR = 32  # bytes of each number of an ES256 signature


def split(who, headers):
    """What goes into the headers, and the words for the connection."""
    if who.startswith("token "):
        return headers + [("Authorization", "Bearer " + who[6:])], "nobody"
    return headers, who


def openssl(*words, stdin=b""):
    return subprocess.run(("openssl",) + words, input=stdin, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_signature(der):
    """r and s of a DER sequence of two integers."""
    out, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        out += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(SCALAR, b"\0")
        at += 2 + length
    return out


class Identities:
    """`directory` holds client-ca, request-header-ca (.crt, .key) and service.key."""

    def __init__(self, directory):
        self.directory, self.contexts = directory, {}

    def context(self, who):
        if who not in self.contexts:
            tls = ssl.create_default_context()
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
            kind, _, subject = who.partition(" ")
            if kind != "nobody":
                with tempfile.TemporaryDirectory() as work:
                    tls.load_cert_chain(self.certificate(work, kind, subject))
            self.contexts[who] = tls
        return self.contexts[who]

    def certificate(self, work, kind, subject):
        path = os.path.join(work, "pair.pem")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
        if kind == "stranger":
            made = openssl("req", "-x509", "-new", "-key", path, "-days", "1", "-subj", subject)
        else:
            made = self.signed(work, path, AUTHORITIES[kind], subject, kind == "past")
        with open(path, "ab") as file:
            file.write(made)
        return path

    def signed(self, work, key, authority, subject, past):
        """By a small authority of openssl's, which alone can date back."""
        for name, text in (("index", ""), ("serial", "%s\n" % os.urandom(8).hex()),
                           ("config", "[ca]\ndefault_ca=a\n[a]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\n"
                            "policy=p\nx509_extensions=e\nunique_subject=no\n[p]\ncommonName=optional\norganizationName=optional\nUID=optional\n"
                            "[e]\nextendedKeyUsage=clientAuth\n" % (work, work, work))):
            with open(os.path.join(work, name), "w") as file:
                file.write(text)
        request = os.path.join(work, "request")
        openssl("req", "-new", "-key", key, "-subj", subject, "-out", request)
        authority = os.path.join(self.directory, authority)
        dates = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z") if past else ("-days", "1")
        return openssl("ca", "-batch", "-notext", "-preserveDN", "-config", os.path.join(work, "config"), "-cert", authority + ".crt",
                       "-keyfile", authority + ".key", "-in", request, *dates)

    def token(self, claims):
        """A JSON Web Token signed with the service key. The claim `header` is what the header says more."""
        key = os.path.join(self.directory, "service.key")
        elliptic = b"EC PRIVATE" in open(key, "rb").read() or b"id-ecPublicKey" in openssl("pkey", "-in", key, "-noout", "-text_pub") \
            or b"NIST" in openssl("pkey", "-in", key, "-noout", "-text_pub")
        header = dict({"alg": "ES256" if elliptic else "RS256"}, **claims.pop("header", {}))
        text = "%s.%s" % (base64url(json.dumps(header).encode()), base64url(json.dumps(claims).encode()))
        signature = openssl("dgst", "-sha256", "-sign", key, stdin=text.encode())
        return "%s.%s" % (text, base64url(raw_signature(signature) if elliptic else signature))
