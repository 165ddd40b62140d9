# SPDX-License-Identifier: Apache-2.0
"""Protobuf bytes as a tree, without a schema: {"1": value, ...}. A field of bytes that reads as a message is one, else text,
else hex. Both servers' answers go through the same guess."""
import re

MAGIC = b"k8s\0"


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("varint")
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def message(data):
    out, at = [], 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        if number == 0 or number > 2047:
            raise ValueError("tag")
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = data[at:at + 8].hex(), at + 8
        elif wire == 2:
            length, at = varint(data, at)
            if at + length > len(data):
                raise ValueError("length")
            value, at = field(data[at:at + length]), at + length
        else:
            raise ValueError("wire type")
        out.append(("%d" % number, value))
    return out


def printable(data):
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if not re.search(r"[\x00-\x08\x0b-\x1f]", text) else None


def field(data):
    if not data:
        return ""
    text = printable(data)
    if text is not None and re.match(r"[\w ./:-]", text):
        return text
    try:
        return message(data)
    except ValueError:
        return text if text is not None else "hex " + data.hex()


def tidy(value, normal, number=None):
    if isinstance(value, list):
        out = {}
        for key, v in value:
            out.setdefault(key, []).append(tidy(v, normal, key))
        if all(isinstance(v, dict) and v.get("6") == "FieldsV1" for v in out.get("17", ())):  # managedFields: see Normal.tree()
            out["17"] = sorted(out.get("17", []), key=lambda e: [str(e.get(k)) for k in ("2", "8", "1", "3")])
        return {k: v[0] if len(v) == 1 else v for k, v in out.items() if v}
    if isinstance(value, int):
        return "<time>" if 1600000000 < value < 4000000000 and str(value) not in normal.sent else value
    if value.isdigit() and value not in normal.sent and value != "0":
        return "<rv>"
    if len(value) > 40 and number == "3" and re.match(r"[A-Za-z0-9_-]+$", value):
        return "<continue>"
    return normal.text(value)


def normal(data, normal):
    if data[:4] != MAGIC:
        return "hex " + data[:64].hex()
    return tidy(message(data[4:]), normal)
