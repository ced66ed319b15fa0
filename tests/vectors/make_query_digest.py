#!/usr/bin/env python3
"""Writes query_digest.json: test vectors for the digest of a watched table.

Written from the definition in proto/thon/v1/watch_service.proto and sharing
nothing with the C++ and the TypeScript one.

    tests/vectors/make_query_digest.py > tests/vectors/query_digest.json
"""

import hashlib
import json
import struct

MODULUS = 1 << 256


def row_hash(key, row):
    data = struct.pack(">I", len(key)) + key + struct.pack(">I", len(row)) + row
    return int.from_bytes(hashlib.sha256(data).digest(), "big")


def rows():
    """Keys and rows of all sizes that an implementation may treat apart."""
    yield b"", b""
    yield b"a", b""
    yield b"", b"a"
    yield b"ab", b"c"
    yield b"a", b"bc"
    yield b"\x00", b"\xff"
    yield b"\xff" * 8, b"\x00" * 55
    # Around SHA-256's blocks of 64 bytes, and beyond what a small buffer holds.
    for size in (31, 32, 46, 47, 48, 55, 56, 63, 64, 65, 119, 120, 4088, 4089, 70000):
        yield size.to_bytes(8, "big"), bytes(i * 7 % 256 for i in range(size))


def main():
    table = list(rows())
    steps = []
    total = 0

    def step(what, key, row):
        nonlocal total
        change = row_hash(key, row)
        total = (total + (change if what == "add" else -change)) % MODULUS
        # A long row is a formula in the file: i * 7 mod 256 for i below its size.
        content = {"row": row.hex()} if len(row) < 4096 else {"row_size": len(row)}
        steps.append({"do": what, "key": key.hex(), **content, "digest": f"{total:064x}"})

    for key, row in table:
        step("add", key, row)
    for key, row in table[::2]:
        step("remove", key, row)
    # Below zero and back: what is taken away before it was added.
    step("remove", b"early", b"row")
    step("add", b"early", b"row")
    for key, row in table[1::2]:
        step("remove", key, row)
    step("remove", b"below", b"zero")
    print(json.dumps({
        "about": "Digest of a watched table after each step, from an empty one; hex. row_size n stands "
                 "for the n bytes i * 7 mod 256. Written by make_query_digest.py.",
        "steps": steps,
    }, indent=1))


if __name__ == "__main__":
    main()
