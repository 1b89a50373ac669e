"""Names, lists, removal and pruning of images, as docker images, tag, rmi, history and image prune have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.daemon.filters import Filters
from engine.errors import Conflict, InvalidParameter, NotFound
from engine.image.reference import Reference


@pytest.fixture
def two(bench: Any, tar: Any) -> Any:
    """busybox (one layer) and httpd (the same layer and one more)."""
    base = tar(sh=b"#!" * 500)
    bench.shelf.push("library/busybox", "latest", base, Labels={"k": "v"})
    bench.shelf.push("library/httpd", "latest", base, tar(index=b"<html>"))
    bench.pull("busybox:latest")
    bench.pull("httpd:latest")
    return bench


def tag(bench: Any, name: str, new: str) -> None:
    bench.images.tag(name, Reference.parse(new))


def build(bench: Any, parent: str) -> Any:
    """A child of an image without new layers, as a builder leaves behind: an image with a parent and no name."""
    image = bench.images.get(parent)
    document = json.loads(bench.images.store.config_bytes(image.id)) | {"comment": f"on {parent}"}
    document["history"].append({"created_by": "CMD", "empty_layer": True})
    return bench.images.store.add(json.dumps(document).encode(), parent=image.id)


def remove(bench: Any, name: str, **options: Any) -> list[str]:
    records = bench.run(bench.images.remove(name, **options))
    return [f"{kind}: {what}" for record in records for kind, what in record.items()]


def conflict(bench: Any, name: str, **options: Any) -> str:
    with pytest.raises(Conflict) as caught:
        remove(bench, name, **options)
    return str(caught.value)


def actions(bench: Any) -> list[str]:
    return [f"{event.action} {event.attributes.get('name')}" for event in bench.engine.events.history]


def test_tags_come_and_go_and_the_image_goes_with_the_last(two: Any) -> None:
    image = two.images.get("busybox")
    tag(two, "busybox", "a:1")
    assert remove(two, "a:1") == ["Untagged: a:1"]
    digest = next(name for name in two.images.store.references(image.id) if name.digest).familiar
    assert remove(two, "busybox") == ["Untagged: busybox:latest", f"Untagged: {digest}", f"Deleted: {image.id}"]
    with pytest.raises(NotFound, match=r"^No such image: busybox:latest$"):
        two.images.get("busybox")
    httpd = two.images.get("httpd")
    assert remove(two, httpd.id.short)[-3:] == [f"Deleted: {name}" for name in (httpd.id, httpd.chain, image.chain)]
    assert not two.engine.host._committed and not two.images.store.layers
    assert [action.split()[0] for action in actions(two)] == [
        "pull", "pull", "tag", "untag", "untag", "delete", "untag", "untag", "delete",
    ]  # fmt: skip


def test_what_is_not_there_is_not_found_in_dockers_words(two: Any) -> None:
    for name, said in [("nosuch", "nosuch:latest"), ("a/b:1", "a/b:1"), ("f" * 64, f"sha256:{'f' * 64}")]:
        with pytest.raises(NotFound, match=f"^No such image: {said}$"):
            two.images.get(name)
    with pytest.raises(InvalidParameter, match="must be lowercase"):
        two.images.get("Busybox")


def test_an_id_with_several_names_is_not_removed_unless_forced(two: Any) -> None:
    image = two.images.get("busybox")
    tag(two, "busybox", "a:1")
    assert conflict(two, image.id) == (
        f"conflict: unable to delete {image.id.short} (must be forced) - image is referenced in multiple repositories"
    )
    assert len(remove(two, image.id, force=True)) == 4
    assert image.id not in two.images.store


def test_containers_hold_their_image(two: Any, container: Any) -> None:
    image = two.images.get("busybox")
    user = container(two, "busybox", active=False)
    short = image.id.short
    assert conflict(two, "busybox") == (
        f'conflict: unable to remove repository reference "busybox" (must force) - container {user.id[:12]}'
        f" is using its referenced image {short}"
    )
    assert conflict(two, short) == (
        f"conflict: unable to delete {short} (must be forced) - image is being used by stopped container {user.id[:12]}"
    )
    user.active = True
    assert conflict(two, short, force=True) == (
        f"conflict: unable to delete {short} (cannot be forced) - image is being used by running container"
        f" {user.id[:12]}"
    )
    assert two.images.get("busybox") is image


def test_a_stopped_container_keeps_its_layers_when_the_image_is_forced_away(two: Any, container: Any) -> None:
    remove(two, "httpd")
    image = two.images.get("busybox")
    user = container(two, "busybox", active=False)
    assert f"Deleted: {image.chain}" not in remove(two, "busybox", force=True)
    assert image.id not in two.images.store and two.engine.host.exists(image.chain)
    two.containers.clear()
    two.engine.events.publish("container", "destroy", user.id)
    two.loop.run_ready()
    assert not two.engine.host.exists(image.chain) and two.idle()


def test_layers_that_a_container_keeps_survive_a_restart(
    tmp_path: Any, new_bench: Any, tar: Any, container: Any
) -> None:
    first = new_bench(tmp_path)
    first.shelf.push("library/busybox", "latest", tar(sh=b"#!"))
    first.pull("busybox:latest")
    image = first.images.get("busybox")
    user = container(first, "busybox")
    remove(first, "busybox", force=True)
    first.engine.state.close()
    second = new_bench(tmp_path)
    second.run(second.images.recover())
    assert second.images.chain_for(user.id, image.id) == image.chain and second.engine.host.exists(image.chain)
    second.engine.events.publish("container", "destroy", user.id)
    second.loop.run_ready()
    assert not second.engine.host.exists(image.chain) and not second.images.store.layers


def test_a_parent_stays_while_it_has_a_child_and_goes_with_it(two: Any) -> None:
    parent, child = two.images.get("busybox"), build(two, "busybox")
    assert conflict(two, parent.id, force=True).endswith("(cannot be forced) - image has dependent child images")
    tag(two, child.id, "child:1")
    remove(two, "busybox")
    assert parent.id in two.images.store
    assert remove(two, "child:1")[-2:] == [f"Deleted: {child.id}", f"Deleted: {parent.id}"]


def test_lists_show_names_sizes_and_what_is_shared(two: Any, container: Any) -> None:
    container(two, "busybox")
    rows = {row["RepoTags"][0]: row for row in two.images.summaries(shared_size=True, containers=True)}
    small, large = rows["busybox:latest"], rows["httpd:latest"]
    assert small["Size"] == small["SharedSize"] == large["SharedSize"] == 1000
    assert large["Size"] == 1006 and small["Labels"] == {"k": "v"} and large["Labels"] is None
    assert (small["Containers"], large["Containers"]) == (1, 0)
    assert two.images.disk_usage()[0] == 1006


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["busybox:latest", "httpd:latest"]),
        ({"reference": ["busy*"]}, ["busybox:latest"]),
        ({"reference": ["*:latest"]}, ["busybox:latest", "httpd:latest"]),
        ({"label": ["k"]}, ["busybox:latest"]),
        ({"label": ["k=w"]}, []),
        ({"dangling": ["true"]}, []),
        ({"dangling": ["false"]}, ["busybox:latest", "httpd:latest"]),
        ({"since": ["busybox"]}, []),
        ({"until": ["2024-01-01"]}, []),
        ({"until": ["10m"]}, ["busybox:latest", "httpd:latest"]),
    ],
)
def test_lists_are_filtered(two: Any, filters: dict[str, list[str]], names: list[str]) -> None:
    rows = two.images.summaries(Filters.parse(json.dumps(filters)))
    assert sorted(row["RepoTags"][0] for row in rows) == names


def test_an_image_without_name_is_dangling_unless_it_is_a_step(two: Any) -> None:
    child = build(two, "busybox")
    two.images.store.untag(Reference.parse("busybox"))
    for name in two.images.store.references(two.images.store.get(child.parent).id):
        two.images.store.untag(name)
    assert {row["Id"] for row in two.images.summaries(Filters.parse('{"dangling":["1"]}'))} == {child.id}
    assert child.parent not in {row["Id"] for row in two.images.summaries()}
    assert child.parent in {row["Id"] for row in two.images.summaries(all=True)}


def test_inspect_says_what_the_image_is(two: Any) -> None:
    answer, image = two.images.inspect("httpd"), two.images.get("httpd")
    assert answer["Id"] == image.id and answer["RootFS"]["Layers"] == list(image.diff_ids)
    assert answer["RepoTags"] == ["httpd:latest"] and answer["RepoDigests"][0].startswith("httpd@sha256:")
    assert (answer["Os"], answer["Architecture"], answer["Size"]) == ("linux", "amd64", 1006)
    assert answer["Config"]["Env"] is None and "Shell" not in answer["Config"]
    assert answer["Created"] == "2024-01-02T03:04:05Z" and answer["GraphDriver"]["Name"] == "overlay2"


def test_history_gives_ids_along_the_parents(two: Any) -> None:
    child = build(two, "busybox")
    tag(two, child.id, "h:1")
    steps = two.images.history("h:1")
    assert [(step["CreatedBy"], step["Size"], step["Id"]) for step in steps] == [
        ("CMD", 0, child.id),
        ("step 0", 1000, child.parent),
    ]
    assert steps[0]["Tags"] == ["h:1"]
    assert [step["Id"] for step in two.images.history("httpd")][1:] == ["<missing>"]


def prune(bench: Any, **filters: list[str]) -> tuple[list[dict[str, str]], int]:
    result: tuple[list[dict[str, str]], int] = bench.run(bench.images.prune(Filters.parse(json.dumps(filters))))
    return result


def test_prune_takes_dangling_images_only_unless_told_otherwise(two: Any, container: Any) -> None:
    assert prune(two) == ([], 0)
    child = build(two, "httpd")
    assert prune(two) == ([{"Deleted": child.id}], 0)
    container(two, "busybox")
    records, reclaimed = prune(two, dangling=["false"])
    assert {"Untagged": "httpd:latest"} in records and reclaimed == 6
    assert [row["RepoTags"] for row in two.images.summaries()] == [["busybox:latest"]]
    assert two.engine.events.history[-1].attributes == {"reclaimed": "6"}


def test_prune_heeds_labels_and_age(two: Any) -> None:
    assert prune(two, **{"dangling": ["false"], "label!": ["k"], "until": ["2024-01-01"]}) == ([], 0)
    records, _ = prune(two, **{"dangling": ["false"], "label!": ["k"]})
    assert records[0] == {"Untagged": "httpd:latest"} and two.images.get("busybox")
    with pytest.raises(InvalidParameter, match="more than one until filter"):
        prune(two, until=["1m", "2m"])


def test_search_filters_the_hubs_catalogue(bench: Any) -> None:
    row = {"description": "", "is_automated": True}
    bench.way.catalogue = [
        row | {"name": "redis", "star_count": 900, "is_official": True},
        row | {"name": "me/redis", "star_count": 3, "is_official": False},
    ]

    def names(limit: int = 0, **filters: list[str]) -> list[str]:
        found = bench.run(bench.images.search("redis", limit, Filters.parse(json.dumps(filters))))
        assert not any(row["is_automated"] for row in found)
        return [row["name"] for row in found]

    assert names() == ["redis", "me/redis"]
    assert names(**{"is-official": ["false"]}) == ["me/redis"]
    assert names(stars=["10"]) == ["redis"]
    for wrong in ({"stars": ["x"]}, {"is-official": ["x"]}):
        with pytest.raises(InvalidParameter, match=r"^invalid filter"):
            names(**wrong)
    with pytest.raises(InvalidParameter, match=r"^limit 101 is outside the range of \[1, 100\]$"):
        names(101)


def test_looking_up_is_independent_of_how_many_there_are(two: Any) -> None:
    image = two.images.get("busybox")
    for number in range(500):
        tag(two, "busybox", f"many:{number}")
    assert two.images.get("many:499") is image
    assert two.images.get(image.id[7:14]) is image
