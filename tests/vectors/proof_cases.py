"""Cases for proofs, tiles, requests to witnesses and receipt cards; see
make_proofs.py. What is wanted of a case is stated, and c2sp.py must agree.
"""

import base64

import c2sp
from c2sp import b64, be, checkpoint, leaf_hash, mth, note, sha256
from note_cases import (DENIED, INVALID, LEAVES, LOG, OTHER, SOFA_COSIGNATURE, SOFA_LINE, SOFA_LINE_2, SOFA_PROOF, SOFA_TEXT,
                        TIME, WITNESS, flip_last, flipped, stated)

LOST = "DATA_LOSS"
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 16, 33, 100, 256, 300)
ROOTS = [mth(LEAVES[:n]) for n in range(len(LEAVES) + 1)]


def hexes(hashes):
    return [one.hex() for one in hashes]


def damaged(proof, extra):
    """Every simple damage to a list of hashes, but flips, which follow."""
    yield "the first hash left out", proof[1:], bool(proof)
    yield "the last hash left out", proof[:-1], len(proof) > 1
    yield "a hash added at the end", proof + [extra], True
    yield "a hash added at the start", [extra] + proof, bool(proof)
    yield "the first hash twice", proof[:1] + proof, bool(proof)
    yield "two hashes swapped", proof[1::-1] + proof[2:], len(proof) > 1
    yield "turned round", proof[::-1], len(proof) > 2


def inclusion():
    cases = []

    def add(name, index, size, leaf, proof, root, want):
        found = c2sp.check_inclusion(index, size, leaf, proof, root)
        assert found in ([want] if want is not None else [LOST, INVALID]), (name, index, size, found)
        cases.append({"name": f"leaf {index} of {size}: {name}", "leaf_hash": leaf.hex(), "index": str(index),
                      "size": str(size), "proof": hexes(proof), "root": root.hex(), "want": found})
    for size in SIZES:
        root = ROOTS[size]
        for index in sorted({0, 1, size // 2, size - 2, size - 1} & set(range(size))):
            leaf, proof = LEAVES[index], c2sp.path(index, LEAVES[:size])
            add("good", index, size, leaf, proof, root, "")
            for name, other, there_is in damaged(proof, root):
                if there_is:
                    add(name, index, size, leaf, other, root, None)
            for at in sorted({0, len(proof) - 1} & set(range(len(proof)))):
                add(f"a bit of hash {at} flipped", index, size, leaf,
                    proof[:at] + [flipped(proof[at], 8 * index + at)] + proof[at + 1:], root, LOST)
            add("a bit of the leaf flipped", index, size, flipped(leaf, index), proof, root, LOST)
            add("another root", index, size, leaf, proof, ROOTS[size - 1], LOST)
            add("as of the next leaf", index + 1, size, leaf, proof, root, None)
            add("beyond the tree", index + size, size, leaf, proof, root, INVALID)
            add("in a tree of no leaves", index, 0, leaf, proof, root, INVALID)
            add("in a tree twice as large", index, 2 * size, leaf, proof, root, INVALID)
    proof = c2sp.path(5, LEAVES[:8])
    add("in a tree of 2^64 - 1 leaves", 5, 2**64 - 1, LEAVES[5], proof, ROOTS[8], INVALID)
    add("at the last index of all", 2**64 - 1, 2**64 - 1, LEAVES[5], proof, ROOTS[8], INVALID)
    add("with 64 hashes", 5, 8, LEAVES[5], [ROOTS[8]] * 64, ROOTS[8], INVALID)
    return cases


def consistency():
    cases = []

    def add(name, size1, size2, root1, root2, proof, want):
        found = c2sp.check_consistency(size1, size2, root1, root2, proof)
        assert found in ([want] if want is not None else [LOST, INVALID]), (name, size1, size2, found)
        cases.append({"name": f"from {size1} to {size2}: {name}", "size1": str(size1), "size2": str(size2),
                      "root1": root1.hex(), "root2": root2.hex(), "proof": hexes(proof), "want": found})
    for size2 in SIZES:
        for size1 in sorted({1, 2, 3, 8, size2 // 2, size2 - 1} & set(range(1, size2))):
            root1, root2 = ROOTS[size1], ROOTS[size2]
            proof = c2sp.consistency_proof(size1, LEAVES[:size2])
            add("good", size1, size2, root1, root2, proof, "")
            for name, other, there_is in damaged(proof, root1):
                if there_is:
                    add(name, size1, size2, root1, root2, other, None)
            for at in sorted({0, len(proof) - 1}):
                add(f"a bit of hash {at} flipped", size1, size2, root1, root2,
                    proof[:at] + [flipped(proof[at], 8 * size1 + at)] + proof[at + 1:], LOST)
            add("another old root", size1, size2, flipped(root1, size2), root2, proof, LOST)
            add("another new root", size1, size2, root1, flipped(root2, size1), proof, LOST)
            add("the roots exchanged", size1, size2, root2, root1, proof, LOST)
            add("the sizes exchanged", size2, size1, root1, root2, proof, INVALID)
            add("without a proof", size1, size2, root1, root2, [], None)
            add("as of one size", size1, size1, root1, root2, proof, INVALID)
            add("as from nothing", 0, size2, root1, root2, proof, INVALID)
    for size in (0, 1, 7, 300):
        root = ROOTS[size]
        add("the same tree", size, size, root, root, [], "")
        add("the same size and another root", size, size, root, flipped(root), [], LOST)
        add("the same tree, with a hash", size, size, root, root, [root], INVALID)
        add("from nothing", 0, size, ROOTS[0], root, [], "")
        add("from nothing, with a hash", 0, size, ROOTS[0], root, [root], INVALID)
        add("from nothing, with another root of nothing", 0, size, flipped(ROOTS[0]), root, [], LOST)
    rewritten = LEAVES[:3] + [leaf_hash(b"another")] + LEAVES[4:9]
    add("a leaf rewritten", 5, 9, ROOTS[5], mth(rewritten), c2sp.consistency_proof(5, rewritten), LOST)
    add("to 2^64 - 1 leaves", 5, 2**64 - 1, ROOTS[5], ROOTS[9], c2sp.consistency_proof(5, LEAVES[:9]), INVALID)
    add("from 2^64 - 2 to 2^64 - 1 leaves, with one hash", 2**64 - 2, 2**64 - 1, ROOTS[5], ROOTS[9], [ROOTS[1]], INVALID)
    return cases


def tile_paths():
    good = [(level, index, width) for level in (0, 1, 7, 63) for index, width in (
        (0, 256), (0, 1), (7, 256), (999, 255), (1000, 256), (1001, 10), (999999, 256), (1000000, 256), (1234067, 256),
        (1234067, 8), (2**64 - 1, 256))]
    good += [("entries", index, width) for index, width in ((0, 256), (0, 112), (273, 112), (1234067, 256), (2**64 - 1, 1))]
    assert c2sp.tile_path(0, 1234067) == "tile/0/x001/x234/067"
    cases = [{"name": "good", "path": c2sp.tile_path(*one), "want": "", "entries": one[0] == "entries",
              "level": 0 if one[0] == "entries" else one[0], "index": str(one[1]), "width": one[2]} for one in good]
    bad = ["", "/", "tile", "tile/", "tile/0", "tile/0/", "tile//000", "/tile/0/000", "tile/0/000/", "tile/0/000?", "tile/0/000 ",
           "Tile/0/000", "tile/00/000", "tile/01/000", "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/a/000", "tile/1e0/000",
           "tile/256/000", "tile/18446744073709551616/000",
           "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/x000", "tile/0/x000/000", "tile/0/x000/001",
           "tile/0/000/001", "tile/0/001/x234", "tile/0/x1/234", "tile/0/x0001/234", "tile/0/X001/234", "tile/0/x001/x234",
           "tile/0/x001//234", "tile/0/x001/23", "tile/0/x001/2345", "tile/0/-01", "tile/0/+01", "tile/0/0x1", "tile/0/ 01",
           "tile/0/x01/x234/067", "tile/0/00\u0661", "tile/0/000\n", "tile/0/000\0", "tile/0/..", "tile/0/../000",
           "tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/x099/x999/x999/x999/x999/x999/999", "tile/0/x001/" + "x000/" * 20 + "000",
           "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/01",
           "tile/0/000.p/-1", "tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.P/1", "tile/0/000/.p/1",
           "tile/0/000.p1", "tile/0/000.p/1 ", "tile/entries", "tile/entries/", "tile/entries/0", "tile/entries/0/000",
           "tile/entries/x000/000", "tile/entries/000.p/0", "tile/entries/000.p/256", "tile/Entries/000", "tile/data/000",
           "tile/0/entries/000", "tile/0/%30%30%30"]
    return cases + [{"name": "bad", "path": path, "want": INVALID} for path in bad]


def tile_trees():
    """All tiles of trees, level by level: floor(s / 256**l) mod 256 is the width of the partial one."""
    trees = []
    for size in (0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 70000):
        paths = []
        for level in range(8):
            nodes = size // 256**level
            paths += [c2sp.tile_path(level, n) for n in range(nodes // 256)]
            if nodes % 256:
                paths.append(c2sp.tile_path(level, nodes // 256, nodes % 256))
        # A tree of 70,000 has 273 full tiles of level 0; of many, the ends and a digest are enough.
        trees.append({"tree_size": str(size), "count": len(paths), "first": paths[:3], "last": paths[-4:],
                      "sha256_of_all": sha256("".join(path + "\n" for path in paths).encode()).hex()})
    assert trees[-1]["last"] == ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert trees[4]["last"] == ["tile/0/000", "tile/1/000.p/1"]
    return trees


def tile_contents():
    """SHA-256 of tiles of the tree whose entry i is i in two bytes (70,000 entries: modulo 2^16)."""
    leaves = [leaf_hash(be(i % 65536, 2)) for i in range(70000)]
    cases = []
    for size, level, index in ((1, 0, 0), (5, 0, 0), (256, 0, 0), (256, 1, 0), (257, 0, 1), (300, 1, 0), (70000, 0, 272),
                               (70000, 0, 273), (70000, 1, 0), (70000, 1, 1), (70000, 2, 0)):
        hashes = c2sp.tile(leaves[:size], level, index)
        cases.append({"tree_size": str(size), "path": c2sp.tile_path(level, index, len(hashes)),
                      "sha256": sha256(*hashes).hex()})
    return cases


def tiles():
    def case(name, raw, width, want=""):
        good = {} if want else {"hashes": [raw[i:i + 32].hex() for i in range(0, len(raw), 32)]}
        return {"name": name, "bytes": raw.hex(), "width": width, "want": want, **good}
    three = b"".join(LEAVES[:3])
    return [case("three", three, 3), case("one", three[:32], 1), case("a byte too few", three[:-1], 3, INVALID),
            case("a byte too many", three + b"\0", 3, INVALID), case("a hash too few", three[:64], 3, INVALID),
            case("a hash too many", three, 2, INVALID), case("nothing", b"", 0, INVALID), case("nothing for one", b"", 1, INVALID),
            case("a width below zero", b"", -1, INVALID), case("a width of 257", three, 257, INVALID)]


def bundles():
    def case(name, raw, width, want="", entries=()):
        return {"name": name, "bytes": raw.hex(), "width": width, "want": want,
                **({} if want else {"entries": [one.hex() for one in entries]})}

    def bundle(*entries):
        return b"".join(be(len(one), 2) + one for one in entries)
    three = [b"a", b"", b"thon"]
    whole = bundle(*three)
    many = [bytes([i]) for i in range(256)]
    return [case("three, one of them empty", whole, 3, entries=three), case("256", bundle(*many), 256, entries=many),
            case("one of no bytes", bundle(b""), 1, entries=[b""]), case("a byte too few", whole[:-1], 3, INVALID),
            case("a byte too many", whole + b"\0", 3, INVALID), case("an entry too few", bundle(*three[:2]), 3, INVALID),
            case("an entry too many", whole, 2, INVALID), case("half a length", whole[:-6] + b"\0", 3, INVALID),
            case("a length beyond the end", b"\xff\xffabc", 1, INVALID), case("lengths with the small byte first", b"\1\0a", 1, INVALID),
            case("nothing", b"", 1, INVALID), case("nothing for none", b"", 0, INVALID), case("a width of 257", bundle(*many, b""), 257, INVALID)]


def tlog_proofs():
    size, index = 11, 6
    text = checkpoint(LOG.name, size, ROOTS[size])
    signed = note(text, LOG.line(text), WITNESS.line(text, TIME))
    hashes = c2sp.path(index, LEAVES[:size])
    good = c2sp.tlog_proof(index, hashes, signed)
    alone = checkpoint(LOG.name, 1, ROOTS[1])
    nothing = checkpoint(LOG.name, 0, ROOTS[0])
    odd = checkpoint(LOG.name, 0, bytes(32))
    first, second = (b64(one) + "\n" for one in hashes[:2])
    forms = [
        ("good", good, ""), ("with extra data", c2sp.tlog_proof(index, hashes, signed, b"thon"), ""),
        ("of the only entry", c2sp.tlog_proof(0, [], note(alone, LOG.line(alone))), ""),
        ("nothing", "", INVALID), ("no checkpoint", good[:good.index("\n\n") + 2], INVALID),
        ("another version", good.replace("@v1", "@v2"), INVALID), ("a space behind the version", good.replace("@v1", "@v1 "), INVALID),
        ("no version", good.partition("\n")[2], INVALID), ("a line before the version", "\n" + good, INVALID),
        ("no index", good.replace(f"index {index}\n", ""), INVALID), ("an index in capitals", good.replace("index", "Index"), INVALID),
        ("an index with a leading zero", good.replace("index ", "index 0"), INVALID),
        ("an index after two spaces", good.replace("index ", "index  "), INVALID),
        ("an index below zero", good.replace("index ", "index -"), INVALID),
        ("an index of 2^64", c2sp.tlog_proof(2**64, hashes, signed), INVALID),
        ("two indices", good.replace(f"index {index}\n", f"index {index}\n" * 2), INVALID),
        ("extra data behind the index", good.replace(first, "extra dGhvbg==\n" + first), INVALID),
        ("two lines of extra data", good.replace("index", "extra dGhvbg==\nextra dGhvbg==\nindex"), INVALID),
        ("extra data of no bytes", good.replace("index", "extra \nindex"), INVALID),
        ("extra data without padding", good.replace("index", "extra dGhvbg\nindex"), INVALID),
        ("extra data with stray bits", good.replace("index", "extra dGhvbh==\nindex"), INVALID),
        ("a hash of 31 bytes", good.replace(first, b64(bytes(31)) + "\n"), INVALID),
        ("a hash with stray bits", good.replace("=\n" + second, "==\n" + second), INVALID),
        ("a space behind a hash", good.replace("=\n" + second, "= \n" + second), INVALID),
        ("64 hashes", c2sp.tlog_proof(index, [ROOTS[1]] * 64, signed), INVALID),
        ("no empty line", good.replace("\n\n", "\n", 1), INVALID), ("two empty lines", good.replace("\n\n", "\n\n\n", 1), INVALID),
        ("carriage returns", good.replace("\n", "\r\n"), INVALID), ("not a note behind it", good[:-1], INVALID),
        ("not a checkpoint behind it", c2sp.tlog_proof(index, hashes, note("thon\n", LOG.line("thon\n"))), INVALID),
        ("of no entries, with another root", c2sp.tlog_proof(0, [], note(odd, LOG.line(odd))), INVALID),
    ]
    verified = [
        ("63 hashes", c2sp.tlog_proof(index, [ROOTS[1]] * 63, signed), LOG, index, INVALID),
        ("a hash too few", c2sp.tlog_proof(index, hashes[:-1], signed), LOG, index, INVALID),
        ("a hash too many", c2sp.tlog_proof(index, hashes + hashes[:1], signed), LOG, index, INVALID),
        ("beyond the tree", c2sp.tlog_proof(size, hashes, signed), LOG, index, INVALID),
        ("in a tree of no entries", c2sp.tlog_proof(0, [], note(nothing, LOG.line(nothing))), LOG, 0, INVALID),
        ("of another entry", good, LOG, index + 1, "DATA_LOSS"),
        ("at another index", c2sp.tlog_proof(index + 1, hashes, signed), LOG, index, "DATA_LOSS"),
        ("with a flipped bit", c2sp.tlog_proof(index, [flipped(hashes[0])] + hashes[1:], signed), LOG, index, "DATA_LOSS"),
        ("with two hashes swapped", c2sp.tlog_proof(index, hashes[1::-1] + hashes[2:], signed), LOG, index, "DATA_LOSS"),
        ("of another log", good, OTHER, index, DENIED),
        ("signed by nobody known", c2sp.tlog_proof(index, hashes, note(text, WITNESS.line(text, TIME))), LOG, index, DENIED),
        ("signed badly", c2sp.tlog_proof(index, hashes, note(text, flip_last(LOG.line(text)))), LOG, index, DENIED),
    ]
    cases = []
    for name, proof, want in forms:
        leaf = 0 if "only entry" in name else index
        cases.append(stated({"name": name, "proof": proof, "leaf_hash": LEAVES[leaf].hex(), "vkey": LOG.vkey(), "want_verified": want},
                            want, c2sp.parse_tlog_proof, proof))
    for name, proof, key, leaf, want in verified:
        cases.append(stated({"name": name, "proof": proof, "leaf_hash": LEAVES[leaf].hex(), "vkey": key.vkey(), "want_verified": want},
                            "", c2sp.parse_tlog_proof, proof))
    return cases


def add_checkpoints():
    sofa = note(SOFA_TEXT, SOFA_LINE, SOFA_LINE_2)
    one = SOFA_PROOF[0] + "\n"
    specified = "old 20852014\n" + "".join(line + "\n" for line in SOFA_PROOF) + "\n" + sofa
    hashes = [ROOTS[i] for i in range(1, 64)]
    cases = [
        ("the specification's", specified, ""), ("from nothing", c2sp.add_checkpoint(0, [], sofa), ""),
        ("from the largest size", c2sp.add_checkpoint(2**64 - 1, [], sofa), ""), ("63 hashes", c2sp.add_checkpoint(64, hashes, sofa), ""),
        ("a checkpoint of any form", c2sp.add_checkpoint(0, [], "x"), ""),
        ("64 hashes", c2sp.add_checkpoint(65, hashes + hashes[:1], sofa), INVALID), ("nothing", "", INVALID),
        ("a checkpoint alone", sofa, INVALID), ("no checkpoint", c2sp.add_checkpoint(0, [], ""), INVALID),
        ("no empty line", "old 0\n" + sofa.replace("\n\n", "\n"), INVALID), ("no size", "old\n\n" + sofa, INVALID),
        ("an empty size", "old \n\n" + sofa, INVALID), ("a size after two spaces", "old  0\n\n" + sofa, INVALID),
        ("a size after a tab", "old\t0\n\n" + sofa, INVALID), ("a size and a space", "old 0 \n\n" + sofa, INVALID),
        ("a size with a leading zero", "old 01\n\n" + sofa, INVALID), ("a size of two zeroes", "old 00\n\n" + sofa, INVALID),
        ("a size below zero", "old -1\n\n" + sofa, INVALID), ("a size with a plus sign", "old +1\n\n" + sofa, INVALID),
        ("a size of 2^64", f"old {2**64}\n\n" + sofa, INVALID), ("capitals", "OLD 0\n\n" + sofa, INVALID),
        ("a carriage return", "old 0\r\n\r\n" + sofa, INVALID), ("an empty line first", "\n" + specified, INVALID),
        ("a hash of 31 bytes", f"old 1\n{b64(bytes(31))}\n\n" + sofa, INVALID),
        ("a hash of 33 bytes", f"old 1\n{b64(bytes(33))}\n\n" + sofa, INVALID),
        ("a hash without padding", "old 1\n" + one.replace("=", "") + "\n" + sofa, INVALID),
        ("a hash of the other alphabet", "old 1\n" + SOFA_PROOF[3].replace("/", "_").replace("+", "-") + "\n\n" + sofa, INVALID),
        ("a hash with stray bits", "old 1\n" + one.replace("w=", "x=") + "\n" + sofa, INVALID),
        ("a hash and a space", "old 1\n" + one.replace("\n", " \n") + "\n" + sofa, INVALID),
        ("two hashes in a line", "old 1\n" + one.replace("\n", "") + one + "\n" + sofa, INVALID),
    ]
    return [stated({"name": name, "body": body}, want, c2sp.parse_add_checkpoint, body) for name, body, want in cases]


def varint(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    return varint(number << 3 | 2) + varint(len(value)) + value


def receipt_cards():
    """Cards as proto3 writes them (proto/thon/v1/log.proto), signed as FORMAT.md says."""
    leaves, first, offset = LEAVES[40:45], 40, 2
    author = sha256(b"author")[:16]
    statement = be(len(LOG.name), 2) + LOG.name.encode() + be(first, 8) + be(len(leaves), 4) + mth(leaves)
    signature = LOG.private.sign(b"thon.v1 receipt\n" + statement)

    def receipt(index=first + offset, group_first=first, size=len(leaves), hashes=None, signed=signature):
        hashes = c2sp.path(offset, leaves) if hashes is None else hashes
        return (field(1, LOG.name.encode()) + field(2, index) + field(3, 1001) + field(4, 3) + field(5, 1700000000000) +
                field(6, group_first) + field(7, size) + b"".join(field(8, one) for one in hashes) + field(9, signed))

    def card(leaf=leaves[offset], inner=None, sequence=7, by=author):
        return field(1, leaf) + field(2, receipt() if inner is None else inner) + field(3, sequence) + field(4, by)

    def written(raw):
        return "THON1:" + base64.urlsafe_b64encode(raw).decode().rstrip("=")
    good = written(card())
    path = c2sp.path(offset, leaves)
    stray = good[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}.get(good[-1], "B")
    cases = [
        ("good", good, LOG, "", ""), ("with a field of a later version", written(card() + field(15, b"later")), LOG, "", ""),
        ("another log's key", good, OTHER, "", DENIED), ("another leaf", written(card(leaf=leaves[1])), LOG, "", DENIED),
        ("another index", written(card(inner=receipt(index=first + 1))), LOG, "", DENIED),
        ("another group", written(card(inner=receipt(group_first=first - 1))), LOG, "", None),
        ("an index before its group", written(card(inner=receipt(index=first - 1))), LOG, "", INVALID),
        ("an index behind its group", written(card(inner=receipt(index=first + 5))), LOG, "", INVALID),
        ("a larger group", written(card(inner=receipt(size=6))), LOG, "", DENIED),
        ("a hash too few", written(card(inner=receipt(hashes=path[:-1]))), LOG, "", INVALID),
        ("a hash too many", written(card(inner=receipt(hashes=path + path[:1]))), LOG, "", INVALID),
        ("a hash of 31 bytes", written(card(inner=receipt(hashes=[path[0][1:]] + path[1:]))), LOG, "", INVALID),
        ("a flipped bit in the path", written(card(inner=receipt(hashes=[flipped(path[0])] + path[1:]))), LOG, "", DENIED),
        ("a flipped bit in the signature", written(card(inner=receipt(signed=flipped(signature)))), LOG, "", DENIED),
        ("a signature of 63 bytes", written(card(inner=receipt(signed=signature[1:]))), LOG, "", INVALID),
        ("an empty receipt", written(card(inner=b"")), LOG, "", INVALID),
        ("nothing", "", LOG, INVALID, None), ("a prefix alone", "THON1:", LOG, INVALID, None),
        ("no prefix", good[len("THON1:"):], LOG, INVALID, None), ("another version", good.replace("THON1", "THON2"), LOG, INVALID, None),
        ("small letters", good.replace("THON1", "thon1"), LOG, INVALID, None), ("padding", good + "=", LOG, INVALID, None),
        ("a space before it", " " + good, LOG, INVALID, None), ("a newline behind it", good + "\n", LOG, INVALID, None),
        ("the alphabet with plus and slash", "THON1:" + b64(card() + field(15, b"\xfb\xff\xfe")).rstrip("="), LOG, INVALID, None),
        ("a character cut off", good[:-1], LOG, INVALID, None), ("not a message", written(b"\xff" * 40), LOG, INVALID, None),
        ("more than 1,200 characters", written(card() + field(15, bytes(900))), LOG, INVALID, None),
        ("a leaf hash of 31 bytes", written(card(leaf=leaves[offset][1:])), LOG, INVALID, None),
        ("an author of 15 bytes", written(card(by=author[1:])), LOG, INVALID, None),
        ("no sequence", written(card(sequence=0)), LOG, INVALID, None),
        ("no receipt", written(field(1, leaves[offset]) + field(3, 7) + field(4, author)), LOG, INVALID, None),
    ]
    if len(card()) % 3:
        cases.append(("stray bits", stray, LOG, INVALID, None))
    fields = {"leaf_hash": leaves[offset].hex(), "entry_index": str(first + offset), "sequence": "7", "author": author.hex()}
    return [{"name": name, "card": text, "log_key": key.public.hex(), "want": want,
             "want_verified": (want or DENIED) if verified is None else verified, **(fields if name == "good" else {})}
            for name, text, key, want, verified in cases]
