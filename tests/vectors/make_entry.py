#!/usr/bin/env python3
"""Writes entry.json: test vectors for what is signed and what is on disk.

Entries, receipts, hellos and the records of FORMAT.md, made from its grammar
by a second implementation that shares nothing with the C++ one.

    tests/vectors/make_entry.py > tests/vectors/entry.json
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
ORIGIN = b"thon.example/yen-bai/1"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def be(number, size):
    return (number % (1 << (8 * size))).to_bytes(size, "big")


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def root(hashes):
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\1", root(hashes[:k]), root(hashes[k:]))


def seal(key, value):
    return value + sha256(key, value)[:4]


def batches():
    """Three batches of one author; an event is only its sequence here."""
    author = sha256(PUBLIC)[:16]
    previous = b""
    sequence = 1
    for events in (1, 3, 256):
        batch = field(1, author) + field(2, sequence)
        if previous:
            batch += field(3, previous)
        batch += field(4, b"0.1.0")
        for i in range(events):
            batch += field(6, field(1, sequence + i))
        previous = sha256(b"\0", batch)
        yield batch, events, previous
        sequence += events


def entries():
    position = 1
    received = 1696118400000
    for batch, events, batch_hash in batches():
        signature = KEY.sign(b"thon.v1 batch\n" + batch_hash)
        trailer = signature + be(position, 8) + be(events, 2) + be(received, 8) + b"\1"
        entry = batch + trailer
        yield {
            "batch": batch.hex(), "batch_hash": batch_hash.hex(), "signature": signature.hex(),
            "first_position": position, "event_count": events, "receive_time_ms": received,
            "entry": entry.hex(), "leaf_hash": sha256(b"\0", entry).hex(),
        }
        position += events
        received += 1500


def bad_entries(good):
    raw = bytes.fromhex(good["entry"])
    yield "shorter than a trailer", raw[-82:]
    yield "longer than 65,535 bytes", bytes(65536 - len(raw)) + raw
    yield "another version", raw[:-1] + b"\2"
    yield "no events", raw[:-11] + be(0, 2) + raw[-9:]
    yield "position 0", raw[:-19] + be(0, 8) + raw[-11:]


def group(leaves, first_entry):
    statement = be(len(ORIGIN), 2) + ORIGIN + be(first_entry, 8) + be(len(leaves), 4) + root(leaves)
    return {"origin": ORIGIN.decode(), "first_entry": first_entry, "leaves": [leaf.hex() for leaf in leaves],
            "statement": statement.hex(), "signature": KEY.sign(b"thon.v1 receipt\n" + statement).hex()}


def hello():
    def prefixed(raw):
        return be(len(raw), 2) + raw
    nonce, author, last = bytes(range(16)), sha256(PUBLIC)[:16], sha256(b"last")
    statement = (prefixed(nonce) + prefixed(author) + prefixed(ORIGIN) + prefixed(PUBLIC) +
                 be(1696118400000, 8) + be(261, 8) + prefixed(last) + be(260, 8))
    return {"nonce": nonce.hex(), "author": author.hex(), "origin": ORIGIN.decode(), "log_key": PUBLIC.hex(),
            "server_time_ms": 1696118400000, "next_sequence": 261, "last_batch_hash": last.hex(),
            "durable_position": 260, "statement": statement.hex()}


def checkpoint(size, tree):
    """A C2SP checkpoint, signed by the log's key under the name of its origin."""
    text = ORIGIN + b"\n" + str(size).encode() + b"\n" + base64.b64encode(tree) + b"\n"
    key_id = sha256(ORIGIN, b"\n\1", PUBLIC)[:4]
    signature = base64.b64encode(key_id + KEY.sign(text))
    return text + b"\n" + "\u2014 ".encode() + ORIGIN + b" " + signature + b"\n"


def row_key(table, key, position):
    return bytes([table]) + key.replace(b"\0", b"\0\xff") + b"\0\0" + be(~position, 8)


def records():
    author = sha256(PUBLIC)[:16]
    tree = sha256(b"root")
    signature = KEY.sign(b"example")
    end = be(3, 8) + be(261, 8) + be(1696118403000, 8) + tree
    yield "format", b"format", seal(b"format", be(1, 4))
    yield "end", b"end", seal(b"end", end)
    yield "leaf", be(2, 8), sha256(b"leaf") + be(5, 8) + be(1696118403000, 8)
    yield "node", bytes([8]) + be(1, 8), sha256(b"node")
    state = (PUBLIC + be(261, 8) + sha256(b"last") + bytes([3]) + be(-19675, 4) + be(63, 4) + be(2023, 4) +
             be(8, 4) + be(9, 8))
    yield "author", author, seal(author, state)
    yield "author_batch", author + be(5, 8), be(2, 8) + be(256, 2)
    yield "group", be(1, 8), seal(be(1, 8), be(2, 4) + be(len(ORIGIN), 2) + ORIGIN + signature)
    yield "local", b"token/1", seal(b"token/1", b"hash")
    kept = b"checkpoint/" + ORIGIN + b"/0000000000000003"
    yield "checkpoint", kept, seal(kept, be(261, 8) + be(1696118405000, 8) + checkpoint(3, tree))
    access = b"access/" + be(19631, 4) + be(2, 4)
    read = be(7, 8) + be(1, 8) + be(9, 8) + sha256(be(7, 8), b"\1", b"teams=1")[:16]
    yield "access", access, seal(access, read)
    yield "END", b"", seal(b"", b"THONEND1" + be(41, 8) + be(3, 8) + be(261, 8) + tree)
    yield "rows_state", b"\0state", seal(b"\0state", be(1, 4) + be(3, 8) + be(260, 8) + b"acts/1 units/1")
    yield "row", row_key(20, be(7, 8), 260), b"\1" + b"value"
    # The leaf of a state root, and its hash as the value.
    leaf = bytes([20]) + be(8, 4) + be(7, 8) + b"value"
    yield "state_root_leaf", leaf, sha256(b"\0", leaf)


def main():
    good = list(entries())
    leaves = [bytes.fromhex(entry["leaf_hash"]) for entry in good]
    print(json.dumps({
        "seed": SEED.hex(), "public_key": PUBLIC.hex(), "author": sha256(PUBLIC)[:16].hex(),
        "entries": good,
        "bad_entries": [{"why": why, "entry": raw.hex()} for why, raw in bad_entries(good[1])],
        "groups": [group(leaves[:1], 0), group(leaves, 0), group(leaves[1:], 1)],
        "hello": hello(),
        "records": [{"name": name, "key": key.hex(), "value": value.hex()} for name, key, value in records()],
    }, indent=1))


if __name__ == "__main__":
    main()
