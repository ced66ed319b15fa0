#!/usr/bin/env python3
"""Goal: anybody who knows c2sp.org/tlog-tiles, and nothing of this project,
reads the whole log over HTTP while it grows, and finds what was signed.

Method: a reader written from the specification alone (paths, tiles, bundles,
RFC 6962 hashing, signed notes) asks bin/thond, while bin/thon records. Each
round takes the checkpoint, fetches every tile of its tree, rebuilds each level
and the root, checks each entry of each bundle against its leaf, and what must
not be there. The reader itself is seen to refuse a tree with one bit flipped.

    tiles_test.py BIN_DIR
"""

import base64
import contextlib
import gzip
import hashlib
import http.client
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from thond import Thond

BIN = Path(sys.argv[1])
SECONDS_MAX = 120
WIDTH = 256


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\0", entry)


def tree_hash(hashes):
    """RFC 6962, section 2.1, over hashes of leaves (or of equal full subtrees)."""
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha256(b"\1", tree_hash(hashes[:k]), tree_hash(hashes[k:]))


def index_path(n):
    groups = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03d}")
    return "/".join(groups)


def tile_path(level, n, width=WIDTH):
    return f"/tile/{level}/{index_path(n)}" + (f".p/{width}" if width < WIDTH else "")


def open_note(note, vkey):
    """The text of a signed note, whose signature by `vkey` is good."""
    name, key_id, key = vkey.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    assert raw[0] == 1, "not an Ed25519 key"
    assert key_id == sha256(name.encode(), b"\n", raw)[:4].hex(), "not the standard key id"
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    good = 0
    for line in lines.splitlines():
        dash, line_name, signature = line.split(" ")
        assert dash == "—"
        signature = base64.b64decode(signature, validate=True)
        if line_name == name and signature[:4].hex() == key_id:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], text.encode())
            good += 1
    assert good == 1, f"{good} signatures of the log"
    return text


def tiles_of(size):
    """(level, index, width) of every tile of a tree."""
    level = 0
    while size:
        for n in range(size // WIDTH):
            yield level, n, WIDTH
        if size % WIDTH:
            yield level, size // WIDTH, size % WIDTH
        size //= WIDTH
        level += 1


class Reader:
    """A client of tlog-tiles on one connection."""

    def __init__(self, url, cafile, vkey):
        where = urlsplit(url)
        self.web = http.client.HTTPSConnection(where.hostname, where.port, timeout=SECONDS_MAX,
                                               context=ssl.create_default_context(cafile=cafile))
        self.vkey = vkey

    def ask(self, path, method="GET", **headers):
        self.web.request(method, path, headers=headers)
        answer = self.web.getresponse()
        return answer.status, answer.headers, answer.read()

    def get(self, path):
        status, headers, body = self.ask(path)
        assert status == 200, f"{path}: {status} {body[:200]}"
        if path.startswith("/tile/"):
            assert headers["Content-Type"] == "application/octet-stream", path
            assert "immutable" in headers["Cache-Control"] and "max-age=31536000" in headers["Cache-Control"], path
        return body

    def status(self, path):
        return self.ask(path)[0]

    def checkpoint(self):
        status, headers, body = self.ask("/checkpoint")
        assert status == 200 and headers["Content-Type"] == "text/plain; charset=utf-8", (status, headers)
        origin, size, root, *extension = open_note(body.decode(), self.vkey).splitlines()
        assert origin == self.vkey.split("+")[0] and not extension
        return int(size), base64.b64decode(root, validate=True)

    def read_tree(self, size, root, flip=lambda level, n, tile: tile):
        """Checks the whole tree; the leaf hashes. `flip` is the test's own fault."""
        levels = {}
        for level, n, width in tiles_of(size):
            tile = flip(level, n, self.get(tile_path(level, n, width)))
            assert len(tile) == 32 * width, f"tile {level}/{n} has {len(tile)} bytes"
            levels.setdefault(level, []).extend(tile[i:i + 32] for i in range(0, len(tile), 32))
        for level in range(1, len(levels)):
            for i, parent in enumerate(levels[level]):
                children = levels[level - 1][i * WIDTH:(i + 1) * WIDTH]
                assert tree_hash(children) == parent, f"hash {i} of level {level}"
        leaves = levels.get(0, [])
        assert tree_hash(leaves) == root, "the root"
        return leaves

    def read_entries(self, n, width, leaves):
        """Checks one bundle against the leaves of its tile, plain and gzipped."""
        path = f"/tile/entries/{index_path(n)}" + (f".p/{width}" if width < WIDTH else "")
        bundle = self.get(path)
        _, headers, packed = self.ask(path, **{"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip" and gzip.decompress(packed) == bundle, path
        at = 0
        for i in range(width):
            length = int.from_bytes(bundle[at:at + 2], "big")
            entry = bundle[at + 2:at + 2 + length]
            at += 2 + length
            assert leaf_hash(entry) == leaves[n * WIDTH + i], f"entry {n * WIDTH + i}"
        assert at == len(bundle), path


class Tiles(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="thon_tiles_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"

    def start(self, *arguments):
        server = Thond(BIN, self.data, "thon.example/tiles", "--checkpoint-seconds", "1", *arguments)
        self.addCleanup(server.kill)
        return server

    def thon(self, *arguments):
        done = subprocess.run([str(x) for x in [BIN / "thon", "--data", self.data, *arguments]],
                              capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        assert done.returncode == 0, done.stderr

    def reader(self, server):
        first = Reader(server.url, self.data / "tls" / "ca.crt", "")
        vkey = first.get("/log.vkey").decode()
        reader = Reader(server.url, self.data / "tls" / "ca.crt", vkey)
        for one in (first, reader):
            self.addCleanup(one.web.close)
        return reader

    def wait_for_size(self, reader, size_min):
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            size, root = reader.checkpoint()
            if size >= size_min:
                return size, root
            time.sleep(0.1)
        raise AssertionError(f"no checkpoint of {size_min} entries")

    def check_beyond(self, reader, size):
        """What no checkpoint covers is not there. The log may have grown meanwhile by few."""
        full, part = divmod(size, WIDTH)
        far = part + 100
        beyond = [tile_path(0, full + 2), tile_path(0, full + 2, 1), tile_path(1, full // WIDTH + 1, 1), tile_path(7, 0),
                  tile_path(63, 0), tile_path(63, 0, 1), f"/tile/entries/{index_path(full + 2)}", "/tile/64/000",
                  "/tile/00/000", "/tile/0/0", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/x000/000",
                  "/tile/0/000.p/01", "/tile/entries", "/tile/0", "/tile/-1/000", "/tile/x/000",
                  tile_path(0, 2 ** 63), tile_path(0, 10 ** 30)]
        if far < WIDTH:
            beyond += [tile_path(0, full, far), tile_path(0, full), f"/tile/entries/{index_path(full)}.p/{far}"]
        for path in beyond:
            self.assertEqual(reader.status(path), 404, path)

    def test_the_log_is_read_while_it_grows_and_every_checkpoint_holds(self):
        server = self.start()
        reader = self.reader(server)
        sizes = []
        seen = threading.Condition()
        stop = threading.Event()

        def write():
            # A day opened is an entry; months of them, and grants between. Each
            # of the first months waits until a checkpoint of it has been read.
            try:
                for month in range(6, 13):
                    before = len(sizes)
                    self.thon("admin", "advance-clock", "--to", f"2023-{month:02d}-01T08:00:00+07:00")
                    self.thon("grant", "issue", "--officer", str(month), "--role", "reader", "--all")
                    with seen:
                        if month < 9 and not seen.wait_for(lambda: len(sizes) > before, SECONDS_MAX):
                            return
                for year in (2024, 2025):
                    self.thon("admin", "advance-clock", "--to", f"{year}-06-01T08:00:00+07:00")
            finally:
                stop.set()

        writer = threading.Thread(target=write)
        writer.start()
        self.addCleanup(writer.join)
        while True:
            last = stop.is_set()
            size, root = reader.checkpoint()
            leaves = reader.read_tree(size, root)
            if size and (not sizes or size > sizes[-1]):
                with seen:
                    sizes.append(size)
                    seen.notify()
                reader.read_entries((size - 1) // WIDTH, (size - 1) % WIDTH + 1, leaves)
            if last:
                break
        size, root = self.wait_for_size(reader, 700)
        sizes.append(size)
        leaves = reader.read_tree(size, root)
        for n in range(0, (size + WIDTH - 1) // WIDTH):
            reader.read_entries(n, min(WIDTH, size - n * WIDTH), leaves)
        # Partial tiles of each checkpoint that was ever produced.
        for old in sizes:
            for level, n, width in tiles_of(old):
                tile = reader.get(tile_path(level, n, width))
                if level == 0:
                    self.assertEqual(tile, b"".join(leaves[n * WIDTH:n * WIDTH + width]))
        self.assertGreater(len(sizes), 2)
        self.check_beyond(reader, size)
        self.assertEqual(reader.ask("/tile/0/000", "HEAD")[1]["Content-Length"], "8192")
        for path in ("/checkpoint", "/tile/0/000", "/tile/entries/000"):
            self.assertEqual(reader.ask(path, "POST")[0], 405)

        # The reader would see a fault.
        def flip(level, n, tile):
            return bytes([tile[0] ^ 1]) + tile[1:] if (level, n) == (0, 1) else tile
        with self.assertRaisesRegex(AssertionError, "hash 1 of level 1|the root"):
            reader.read_tree(size, root, flip)
        self.assertRaises(InvalidSignature, open_note,
                          reader.get("/checkpoint").decode().replace(f"\n{size}\n", f"\n{size + 1}\n"), reader.vkey)

        # And after a restart, before and after kill -9, all of it is still there.
        server.kill()
        reader = self.reader(self.start())
        size_after, root_after = self.wait_for_size(reader, size)
        self.assertEqual(reader.read_tree(size_after, root_after)[:size], leaves)

    def test_closed_tiles_open_to_a_readers_token_and_off_means_off(self):
        server = self.start("--tiles", "auth")
        reader = self.reader(server)
        size, _ = self.wait_for_size(reader, 1)
        path = tile_path(0, 0, size)
        self.assertEqual(reader.status(path), 401)
        token = (self.data / "operator.token").read_text().strip()
        self.assertEqual(reader.ask(path, Authorization=f"Bearer {token}")[0], 200)
        server.stop()
        server = self.start("--tiles", "off")
        with contextlib.closing(Reader(server.url, self.data / "tls" / "ca.crt", "").web) as web:
            for gone in ("/checkpoint", path, "/log.vkey"):
                web.request("GET", gone)
                answer = web.getresponse()
                answer.read()
                self.assertEqual(answer.status, 404, gone)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    unittest.main(argv=[sys.argv[0], "-v"])
