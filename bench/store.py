"""The image store on a disk: a gigabyte of layers in and out, against the machine's own sha256sum; and layers that are
there already, whose size must not matter."""

from __future__ import annotations

import gzip
import json
import random
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from engine.daemon.engine import Engine
from engine.daemon.state import open_state
from engine.distribution.layers import Layers
from engine.distribution.transport import Reply
from engine.image.blobs import Blobs
from engine.image.digest import Digest
from engine.image.manifest import OCI_MANIFEST
from engine.image.reference import Reference
from engine.image.store import ImageStore, Layer
from engine.loop import Loop
from engine.trace import Trace
from report import Report, quick
from sim.host import SimHost
from sim.profiles import PROFILES

MB = 1 << 20
PIECE = 1 << 18
NOISE = random.Random(1).randbytes(8 * MB)
EACH = 64 * MB  # of a layer


def tar(size: int, number: int) -> Iterator[bytes]:
    """A tar of one file of noise; no two numbers are alike."""
    info = tarfile.TarInfo(f"file{number}")
    info.size = size
    yield info.tobuf()
    for start in range(0, size, PIECE):
        at = start % len(NOISE)
        yield NOISE[at : at + min(PIECE, size - start)]
    yield bytes(-size % 512 + 1024)


def resident(kind: str) -> int:
    """Bytes of this program in memory, "VmRSS" now or "VmHWM" at most (proc(5)); elsewhere at most (getrusage(2))."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


# -- a gigabyte


class Nowhere:
    """A host that reads a layer to its end, as every host does, and puts it nowhere: the store alone is measured."""

    def exists(self, name: str) -> bool:
        return False

    async def apply(self, name: str, parent: str | None, diff: BinaryIO) -> int:
        while diff.read(PIECE):
            pass
        return 0


def store_and_read(root: Path, total: int) -> dict[str, float]:
    """In a process of its own: seconds to store and to read again, bytes of memory above the start."""
    loop = Loop()
    store = ImageStore(open_state(root), Blobs(root / "blobs"))
    layers = Layers(loop, Trace(loop), Nowhere(), store)  # type: ignore[arg-type]
    start, begin = resident("VmRSS"), time.perf_counter()
    made: list[Layer] = []
    for number in range(total // EACH):
        made.append(loop.run(layers.register(made[-1].chain if made else None, tar(EACH, number))))
    stored = time.perf_counter() - begin
    begin = time.perf_counter()
    for one in made:
        with store.open_layer(one) as file:
            while file.read(PIECE):
                pass
    return {"store": stored, "read": time.perf_counter() - begin, "memory": resident("VmHWM") - start}


def sha256sum(path: Path, total: int) -> float:
    """Seconds that the machine's own command needs for as many bytes, which it finds in the page cache."""
    with path.open("wb") as file:
        for number in range(total // EACH):
            file.writelines(tar(EACH, number))
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run(["sha256sum", path], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    path.unlink()
    return statistics.median(times)


def gigabyte(report: Report) -> None:
    total = 128 * MB if quick() else 1024 * MB
    with tempfile.TemporaryDirectory() as folder:
        theirs = sha256sum(Path(folder) / "noise", total)
        argv = [sys.executable, __file__, "--measure", str(total), f"{folder}/root"]
        ours = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    report.line(f"sha256sum of {total // MB} MB", theirs, "s")
    report.line("store it as layers, on the disk", ours["store"], "s")
    report.line("read it again", ours["read"], "s")
    report.line("store and read, times as fast as sha256sum", theirs / (ours["store"] + ours["read"]), "", 0.5, True)
    report.line("memory above the start", ours["memory"] / MB, "MB", 64)


# -- layers that are there


class TwoImages:
    """A registry with two images on the same ten layers: "a" and "b" differ in their configuration only."""

    def __init__(self, size: int) -> None:
        layers = [b"".join(tar(size, number)) for number in range(10)]
        blobs = [gzip.compress(layer, 1) for layer in layers]
        self.content = {str(Digest.of(blob)): blob for blob in blobs}
        for name in ("a", "b"):
            rootfs = {"type": "layers", "diff_ids": [Digest.of(layer) for layer in layers]}
            config = json.dumps({"architecture": "amd64", "os": "linux", "comment": name, "rootfs": rootfs}).encode()
            manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": self._add(config)}
            raw = json.dumps(manifest | {"layers": [self._add(blob) for blob in blobs]}).encode()
            self.content[f"library/{name}/latest"] = self.content[str(Digest.of(raw))] = raw

    def _add(self, data: bytes) -> dict[str, Any]:
        digest = Digest.of(data)
        self.content[str(digest)] = data
        return {"mediaType": "", "digest": digest, "size": len(data)}

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | AsyncIterator[bytes] = b""
    ) -> Reply:
        path = urlsplit(url).path.removeprefix("/v2/")
        last = path.rpartition("/")[2]
        data = self.content.get(path.replace("/manifests/", "/")) or self.content.get(last, b"")
        sent = {
            "content-type": OCI_MANIFEST,
            "docker-content-digest": Digest.of(data),
            "content-length": str(len(data)),
        }
        return Reply(200, sent, _pieces(b"" if method == "HEAD" else data))


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def present(root: Path, size: int) -> float:
    """Seconds to pull an image all of whose layers are there."""
    loop = Loop()
    engine = Engine(SimHost(loop, random.Random(1), PROFILES["linux"]), TwoImages(size), seed=1, data_root=root)

    async def pull(name: str) -> None:
        async for _ in engine.images.pull(Reference.parse(name).with_default_tag()):
            pass

    loop.run(pull("a"))
    times = []
    for _ in range(15):
        begin = time.perf_counter()
        loop.run(pull("b"))
        times.append(time.perf_counter() - begin)
        loop.run(engine.images.remove("b"))
    return statistics.median(times)


def layers_present(report: Report) -> None:
    small, large = 1000, MB if quick() else 8 * MB
    with tempfile.TemporaryDirectory() as folder:
        few, many = (present(Path(folder) / str(size), size) for size in (small, large))
    report.line(f"pull onto ten layers of {small // 1000} kB that are there", few * 1e3, "ms")
    report.line(f"pull onto ten layers of {large // MB} MB that are there", many * 1e3, "ms")
    report.line("their ratio", many / few, "", 1.5)


def main() -> int:
    report = Report()
    gigabyte(report)
    layers_present(report)
    return report.end()


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(store_and_read(Path(sys.argv[3]), int(sys.argv[2]))))
        sys.exit(0)
    sys.exit(main())
