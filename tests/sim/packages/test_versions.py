"""Which version is newer, and which fits: what package managers decide by."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.packages import debian
from sim.packages.versions import alpine_key, compare, debian_key, satisfies, semver_key, semver_matches

# each list from old to new
DEBIAN = [
    "0:0~",
    "0",
    "1.0~~",
    "1.0~rc1-1",
    "1.0",
    "1.0-1",
    "1.0-1+b1",
    "1.0-1+deb13u1",
    "1.0+dfsg",
    "1.2",
    "1.10",
    "1:0.1",
]
ALPINE = [
    "0.9-r0",
    "1.0_alpha1-r0",
    "1.0_rc1-r0",
    "1.0_rc2-r0",
    "1.0-r0",
    "1.0-r1",
    "1.0_p1-r0",
    "1.0a-r0",
    "1.0.1-r0",
    "1.10-r0",
]
SEMVER = [
    "0.1.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.0",
    "1.10.0",
]


def test_versions_are_in_debians_order() -> None:
    assert all(debian_key(old) < debian_key(new) for old, new in pairwise(DEBIAN))


def test_versions_are_in_alpines_order() -> None:
    assert all(alpine_key(old) < alpine_key(new) for old, new in pairwise(ALPINE))


def test_versions_are_in_npms_order() -> None:
    assert all(semver_key(old) < semver_key(new) for old, new in pairwise(SEMVER))


debian_versions = st.from_regex(r"([0-9]:)?[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{1,4})?", fullmatch=True)


@pytest.mark.skipif(which("dpkg") is None, reason="needs Debian's dpkg to compare with")
def test_dpkg_itself_says_the_same() -> None:
    known = sorted({record["Version"] for record in debian.records("debian-trixie").values()})
    sample = known[:: max(1, len(known) // 12)]
    for one, other in pairwise(sample + DEBIAN):
        status = subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False).returncode
        assert (status == 0) == (debian_key(one) < debian_key(other)), (one, other)


@given(debian_versions, debian_versions, debian_versions)
def test_the_order_is_total(one: str, two: str, three: str) -> None:
    keys = sorted(map(debian_key, (one, two, three)))
    assert keys[0] <= keys[1] <= keys[2]
    assert compare(keys[0], keys[2]) <= 0 <= compare(keys[2], keys[0])
    assert satisfies(debian_key(one), "=", debian_key(one))


numbers = st.tuples(*[st.integers(0, 4)] * 3)


@given(numbers, numbers)
def test_a_caret_keeps_the_first_number_that_is_not_zero(wanted: tuple[int, ...], version: tuple[int, ...]) -> None:
    place = next((index for index, number in enumerate(wanted) if number), 2)
    expected = version[: place + 1] == wanted[: place + 1] and version >= wanted
    assert semver_matches(".".join(map(str, version)), "^" + ".".join(map(str, wanted))) == expected


@pytest.mark.parametrize(
    ("wanted", "fitting", "others"),
    [
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0", "1.2.2"]),
        ("1.x", ["1.0.0", "1.99.0"], ["2.0.0", "0.9.0"]),
        ("*", ["0.0.1", "9.9.9"], []),
        (">=1.2 <2", ["1.2.0", "1.9.9"], ["2.0.0", "1.1.9"]),
        ("1.0 - 2.0", ["1.0.0", "2.0.9"], ["2.1.0", "0.9.0"]),
        ("^1.0.0 || ^3.0.0", ["1.5.0", "3.1.0"], ["2.0.0"]),
        ("^1.0.0", ["1.0.0"], ["1.1.0-rc.1", "2.0.0-rc.1"]),
        (">1.2", ["1.3.0"], ["1.2.9"]),
        ("<=1.2", ["1.2.9"], ["1.3.0"]),
    ],
)
def test_ranges_mean_what_npm_says(wanted: str, fitting: list[str], others: list[str]) -> None:
    assert [version for version in [*fitting, *others] if semver_matches(version, wanted)] == fitting
