"""Finding a container: by id, by name, by the beginning of an id; and that names are unique."""

import pytest

from engine.daemon.config import Settings
from engine.daemon.container import Container
from engine.daemon.registry import Containers
from engine.daemon.state import MemoryState
from engine.errors import Conflict, InvalidParameter, NotFound
from engine.loop import Loop

A, B, C = "aabb" + "0" * 60, "aacc" + "1" * 60, "ab" + "2" * 62


@pytest.fixture
def containers() -> Containers:
    loop = Loop(start=0)
    found = Containers(loop, MemoryState())
    for id, name in ((A, "a1"), (B, "b1"), (C, A[:12])):
        container = Container(loop, id, found.reserve(name, id), "sha256:1", Settings(), 0, id[:12])
        found.add(container)
    return found


@pytest.mark.parametrize(("word", "id"), [(A, A), ("a1", A), ("/b1", B), ("aabb0", A), ("aac", B), ("ab2", C)])
def test_any_clear_word_finds_it(containers: Containers, word: str, id: str) -> None:
    assert containers.get(word).id == id


def test_a_name_beats_the_beginning_of_an_id(containers: Containers) -> None:
    assert containers.get(A[:12]).id == C


@pytest.mark.parametrize("word", ["aa", "a"])
def test_an_ambiguous_beginning_is_refused(containers: Containers, word: str) -> None:
    with pytest.raises(InvalidParameter, match=f"^Multiple IDs found with provided prefix: {word}$"):
        containers.get(word)


@pytest.mark.parametrize("word", ["nosuch", "f", "aabb1", A + "0"])
def test_an_unknown_word_is_told(containers: Containers, word: str) -> None:
    with pytest.raises(NotFound, match=f"^No such container: {word}$"):
        containers.get(word)


def test_a_name_is_taken_until_its_container_goes(containers: Containers) -> None:
    words = f'Conflict. The container name "/b1" is already in use by container "{B}". You have to remove (or rename) '
    with pytest.raises(Conflict) as taken:
        containers.reserve("/b1", C)
    assert taken.value.message == words + "that container to be able to reuse that name."
    containers.remove(containers.get(B))
    assert containers.reserve("b1", C) == "b1"


@pytest.mark.parametrize("name", ["bad name", "-x", "x/y", "//x", "x", "", "é1"])
def test_a_malformed_name_is_refused(containers: Containers, name: str) -> None:
    with pytest.raises(InvalidParameter) as wrong:
        containers.reserve(name, C)
    assert wrong.value.message == (f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")


def test_the_newest_comes_first_and_images_know_their_containers(containers: Containers) -> None:
    assert [container.id for container in containers] == [C, B, A]
    containers.remove(containers.get(B))
    assert {container.id for container in containers.by_image("sha256:1")} == {A, C}
    for id in (A, C):
        containers.remove(containers.get(id))
    assert not containers.by_image("sha256:1") and len(containers) == 0
