"""A second implementation of the formats of C2SP and of RFC 6962.

Written from the specifications and sharing nothing with the C++ one: trees by
the RFC's recursive definitions, formats by regular expressions, Ed25519 from
python3-cryptography. make_proofs.py makes the vectors with it.
"""

import base64
import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = 1
COSIGNATURE = 4

SPACES = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
NAME = f"[^{SPACES}+\0-\x1f]+"
BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
NUMBER = "0|[1-9][0-9]*"


class Malformed(Exception):
    """Something is not what its format asks for."""


def need(condition, what):
    if not condition:
        raise Malformed(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def be(number, size):
    return number.to_bytes(size, "big")


def b64(raw):
    return base64.b64encode(raw).decode()


def unb64(text):
    need(re.fullmatch(BASE64, text), "not base64")
    raw = base64.b64decode(text)
    need(b64(raw) == text, "bits beyond the end")
    return raw


def decimal(text):
    need(re.fullmatch(NUMBER, text) and int(text) < 2**64, "not a number of 64 bits")
    return int(text)


# The tree (RFC 6962, section 2.1), over leaf hashes.

def leaf_hash(entry):
    return sha256(b"\0", entry)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves):
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\1", mth(leaves[:k]), mth(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [mth(leaves[k:])]
    return path(m - k, leaves[k:]) + [mth(leaves[:k])]


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], whole) + [mth(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [mth(leaves[:k])]


def consistency_proof(m, leaves):
    return [] if m == 0 else subproof(m, leaves, True)


def root_of_path(m, n, leaf, proof):
    """Where an inclusion proof leads: path() turned round."""
    need(m < n, "no such leaf")
    if n == 1:
        need(not proof, "too many hashes")
        return leaf
    need(proof, "too few hashes")
    k = split(n)
    if m < k:
        return sha256(b"\1", root_of_path(m, k, leaf, proof[:-1]), proof[-1])
    return sha256(b"\1", proof[-1], root_of_path(m - k, n - k, leaf, proof[:-1]))


def roots_of_subproof(m, n, root1, proof, whole):
    """Both roots that a consistency proof leads to: subproof() turned round."""
    if m == n:
        if whole:
            need(not proof, "too many hashes")
            return root1, root1
        need(len(proof) == 1, "not one hash")
        return proof[0], proof[0]
    need(proof, "too few hashes")
    k = split(n)
    last = proof[-1]
    if m <= k:
        old, new = roots_of_subproof(m, k, root1, proof[:-1], whole)
        return old, sha256(b"\1", new, last)
    old, new = roots_of_subproof(m - k, n - k, root1, proof[:-1], False)
    return sha256(b"\1", last, old), sha256(b"\1", last, new)


def check_inclusion(m, n, leaf, proof, root):
    """"", or the name of what is wrong."""
    try:
        return "" if root_of_path(m, n, leaf, proof) == root else "DATA_LOSS"
    except Malformed:
        return "INVALID_ARGUMENT"


def check_consistency(m, n, root1, root2, proof):
    try:
        need(m <= n, "a tree that shrinks")
        if m == 0:
            need(not proof, "too many hashes")
            return "" if root1 == sha256() and (n or root2 == root1) else "DATA_LOSS"
        old, new = roots_of_subproof(m, n, root1, proof, True)
        return "" if (old, new) == (root1, root2) else "DATA_LOSS"
    except Malformed:
        return "INVALID_ARGUMENT"


# Notes (signed-note, tlog-cosignature).

class Key:
    """A key that signs, from a seed of 32 bytes that are all `number`."""

    def __init__(self, name, number, kind=ED25519):
        self.seed = bytes([number]) * 32
        self.name = name
        self.kind = kind
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = key_id(name, kind, self.public)

    def vkey(self):
        return vkey(self.name, self.kind, self.public)

    def line(self, text, time_s=0):
        message = text.encode()
        if self.kind == ED25519:
            return line(self.name, self.id, self.private.sign(message))
        signed = b"cosignature/v1\ntime %d\n" % time_s + message
        return line(self.name, self.id, be(time_s, 8) + self.private.sign(signed))


def key_id(name, kind, public):
    return sha256(name.encode(), b"\n", bytes([kind]), public)[:4]


def vkey(name, kind, public):
    return f"{name}+{key_id(name, kind, public).hex()}+{b64(bytes([kind]) + public)}"


def line(name, identity, signature):
    return f"— {name} {b64(identity + signature)}\n"


def note(text, *lines):
    return text + "\n" + "".join(lines)


def parse_vkey(text):
    found = re.fullmatch(rf"({NAME})\+([0-9a-f]{{8}})\+({BASE64})", text, re.S)
    need(found, "not a verifier key")
    name, identity, encoded = found.groups()
    raw = unb64(encoded)
    need(len(raw) == 33 and raw[0] in (ED25519, COSIGNATURE), "not a key that is known here")
    need(len(name.encode()) <= 256 and vkey(name, raw[0], raw[1:]) == text, "another id")
    return {"key_name": name, "type": raw[0], "key_id": identity, "public_key": raw[1:].hex()}


def parse_lines(text):
    need(text.endswith("\n"), "no newline at the end")
    lines = text[:-1].split("\n")
    need(len(lines) <= 64, "too many signatures")
    parsed = []
    for one in lines:
        found = re.fullmatch(rf"— ({NAME}) ({BASE64})", one)
        need(found and len(found[1].encode()) <= 256, "not a signature line")
        raw = unb64(found[2])
        need(len(raw) > 4, "a signature without bytes")
        parsed.append({"name": found[1], "key_id": raw[:4].hex(), "signature": raw[4:].hex()})
    return parsed


def need_characters(raw):
    need(len(raw) <= 65536, "too long")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    need(not re.search("[\0-\x09\x0b-\x1f]", text), "control characters")
    return text


def parse_note(raw):
    whole = need_characters(raw)
    text, blank, lines = whole.rpartition("\n\n")
    need(blank, "no blank line")
    return {"text": text + "\n", "signatures": parse_lines(lines)}


def verify_note(parsed, text_of_key):
    """The verdict of a key over a note, and the newest time of a cosignature."""
    key = parse_vkey(text_of_key)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public_key"]))
    verdict, newest = "absent", 0
    for one in parsed["signatures"]:
        if (one["name"], one["key_id"]) != (key["key_name"], key["key_id"]):
            continue
        signature, message, time_s = bytes.fromhex(one["signature"]), parsed["text"].encode(), 0
        if key["type"] == COSIGNATURE:
            time_s, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = b"cosignature/v1\ntime %d\n" % time_s + message
        try:
            public.verify(signature, message)
        except InvalidSignature:
            return "bad", 0
        if time_s >= 2**63:
            return "bad", 0
        verdict, newest = "good", max(newest, time_s)
    return verdict, newest


# Checkpoints, proofs, requests.

def checkpoint(origin, size, root):
    return f"{origin}\n{size}\n{b64(root)}\n"


def parse_checkpoint(text):
    found = re.fullmatch(rf"([^\n]+)\n({NUMBER})\n({BASE64})\n((?:[^\n]+\n)*)", text)
    need(found and len(found[1].encode()) <= 256, "not a checkpoint")
    root = unb64(found[3])
    need(len(root) == 32, "not a hash")
    return {"origin": found[1], "tree_size": str(decimal(found[2])), "root": root.hex()}


def hash_lines(lines):
    need(len(lines) <= 63, "too many hashes")
    hashes = [unb64(one) for one in lines]
    need(all(len(one) == 32 for one in hashes), "not a hash")
    return [one.hex() for one in hashes]


def tlog_proof(index, hashes, signed, extra=None):
    return ("c2sp.org/tlog-proof@v1\n" + (f"extra {b64(extra)}\n" if extra else "") + f"index {index}\n" +
            "".join(b64(one) + "\n" for one in hashes) + "\n" + signed)


def parse_tlog_proof(text):
    head, blank, signed = text.partition("\n\n")
    lines = head.split("\n")
    need(blank and lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a proof")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = unb64(lines.pop(0)[len("extra "):]).hex()
        need(extra, "no extra data")
    need(lines and lines[0].startswith("index "), "no index")
    index = decimal(lines.pop(0)[len("index "):])
    parsed = parse_note(signed.encode())
    body = parse_checkpoint(parsed["text"])
    need(body["tree_size"] != "0" or body["root"] == sha256().hex(), "not the empty tree")
    return {"extra": extra, "index": str(index), "path": hash_lines(lines), "checkpoint": signed}


def add_checkpoint(old, hashes, signed):
    return f"old {old}\n" + "".join(b64(one) + "\n" for one in hashes) + "\n" + signed


def parse_add_checkpoint(text):
    head, blank, signed = text.partition("\n\n")
    lines = head.split("\n")
    need(blank and lines[0].startswith("old ") and signed, "not a request")
    return {"old_size": str(decimal(lines[0][len("old "):])), "proof": hash_lines(lines[1:]), "checkpoint": signed}


# Tiles (tlog-tiles).

def tile_path(kind, index, width=256):
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    return "/".join(["tile", str(kind)] + ["x" + group for group in groups[:-1]] + groups[-1:]) + (
        f".p/{width}" if width < 256 else "")


def tile(leaves, level, index):
    """The definition: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])."""
    span = 256**level
    starts = [(index * 256 + i) * span for i in range(256)]
    return [mth(leaves[start:start + span]) for start in starts if start + span <= len(leaves)]
