#!/usr/bin/env python3
"""Writes proof/*.json: test vectors for notes, checkpoints, tiles and proofs.

What is wanted of a case is stated here, and c2sp.py, the second implementation,
must agree with it before anything is written. README.md tells the fields.

    tests/vectors/make_proofs.py            writes tests/vectors/proof/*.json
    tests/vectors/make_proofs.py --check    exit 1 unless they hold just that
"""

import json
import pathlib
import sys

import note_cases
import policy_cases
import proof_cases

FOLDER = pathlib.Path(__file__).parent / "proof"


def main():
    files = {
        "note": {"verifier_keys": note_cases.verifier_keys(), "notes": note_cases.notes(),
                 "signature_lines": note_cases.signature_lines(), "verdicts": note_cases.verdicts(),
                 "signatures": note_cases.signatures()},
        "checkpoint": {"texts": note_cases.checkpoint_texts(), "verdicts": note_cases.checkpoint_verdicts()},
        "inclusion": {"cases": proof_cases.inclusion()},
        "consistency": {"cases": proof_cases.consistency()},
        "tile": {"paths": proof_cases.tile_paths(), "trees": proof_cases.tile_trees(),
                 "contents": proof_cases.tile_contents(), "tiles": proof_cases.tiles(), "bundles": proof_cases.bundles()},
        "tlog_proof": {"cases": proof_cases.tlog_proofs()},
        "add_checkpoint": {"cases": proof_cases.add_checkpoints()},
        "receipt_card": {"cases": proof_cases.receipt_cards()},
        "trust_policy": {"policies": policy_cases.policies(), "cosigned": policy_cases.cosigned()},
    }
    stale = []
    for name, content in files.items():
        path = FOLDER / f"{name}.json"
        text = json.dumps(content, indent=1) + "\n"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"tests/vectors/proof: not what make_proofs.py writes: {', '.join(stale)}; run it")


if __name__ == "__main__":
    main()
