"""Python environments as pip sees them: where packages lie, which are there; taking them in and out.

Source: PEP 376 (dist-info), PEP 405 (virtual environments), PEP 668 (externally managed ones).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from sim.abi import Proc
from sim.packages.archives import read_wheel
from sim.packages.pypi import normalized
from sim.packages.records import read_records
from sim.programs.packages.laying import RATE, make_directories, take_away


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed package. `requires` as its metadata say; `folder` is its dist-info."""

    name: str
    version: str
    summary: str
    requires: tuple[Requirement, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class Environment:
    """`prefix` has bin/ and lib/; `python` is "3.14"."""

    prefix: str
    python: str
    folder: str = "site-packages"  # Debian's own Python has "dist-packages"

    @property
    def site(self) -> str:
        return f"{self.prefix}/lib/python{self.python}/{self.folder}"

    @property
    def tag(self) -> str:
        return "cp" + self.python.replace(".", "")

    @classmethod
    def of(cls, proc: Proc) -> Environment:
        """The one to which the pip or python that is running belongs."""
        path = proc.which(proc.argv[0]) or "/usr/local/bin/python3"
        prefix = path.rpartition("/bin/")[0] or "/usr"
        version = _version(proc, prefix)
        if prefix == "/usr" and proc.access("/var/lib/dpkg", 0):
            return cls("/usr/local", version, "dist-packages")
        return cls(prefix, version)

    def installed(self, proc: Proc) -> dict[str, Distribution]:
        """{normalized name: distribution}"""
        found: dict[str, Distribution] = {}
        system = "/usr/lib/python3/dist-packages" if self.folder == "dist-packages" else ""
        for site in (self.site, system):
            names = proc.listdir(site) if site and proc.access(site, 0) else []
            for name in sorted(names):
                if name.endswith(".dist-info"):
                    with suppress(FileNotFoundError):
                        one = _distribution(proc, f"{site}/{name}")
                        found.setdefault(normalized(one.name), one)
        return found

    def managed(self, proc: Proc) -> str:
        """Why pip must leave this environment alone; "" if it need not."""
        prefix = "/usr" if self.folder == "dist-packages" else self.prefix
        with suppress(FileNotFoundError):
            text = proc.read_file(f"{prefix}/lib/python{self.python}/EXTERNALLY-MANAGED").decode()
            return text.partition("Error=")[2]
        return ""


def _version(proc: Proc, prefix: str) -> str:
    names = proc.listdir(f"{prefix}/lib") if proc.access(f"{prefix}/lib", 0) else []
    found = [name.removeprefix("python") for name in names if name.startswith("python3.")]
    return max(found, key=lambda version: [int(part) for part in version.split(".") if part.isdigit()], default="3.14")


def _distribution(proc: Proc, folder: str) -> Distribution:
    text = proc.read_file(f"{folder}/METADATA").rstrip(b"\0").decode(errors="replace")
    record = next(read_records(text), {})
    requires = []
    for line in text.splitlines():
        if line.startswith("Requires-Dist:"):
            with suppress(InvalidRequirement):
                requires.append(Requirement(line.partition(":")[2].strip()))
    return Distribution(
        record.get("Name", ""), record.get("Version", ""), record.get("Summary", ""), tuple(requires), folder
    )


async def put(proc: Proc, environment: Environment, name: str, version: str, archive: bytes) -> None:
    """Unpack a wheel. Raises BadPackage, OSError."""
    site, paths, size = environment.site, [], 0
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    scripts = b""
    for path, _, data in read_wheel(archive):
        make_directories(proc, f"{site}/{path}".rpartition("/")[0])
        proc.write_file(f"{site}/{path}", data)
        paths.append(path)
        size += len(data)
        if path.endswith("entry_points.txt"):
            scripts = data
    for line in scripts.decode().splitlines()[1:]:
        script, _, target = line.partition(" = ")
        paths.append(f"../../../bin/{script}")
        _write_script(proc, environment, script, target)
    proc.write_file(f"{site}/{info}/INSTALLER", b"pip\n")
    paths += [f"{info}/INSTALLER", f"{info}/RECORD"]
    proc.write_file(f"{site}/{info}/RECORD", "".join(f"{path},,\n" for path in paths).encode())
    await proc.cpu(0.02 + size / RATE)


def _write_script(proc: Proc, environment: Environment, script: str, target: str) -> None:
    module, _, function = target.partition(":")
    path = f"{environment.prefix}/bin/{script}"
    make_directories(proc, f"{environment.prefix}/bin")
    proc.write_file(path, f"#!{environment.prefix}/bin/python3\nimport sys\nfrom {module} import {function}\n"
                          f"if __name__ == '__main__':\n    sys.exit({function}())\n".encode())  # fmt: skip
    proc.chmod(path, 0o755)


def take(proc: Proc, distribution: Distribution) -> None:
    """Remove what the RECORD names, and folders that are empty then."""
    site = distribution.folder.rpartition("/")[0]
    record = proc.read_file(f"{distribution.folder}/RECORD").decode(errors="replace")
    paths = [_plain(f"{site}/{line.partition(',')[0]}") for line in record.splitlines() if line]
    take_away(proc, {*paths, *_folders(site, paths)})


def _plain(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _folders(site: str, paths: Iterable[str]) -> set[str]:
    """The folders below `site` in which the files lie."""
    found = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder.startswith(site + "/"):
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
