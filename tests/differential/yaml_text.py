# SPDX-License-Identifier: Apache-2.0
"""A reader of the YAML that the corpus is written in: block and flow maps and lists, plain and quoted scalars, comments,
documents. No anchors, tags or block scalars. load_all(text) gives trees as json.loads() would."""
import re

FLOW = re.compile(r'''\s*(?:([{}\[\],])|"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^,{}\[\]:]+(?::[^\s,{}\[\]][^,{}\[\]:]*)*))\s*(:(?=\s|$))?''')
INTEGER, OCTAL = re.compile(r"[-+]?(0|[1-9][0-9]*)$"), re.compile(r"0[0-7]+$")
REAL = re.compile(r"[-+]?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?$")
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "/": "/", "0": "\0"}


def plain(text):
    words = {"true": True, "false": False, "null": None, "~": None, "": None}
    if text in words:
        return words[text]
    if INTEGER.match(text):
        return int(text)
    if OCTAL.match(text):
        return int(text, 8)
    return float(text) if REAL.match(text) else text


def unescape(text):
    return re.sub(r"\\(u....|.)", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" else ESCAPES[m[1]], text)


class Flow:
    """One flow value: tokens are (punctuation or None, value, is a key)."""

    def __init__(self, text):
        self.tokens, at = [], 0
        text = text.strip()
        while at < len(text):
            m = FLOW.match(text, at)
            if not m or m.end() == at:
                raise ValueError("cannot read: " + text[at:at + 60])
            at = m.end()
            mark, double, single, word, colon = m.groups()
            value = mark
            if double is not None:
                value = unescape(double)
            elif single is not None:
                value = single.replace("''", "'")
            elif word is not None:
                value = word.strip() if colon else plain(word.strip())
            self.tokens.append((mark, value, bool(colon)))
        self.i = 0

    def take(self):
        token = self.tokens[self.i]
        self.i += 1
        return token

    def value(self):
        mark, value, _ = self.take()
        if mark == "{":
            out = {}
            while self.tokens[self.i][0] != "}":
                key = self.take()[1]
                out[key] = self.value()
                if self.tokens[self.i][0] == ",":
                    self.i += 1
            self.i += 1
            return out
        if mark == "[":
            out = []
            while self.tokens[self.i][0] != "]":
                out.append(self.value())
                if self.tokens[self.i][0] == ",":
                    self.i += 1
            self.i += 1
            return out
        return value


def scalar(text):
    text = text.strip()
    if text[:1] in ("{", "[", '"', "'"):
        return Flow(text).value()
    return plain(text)


def strip_comment(line):
    quote = None
    for i, c in enumerate(line):
        if quote:
            quote = None if c == quote else quote
        elif c in "\"'" and (i == 0 or line[i - 1] in " [{,:"):
            quote = c
        elif c == "#" and (i == 0 or line[i - 1] == " "):
            return line[:i].rstrip()
    return line.rstrip()


KEY = re.compile(r'''(?:"([^"]*)"|([^\s\[\]{}"',][^:{}\[\]"']*?))\s*:(?:\s+(.*))?$''')


class Block:
    def __init__(self, lines):
        self.lines = [(len(l) - len(l.lstrip(" ")), l.strip()) for l in lines]
        self.i = 0

    def value(self, indent):
        depth, text = self.lines[self.i]
        if text.startswith("- ") or text == "-":
            return self.items(depth)
        if KEY.match(text):
            return self.members(depth)
        self.i += 1
        return scalar(text)

    def items(self, depth):
        out = []
        while self.i < len(self.lines) and self.lines[self.i][0] == depth and self.lines[self.i][1][:2] in ("- ", "-"):
            rest = self.lines[self.i][1][1:]
            inner = depth + 1 + len(rest) - len(rest.lstrip(" "))
            self.lines[self.i] = (inner, rest.strip())
            out.append(self.value(inner))
        return out

    def members(self, depth):
        out = {}
        while self.i < len(self.lines) and self.lines[self.i][0] == depth:
            m = KEY.match(self.lines[self.i][1])
            if not m:
                break
            key, rest = m[1] if m[1] is not None else m[2], m[3]
            self.i += 1
            if rest:
                out[key] = scalar(rest)
            elif self.i < len(self.lines) and (self.lines[self.i][0] > depth or
                                               self.lines[self.i][0] == depth and self.lines[self.i][1].startswith("- ")):
                out[key] = self.value(self.lines[self.i][0])
            else:
                out[key] = None
        return out


def load_all(text):
    documents, lines = [], []
    for line in text.split("\n") + ["---"]:
        if line.rstrip() != "---":
            line = strip_comment(line)
            if line.strip():
                lines.append(line)
        elif lines:
            block = Block(lines)
            documents.append(block.value(0))
            if block.i != len(block.lines):
                raise ValueError("cannot read: " + block.lines[block.i][1])
            lines = []
    return documents
