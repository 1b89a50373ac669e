#!/usr/bin/env python3
"""Programs that are not ours meet our registry, our daemon and our archives: skopeo, umoci, podman, Docker's registry.

    python tests/external/strangers.py              all of them; 1 if one is missing, or something differs
    python tests/external/strangers.py skopeo       only this one

It installs nothing (Debian: `apt install skopeo umoci podman docker-registry`) and works in a temporary folder, as any
user. Each proof prints a line. What is proved: what they take from us and give back has the digest that it had; what
they push runs here; what our daemon saves they can read.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INDEX = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
PROGRAMS = {
    "skopeo": ("skopeo",),
    "umoci": ("umoci", "skopeo"),
    "podman": ("podman",),
    "registry": ("docker-registry",),
}


class Differs(Exception):
    """A proof failed; the text says what was seen."""


class Place:
    """A hub with the teaching images, an empty one, a daemon, and a folder for everything else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        self.full = self._hub()
        self.empty = self._hub("--empty")
        self._serve("serve", "sim", "-H", f"unix://{folder}/docker.sock")
        self.environment = dict(os.environ, DOCKER_HOST=f"unix://{folder}/docker.sock", DOCKER_CONFIG=str(folder))

    def _hub(self, *words: str) -> str:
        return self._serve("hub", "--port", "0", *words).rpartition("//")[2].strip()

    def _serve(self, *words: str) -> str:
        command = [sys.executable, "-m", "engine.cli", *words]
        return self.start(command, "listens on")

    def start(self, command: list[str], until: str = "") -> str:
        """A program that goes on; the line in which it says that it is ready."""
        output = subprocess.PIPE if until else subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=output, text=True, cwd=ROOT)
        self._processes.append(process)
        line = process.stdout.readline() if process.stdout else ""
        if until not in line:
            raise Differs(f"{command[0]} did not start: {line}")
        return line

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None) -> str:
        command = [str(word) for word in words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, env=env, check=False)
        if done.returncode:
            raise Differs(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def docker(self, *words: str | Path) -> str:
        """Our own docker, on our own daemon."""
        command = (sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import engine.cli as cli; "
                   "sys.exit(cli.main(['docker', *sys.argv[1:]]))")  # fmt: skip
        return self.run(*command, *words, env=self.environment)

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)


def digest(registry: str, name: str, tag: str) -> str:
    request = urllib.request.Request(f"http://{registry}/v2/{name}/manifests/{tag}", headers={"Accept": INDEX})
    with urllib.request.urlopen(request) as reply:
        return str(reply.headers["Docker-Content-Digest"])


def same(what: str, one: object, other: object) -> None:
    if one != other:
        raise Differs(f"{what}: {one} is not {other}")
    print(f"  ok  {what}")


# ---------------------------------------------------------------- the proofs


def skopeo(place: Place) -> None:
    plain = ["--src-tls-verify=false", "--dest-tls-verify=false", "--insecure-policy"]
    here, there = f"docker://{place.full}/library/alpine:latest", f"docker://{place.empty}/team/alpine:1"
    place.run("skopeo", "copy", "--all", *plain, here, there)
    same(
        "copied from our hub to our hub",
        digest(place.empty, "team/alpine", "1"),
        digest(place.full, "library/alpine", "latest"),
    )
    place.run("skopeo", "copy", *plain, here, "oci:layout:alpine")
    place.run("skopeo", "copy", *plain, "oci:layout:alpine", f"docker://{place.empty}/team/alpine:2")
    same(
        "what skopeo pushed runs here",
        place.docker("run", "--rm", f"{place.empty}/team/alpine:2", "echo", "hi"),
        "hi\n",
    )
    tags = json.loads(place.run("skopeo", "list-tags", "--tls-verify=false", f"docker://{place.empty}/team/alpine"))
    same("its tags are listed", tags["Tags"], ["1", "2"])
    place.docker("pull", "-q", "busybox")
    id = place.docker("image", "inspect", "-f", "{{.Id}}", "busybox").strip()
    place.docker("save", "-o", place.folder / "saved.tar", "busybox")
    for kind in ("docker-archive", "oci-archive"):
        reference = ":docker.io/library/busybox:latest" if kind == "docker-archive" else ""
        place.run("skopeo", "copy", "--insecure-policy", f"{kind}:saved.tar{reference}", f"dir:{kind}")
        manifest = json.loads((place.folder / kind / "manifest.json").read_text())
        same(f"docker save is read as {kind}", manifest["config"]["digest"], id)
    place.run("skopeo", "delete", "--tls-verify=false", f"docker://{place.empty}/team/alpine:1")
    tags = json.loads(place.run("skopeo", "list-tags", "--tls-verify=false", f"docker://{place.empty}/team/alpine"))
    same("what was deleted is gone", tags["Tags"], ["2"])


def umoci(place: Place) -> None:
    plain = ["--src-tls-verify=false", "--insecure-policy"]
    place.run("skopeo", "copy", *plain, f"docker://{place.full}/library/nginx:latest", "oci:forumoci:nginx")
    place.run("umoci", "unpack", "--rootless", "--image", "forumoci:nginx", "bundle")
    ours = place.docker("run", "--rm", "--entrypoint", "cat", "nginx", "/etc/nginx/nginx.conf")
    same("umoci unpacks what we run", (place.folder / "bundle/rootfs/etc/nginx/nginx.conf").read_text(), ours)


def podman(place: Place) -> None:
    own = ["--root", place.folder / "podman", "--runroot", place.folder / "podman-run", "--storage-driver", "vfs"]
    place.run("podman", *own, "pull", "--tls-verify=false", f"{place.full}/library/alpine:latest")
    place.docker("pull", "-q", "redis")
    place.docker("save", "-o", place.folder / "redis.tar", "redis")
    place.run("podman", *own, "load", "-i", "redis.tar")
    layers = "{{json .RootFS.Layers}}"
    theirs = place.run("podman", *own, "image", "inspect", "-f", layers, "docker.io/library/redis:latest")
    ours = place.docker("image", "inspect", "-f", layers, "redis")
    same("podman loads what we save", json.loads(theirs), json.loads(ours))
    place.run("podman", *own, "push", "--tls-verify=false", "docker.io/library/redis", f"{place.empty}/from/podman:1")
    place.docker("pull", "-q", f"{place.empty}/from/podman:1")
    back = place.docker("image", "inspect", "-f", layers, f"{place.empty}/from/podman:1")
    same("what podman pushes is what it had", json.loads(back), json.loads(ours))


def registry(place: Place) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    root = place.folder / "registry"
    (place.folder / "registry.yml").write_text(
        f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {root}\nhttp:\n  addr: {where}\n"
    )
    place.start(["docker-registry", "serve", str(place.folder / "registry.yml")])
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(where.rpartition(":")[2]))) == 0:
                break
        time.sleep(0.05)
    place.docker("pull", "-q", "httpd")
    place.docker("tag", "httpd", f"{where}/team/httpd:1")
    place.docker("push", "-q", f"{where}/team/httpd:1")
    names = place.docker("image", "inspect", "-f", "{{json .RepoDigests}}", f"{where}/team/httpd:1")
    pushed = digest(where, "team/httpd", "1")
    same("Docker's registry has what we pushed", f"{where}/team/httpd@{pushed}" in json.loads(names), True)
    id = place.docker("image", "inspect", "-f", "{{.Id}}", "httpd")
    place.docker("rmi", "-f", id.strip())
    place.docker("pull", "-q", f"{where}/team/httpd:1")
    same("and gives it back", place.docker("image", "inspect", "-f", "{{.Id}}", f"{where}/team/httpd:1"), id)
    again = place.docker("push", f"{where}/team/httpd:1")
    same("a second push sends no layer", ": Pushed" in again, False)
    hub = place.start(
        [sys.executable, "-m", "engine.cli", "hub", "--port", "0", "--empty", "--data", str(root)], "listens on"
    )
    same("our hub reads its folder", digest(hub.rpartition("//")[2].strip(), "team/httpd", "1"), pushed)


PROOFS: dict[str, Callable[[Place], None]] = {"skopeo": skopeo, "umoci": umoci, "podman": podman, "registry": registry}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in PROOFS]:
        print(f"strangers: no such proof: {' '.join(unknown)} (there are {' '.join(PROOFS)})", file=sys.stderr)
        return 2
    failed = False
    with place() as here:
        for name in names or list(PROOFS):
            print(name)
            if missing := [program for program in PROGRAMS[name] if shutil.which(program) is None]:
                print(f"  not tried: missing {' and '.join(missing)}")
                failed = True
                continue
            try:
                PROOFS[name](here)
            except Differs as error:
                print(f"  FAILED  {error}")
                failed = True
    return 1 if failed else 0


@contextmanager
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="strangers-") as folder:
        here = Place(Path(folder))
        try:
            yield here
        finally:
            here.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
