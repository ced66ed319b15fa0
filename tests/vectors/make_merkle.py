#!/usr/bin/env python3
"""Writes merkle.json: test vectors for the Merkle tree of RFC 6962.

A second implementation, written from the recursive definitions of the RFC and
sharing nothing with the C++ one. The leaves are those that Certificate
Transparency's own tests use, so the eight roots are known from elsewhere too.

    tests/vectors/make_merkle.py > tests/vectors/merkle.json
"""

import hashlib
import json

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f"]
# Larger trees go on with leaves that are the index as two bytes.
LEAVES += [f"{i:04x}" for i in range(8, 21)]


def sha256(data):
    return hashlib.sha256(data).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(entries):
    if not entries:
        return sha256(b"")
    if len(entries) == 1:
        return sha256(b"\0" + entries[0])
    k = split(len(entries))
    return sha256(b"\1" + mth(entries[:k]) + mth(entries[k:]))


def path(m, entries):
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return path(m, entries[:k]) + [mth(entries[k:])]
    return path(m - k, entries[k:]) + [mth(entries[:k])]


def subproof(m, entries, whole):
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return subproof(m, entries[:k], whole) + [mth(entries[k:])]
    return subproof(m - k, entries[k:], False) + [mth(entries[:k])]


def consistency_proof(m, entries):
    if m in (0, len(entries)):
        return []
    return subproof(m, entries, True)


def flip(hex_hash):
    return f"{int(hex_hash[:2], 16) ^ 1:02x}" + hex_hash[2:]


def bad_proofs(proof):
    """(what is wrong, the proof, the error) of everything done to `proof`."""
    for i in range(len(proof)):
        changed = proof[:i] + [flip(proof[i])] + proof[i + 1:]
        yield f"bit flipped in hash {i}", changed, "DATA_LOSS"
    if proof:
        yield "last hash missing", proof[:-1], "INVALID_ARGUMENT"
        yield "first hash missing", proof[1:], "INVALID_ARGUMENT"
    yield "one hash too many", proof + ["00" * 32], "INVALID_ARGUMENT"
    if len(proof) > 1:
        yield ("two hashes swapped", [proof[1], proof[0]] + proof[2:],
               "DATA_LOSS")


def main():
    entries = [bytes.fromhex(leaf) for leaf in LEAVES]
    root = [mth(entries[:n]).hex() for n in range(len(entries) + 1)]

    inclusion = []

    def add_inclusion(name, index, size, leaf, tree_root, proof, want_error):
        inclusion.append({
            "name": name, "index": index, "size": size, "leaf_hash": leaf,
            "root": tree_root, "proof": proof, "want_error": want_error})

    for index, size in [(0, 1), (0, 2), (1, 2), (2, 3), (5, 7), (6, 7),
                        (0, 8), (3, 8), (2, 5), (16, 17), (20, 21), (11, 21)]:
        leaf = sha256(b"\0" + entries[index]).hex()
        proof = [h.hex() for h in path(index, entries[:size])]
        where = f"leaf {index} of {size}"
        add_inclusion(where, index, size, leaf, root[size], proof, "")
        for what, changed, error in bad_proofs(proof):
            add_inclusion(f"{where}: {what}", index, size, leaf, root[size],
                          changed, error)
        add_inclusion(f"{where}: another leaf", index, size, flip(leaf),
                      root[size], proof, "DATA_LOSS")
        add_inclusion(f"{where}: another root", index, size, leaf,
                      flip(root[size]), proof, "DATA_LOSS")
        add_inclusion(f"{where}: index is the size", size, size, leaf,
                      root[size], proof, "INVALID_ARGUMENT")
    add_inclusion("leaf 0 of 0", 0, 0, sha256(b"\0").hex(), root[0], [],
                  "INVALID_ARGUMENT")

    consistency = []

    def add_consistency(name, size1, root1, size2, root2, proof, want_error):
        consistency.append({
            "name": name, "size1": size1, "root1": root1, "size2": size2,
            "root2": root2, "proof": proof, "want_error": want_error})

    for size1, size2 in [(0, 0), (0, 5), (1, 1), (1, 8), (2, 5), (3, 7),
                         (4, 7), (6, 8), (7, 8), (8, 16), (8, 21), (13, 21),
                         (20, 21), (21, 21)]:
        proof = [h.hex() for h in consistency_proof(size1, entries[:size2])]
        where = f"{size1} to {size2}"
        add_consistency(where, size1, root[size1], size2, root[size2], proof,
                        "")
        for what, changed, error in bad_proofs(proof):
            add_consistency(f"{where}: {what}", size1, root[size1], size2,
                            root[size2], changed, error)
        add_consistency(f"{where}: another first root", size1,
                        flip(root[size1]), size2, root[size2], proof,
                        "DATA_LOSS")
        if size1 != 0:  # Every tree extends the empty one.
            add_consistency(f"{where}: another second root", size1,
                            root[size1], size2, flip(root[size2]), proof,
                            "DATA_LOSS")
        if size1 != size2:
            add_consistency(f"{where}: sizes exchanged", size2, root[size2],
                            size1, root[size1], proof, "INVALID_ARGUMENT")

    print(json.dumps({
        "about": "RFC 6962 Merkle tree, SHA-256. leaves are entry bytes, not "
                 "hashes. want_error is empty when the proof is good, "
                 "INVALID_ARGUMENT when it is malformed, DATA_LOSS when it "
                 "leads to another root. Written by make_merkle.py.",
        "leaves": LEAVES,
        "roots": [{"size": n, "root": root[n]} for n in range(len(root))],
        "inclusion": inclusion,
        "consistency": consistency,
    }, indent=1))


if __name__ == "__main__":
    main()
