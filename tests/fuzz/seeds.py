"""First inputs of the fuzzers, from tests/vectors and from small packs made here."""

import hashlib
import io
import json
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "vectors"))
import c2sp  # noqa: E402

VECTORS = pathlib.Path(__file__).parent.parent / "vectors"


def vectors(name, *lists):
    content = json.loads((VECTORS / f"{name}.json").read_text())
    return [case for one in lists for case in content[one]]


def text_of(case, key):
    return bytes.fromhex(case[key + "_hex"]) if key + "_hex" in case else case[key].encode()


def note():
    for case in vectors("proof/note", "notes", "verdicts"):
        yield text_of(case, "note")
    for case in vectors("proof/note", "verifier_keys", "signature_lines"):
        yield text_of(case, "vkey" if "vkey" in case else "lines")
    for case in vectors("proof/checkpoint", "texts", "verdicts"):
        yield text_of(case, "text" if "text" in case else "note")
    for case in vectors("proof/trust_policy", "policies", "cosigned"):
        yield text_of(case, "policy")


def tile():
    for case in vectors("proof/tile", "paths"):
        yield text_of(case, "path")
    for case in vectors("proof/tile", "tiles", "bundles"):
        yield (case["width"] + 1).to_bytes(2, "big") + bytes.fromhex(case["bytes"])
    for case in vectors("entry", "entries", "bad_entries"):
        yield bytes.fromhex(case["entry"])


def proof():
    for case in vectors("proof/tlog_proof", "cases"):
        yield text_of(case, "proof")
    for case in vectors("proof/add_checkpoint", "cases"):
        yield text_of(case, "body")
    for case in vectors("proof/receipt_card", "cases"):
        yield text_of(case, "card")
    for case in vectors("proof/consistency", "cases"):
        if case["want"] == "" and len(case["proof"]) < 6:
            numbers = b"".join(int(case[key]).to_bytes(8, "big") + b"\0" for key in ("size1", "size2"))
            hashes = "".join([*case["proof"], case["root1"], case["root2"]])
            yield numbers + bytes([len(case["proof"])]) + bytes.fromhex(hashes)
    for at in range(0, 256, 16):
        yield bytes([at, at // 2, at // 3, at // 5, at % 4, at // 7, at % 3, at, at % 2, at, 3, at % 4, at])


def pack():
    checkpoint = text_of(vectors("proof/checkpoint", "verdicts")[0], "note")
    row = b"\0\0\0\2\x08\1"
    manifest = {
        "format": "thon-audit-pack/1", "origin": "thon.example/yen-bai/1",
        "verifier_key": vectors("proof/checkpoint", "verdicts")[0]["vkey"], "tree_size": 7, "first_entry": 0, "end_entry": 7,
        "position": 7, "made_by": "thon 0.5.0", "made_at": "2026-11-22T16:00:00Z",
        "state_roots": [{"projection": "eligibility", "version": 1, "root": "00" * 32, "row_count": 1}],
        "files": [{"path": path, "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
                  for path, raw in (("checkpoint", checkpoint), ("rows/43/0", row))],
    }
    text = json.dumps(manifest).encode()
    yield text
    files = [("manifest.json", text), ("checkpoint", checkpoint), ("checkpoints/5", checkpoint), ("rows/43/0", row),
             ("tile/0/000.p/7", bytes(7 * 32)), ("tile/entries/000.p/7", bytes(14))]
    for count in range(1, len(files) + 1):
        yield tar(files[:count])
    yield tar(files[1:])
    yield tar(files + files[-1:])
    yield tar(files, tarfile.PAX_FORMAT)
    yield tar(files, tarfile.GNU_FORMAT)
    yield tar(files)[:-700]
    for path in ("/etc/passwd", "../x", "tile/0/000", "tile/0/x001/000", "rows/1/0", "a" * 100):
        yield tar([files[0], (path, b"x")])


def tar(files, kind=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for path, raw in files:
            info = tarfile.TarInfo(path)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    # Python pads to 10 KiB; two empty blocks end a tar, and small inputs are changed faster.
    used = sum(512 + -(-len(raw) // 512) * 512 for _, raw in files)
    return out.getvalue() if kind != tarfile.USTAR_FORMAT else out.getvalue()[:used + 1024]


def evidence():
    log = c2sp.Key("thon.example/yen-bai/1", 1)
    witness = c2sp.Key("witness.example/w1", 3, c2sp.COSIGNATURE)
    leaves = [c2sp.leaf_hash(bytes([i])) for i in range(9)]

    def signed(size, root=None):
        text = c2sp.checkpoint(log.name, size, root or c2sp.mth(leaves[:size]))
        return c2sp.note(text, log.line(text), witness.line(text, 1700000000)).encode()

    def written(verdict, known, submitted, proof=()):
        head = (f"thon-evidence/1\nverdict {verdict}\norigin {log.name}\nlog-key {log.vkey()}\nwitness-key {witness.vkey()}\n"
                "written 2026-11-22T16:00:00Z\n# two checkpoints\n\n").encode()
        lines = "".join(c2sp.b64(one) + "\n" for one in proof)
        return (head + b"known %d\n" % len(known) + known + b"submitted %d\n" % len(submitted) + submitted +
                f"proof {len(proof)}\n{lines}".encode())
    proof = c2sp.consistency_proof(5, leaves)
    for verdict in ("two-histories", "not-shown-consistent"):
        yield written(verdict, signed(5), signed(5, bytes(32)))
        yield written(verdict, signed(5), signed(5))
        yield written(verdict, signed(5), signed(9), proof)
        yield written(verdict, signed(5), signed(9), proof[::-1])
        yield written(verdict, signed(9), signed(5))
        yield written(verdict, signed(5), signed(5, bytes(32)).replace(b"AAAAAA", b"AAAAAB", 1))


def planted():
    yield b"tile/0/000"
    yield b"tile/0/000.p/8"


TARGETS = {"note": note, "tile": tile, "proof": proof, "pack": pack, "evidence": evidence}


def write(folder, target):
    """Writes the seeds of a target; their names are their hashes."""
    make = planted if target == "planted" else TARGETS[target]
    folder.mkdir(parents=True, exist_ok=True)
    for raw in make():
        (folder / hashlib.sha256(raw).hexdigest()[:16]).write_bytes(raw)


def main():
    """seeds.py TARGET FOLDER: writes the seeds of one target."""
    write(pathlib.Path(sys.argv[2]), sys.argv[1])


if __name__ == "__main__":
    main()
