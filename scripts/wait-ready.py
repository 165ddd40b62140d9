#!/usr/bin/env python3
"""Waits until the node of a freshly started server is Ready, then prints how to use it.
usage: wait-ready.py ALLINONE SERVER-PID [SERVER-FLAGS...]; ends silently with the server."""
import base64, http.client, json, os, re, ssl, sys, tempfile, time, urllib.parse


def flag(name, default):
    for i, word in enumerate(sys.argv[3:], 3):
        if word == name and i + 1 < len(sys.argv):
            return sys.argv[i + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1:]
    return default


def field(text, name):
    return re.search(r"^\s*(?:- )?%s:\s*\"?([^\"\s]+)" % name, text, re.M).group(1)


def nodes(kubeconfig):
    text = open(kubeconfig).read()
    with tempfile.NamedTemporaryFile("wb") as pem:
        for part in ("client-certificate-data", "client-key-data"):
            pem.write(base64.b64decode(field(text, part)) + b"\n")
        pem.flush()
        context = ssl.create_default_context(cadata=base64.b64decode(field(text, "certificate-authority-data")).decode())
        context.check_hostname = False
        context.load_cert_chain(pem.name)
    url = urllib.parse.urlparse(field(text, "server"))
    connection = http.client.HTTPSConnection(url.hostname, url.port or 443, context=context, timeout=2)
    connection.request("GET", "/api/v1/nodes")
    return json.loads(connection.getresponse().read())["items"]


def is_ready(node):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))


kubeconfig = flag("--write-kubeconfig", os.path.join(flag("--data-dir", "/var/lib/allinone"), "server/cred/admin.kubeconfig"))
pid = int(sys.argv[2])
while os.path.exists("/proc/%d" % pid):
    try:
        if any(is_ready(n) for n in nodes(kubeconfig)) or "--disable-agent" in sys.argv:
            print("\nThe cluster is ready. In another terminal:\n"
                  "    export KUBECONFIG=%s\n    kubectl get nodes\n" % kubeconfig, file=sys.stderr, flush=True)
            break
    except (OSError, AttributeError, KeyError, ValueError, http.client.HTTPException):
        pass
    time.sleep(0.2)
