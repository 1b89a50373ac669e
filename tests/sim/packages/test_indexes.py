"""What the mirrors have: every package can be had, is as large as it says, and holds what it says."""

from __future__ import annotations

import io
import json
import tarfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from sim.hub.tarball import Entry
from sim.packages import alpine, archives, debian, laid, npmjs, pypi
from sim.packages.records import read_records, write_records
from sim.packages.versions import debian_key, satisfies
from sim.programs import registry
from sim.programs.packages.apt_plan import Planner, relations
from sim.programs.packages.apt_sources import Available, Candidate, Source
from sim.programs.packages.npm_tree import choose

DEBIANS = ("debian-trixie", "debian-bookworm", "ubuntu-noble", "ubuntu-jammy")
ALPINES = tuple(f"alpine-{release}" for release in alpine.RELEASES)


@pytest.mark.parametrize("index", DEBIANS)
def test_every_package_of_debian_can_be_installed(index: str) -> None:
    known = Available()
    for record in read_records(debian.packages(index)):
        known.packages[record["Package"]] = [Candidate(record, Source("http://mirror", index, ("main",)), "main")]
    for name, (candidate,) in known.packages.items():
        planner = Planner(known, {}, recommends=True)
        planner.want(candidate)
        steps = planner.plan.steps
        for step in steps.values():
            for part in relations(step.record.get("Depends", "")):
                there = [one for one in part if one.name in steps]
                assert there and there[0].accepts(steps[there[0].name].version), (name, part)


@pytest.mark.parametrize("index", DEBIANS)
def test_archives_are_as_large_as_the_index_says(index: str) -> None:
    for name, record in debian.records(index).items():
        assert debian.package(index, name).size == int(record["Size"]), name


@pytest.mark.parametrize("index", ALPINES)
def test_every_package_of_alpine_has_what_it_needs(index: str) -> None:
    known = alpine.records(index)
    provided = {word for record in known.values() for word in record.get("p", "").split()}
    for name, record in known.items():
        for word in record.get("D", "").split():
            needed, operator, version = alpine.dependency(word)
            assert needed in known or needed in provided, (name, word)
            assert operator != "=" or known[needed]["V"] == version, (name, word)
        assert alpine.package(index, name).size >= int(record["S"])


def test_every_project_of_pypi_has_what_it_needs() -> None:
    for name, record in pypi.projects().items():
        for word in pypi.requires(name, record["Version"]):
            needed = Requirement(word)
            assert any(needed.specifier.contains(version) for version in pypi.versions(needed.name)), (name, word)


def test_every_package_of_npm_has_what_it_needs() -> None:
    for name, records in npmjs.packages().items():
        for record in records:
            for needed, wanted in npmjs.manifest(record).get("dependencies", {}).items():
                assert choose(json.loads(npmjs.document(needed)), wanted), (name, record["Version"], needed, wanted)


def test_executables_name_programs_that_there_are() -> None:
    words = [word for index in DEBIANS for record in debian.records(index).values()
             for word in record.get("Contents", "").split()]  # fmt: skip
    words += [word for index in ALPINES for record in alpine.records(index).values()
              for word in record.get("Contents", "").split()]  # fmt: skip
    names = {word.rpartition("=")[2] for word in words if "=" in word and "->" not in word}
    assert sorted(name for name in names if registry.find(name, [name]) is None) == []


def test_other_programs_can_read_a_debian_package() -> None:
    packed = debian.package("debian-trixie", "nginx-common").whole()
    assert packed.startswith(b"!<arch>\ndebian-binary   ")
    control, members = archives.read_deb(packed)
    assert b"Package: nginx-common" in control["control"]
    assert "etc/nginx/nginx.conf" in {entry.path for entry in members}


def test_an_npm_archive_is_a_gzipped_tar() -> None:
    packed = npmjs.package("express", "4.22.1").whole()
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as opened:
        assert "package/package.json" in opened.getnames()


def test_the_packages_of_the_base_image_are_whole() -> None:
    names = ["apt", "bash", "coreutils", "libc6", "tar"]
    all_names = laid.debian_packages("debian-trixie", [], names)
    assert b"Status: install ok installed" in all_names.entries["var/lib/dpkg/status"].data
    assert "var/lib/dpkg/info/libc6:amd64.list" in all_names.entries


values = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?(\n [!-~]{1,9}){0,2}", fullmatch=True)
fields = st.dictionaries(st.from_regex(r"[A-Z][a-z-]{0,8}", fullmatch=True), values, min_size=1)


@given(st.lists(fields, max_size=4))
def test_paragraphs_are_read_as_they_were_written(records: list[dict[str, str]]) -> None:
    assert list(read_records(write_records(records))) == records


paths = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True)


@given(st.dictionaries(paths, st.binary(max_size=700), max_size=4), st.integers(0, 9000))
def test_archives_give_back_what_was_put_in(files: dict[str, bytes], size: int) -> None:
    members = [Entry(path, data=data, size=len(data) + size) for path, data in files.items()]
    _, found = archives.read_deb(archives.deb({"control": b"Package: x\n"}, members, size).whole())
    assert [(entry.path, entry.data, entry.size) for entry in found] == [(e.path, e.data, e.size) for e in members]
    again = list(archives.read_gzipped(archives.gzipped(members, size).whole()))
    assert [(entry.path, entry.size) for entry in again] == [(e.path, e.size) for e in members]
    wheel = list(archives.read_wheel(archives.wheel(members, size).whole()))
    assert [(path, len(data)) for path, _, data in wheel] == [(e.path, e.size) for e in members]


@given(st.binary(max_size=300))
def test_damaged_packages_are_refused(data: bytes) -> None:
    for read in (lambda: list(archives.read_deb(data)[1]), lambda: list(archives.read_gzipped(data)),
                 lambda: list(archives.read_wheel(data))):  # fmt: skip
        with suppress(archives.BadPackage):
            read()


def test_constraints_on_versions_are_kept_when_an_index_stands_on_another() -> None:
    known = debian.records("ubuntu-noble")
    wanted = next(part[0] for part in relations(known["curl"]["Depends"]) if part[0].name == "libcurl4t64")
    version = known["libcurl4t64"]["Version"]
    assert satisfies(debian_key(version), wanted.operator, debian_key(wanted.version))
