# SPDX-License-Identifier: Apache-2.0
"""The field tables of api/schema/*.schema (docs/api.md explains the form) as dictionaries: which fields a type has, of what
type, with which words behind them."""
import glob
import os
import re


class Field:
    def __init__(self, name, type, words):
        self.name, self.optional = name, type.endswith("?")
        self.type = type.rstrip("?")
        self.words = words

    def word(self, key):
        for w in self.words:
            if w.startswith(key + "="):
                return w[len(key) + 1:]
        return None

    def is_list(self):
        return self.type.startswith("[]") or self.type.startswith("boxed[]")

    def is_map(self):
        return self.type.startswith("map[]")

    def item(self):
        return self.type[self.type.index("[]") + 2:] if self.is_list() or self.is_map() else self.type


class Kind:
    def __init__(self, group, version, prefix, words):
        self.prefix = prefix
        self.group, self.version, self.kind, self.plural = group, version, words[0], words[1]
        self.namespaced = "namespaced" in words
        self.subresources = {}

    def path(self, namespace, name=None):
        base = "/apis/%s/%s" % (self.group, self.version) if self.group else "/api/" + self.version
        base += "/namespaces/" + namespace if self.namespaced else ""
        return base + "/" + self.plural + ("/" + name if name else "")


class Schema:
    def __init__(self, directory):
        self.types, self.kinds = {}, {}
        for path in sorted(glob.glob(os.path.join(directory, "*.schema"))):
            self.read(path)

    def read(self, path):
        prefix = kind = None
        for line in open(path):
            line = re.split(r"\s;(?:\s|$)", line.rstrip("\n"))[0]
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            nested = line[:1] in "\t "
            if words[0] == "group" and not nested:
                group, version, prefix = words[1].strip("-"), words[2], words[3]
            elif words[0] in ("kind", "type") and not nested:
                fields = self.types[prefix + "." + words[1]] = {}
                own = prefix
                if words[0] == "kind":
                    kind = Kind(group, version, prefix, words[1:])
                    self.kinds[("%s/%s" % (group, version) if group else version), words[1]] = kind
            elif words[0] == "subresource" and not words[1].isdigit() and words[1] != "-":
                kind.subresources[words[1]] = words[2:]
            elif words[0] == "inline" and len(words) == 3:
                fields[None, len(fields)] = self.qualified(own, words[2])
            elif words[1].isdigit() or words[1] == "-":
                fields[words[0]] = Field(words[0], words[2], words[3:])
                fields[words[0]].prefix = own

    @staticmethod
    def qualified(prefix, name):
        return name if "/" in name else prefix + "." + name

    def fields(self, type, prefix):
        """Fields of a type by name, or None when it is no message."""
        for name in (self.qualified(prefix, type), "meta/v1." + type):
            if name in self.types:
                out = {}
                for key, f in self.types[name].items():
                    if isinstance(key, tuple):
                        out.update(self.fields(f, prefix))
                    else:
                        out[key] = f
                return out
        return None

    def kind_of(self, object):
        return self.kinds[object["apiVersion"], object["kind"]]
