"""Audit packs of a demo's log, verified as an auditor does: away from the server.

The verifier is copied into a folder of its own with nothing beside it but the
pack, and runs there with an empty environment.
"""

import json
import shutil
import subprocess
from pathlib import Path

from thond import Thond

ORIGIN = "thon.yenbai.example"


def make_packs(bin_dir, data, folder, forms):
    """Writes a pack of each form ("tar", "folder"); their paths."""
    packs = []
    server = Thond(bin_dir, data, ORIGIN)
    try:
        for form in forms:
            pack = Path(folder) / ("pack.tar" if form == "tar" else "pack")
            done = subprocess.run([Path(bin_dir) / "thon", "--data", data, "audit", "pack", "-o", pack,
                                   "--trust", Path(folder) / "trust"], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise AssertionError(f"thon audit pack ended with {done.returncode}:\n{done.stderr}{done.stdout}")
            packs.append(pack)
        if server.stop() != 0:
            raise AssertionError("thond did not stop cleanly")
    finally:
        server.kill()
    return packs


class Auditor:
    """A folder with a copy of thon-verify and of one pack."""

    def __init__(self, bin_dir, pack, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        shutil.copy(Path(bin_dir) / "thon-verify", self.folder / "thon-verify")
        self.pack = self.folder / Path(pack).name
        if Path(pack).is_dir():
            shutil.copytree(pack, self.pack)
        else:
            shutil.copy(pack, self.pack)

    def verify(self, *arguments):
        """(exit status, report) of thon-verify on the pack."""
        done = subprocess.run(["./thon-verify", self.pack.name, "-q", "--json", "-", "--temp", ".", *arguments],
                              cwd=self.folder, env={}, capture_output=True, text=True, check=False)
        report = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
        return done.returncode, report
