"""Pictures say what the engine did: each is well-formed, has words for who cannot see it, and shows the live state."""

import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest

from classroom import Lab, pictures
from classroom.drawing import COLOURS, Canvas, Picture, measure, shorten
from classroom.views import flow, kernel, lifecycle
from engine.lifecycle import State, edges

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def lab() -> Lab:
    lab = Lab("sim", seed=7)
    lab.docker("pull httpd")
    lab.docker("run -d --name web -p 8080:80 httpd")
    lab.docker("run -d --name db redis")
    lab.docker("exec db sh -c 'echo hello > /data/note'")
    lab.docker("pause db")
    lab.docker("unpause db")
    return lab


def words(picture: Picture) -> list[str]:
    """All texts in the picture."""
    return ["".join(node.itertext()) for node in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


VIEWS = ["flow()", "layers()", "layers('redis')", "lifecycle('web')", "kernel('web')", "network()", "timeline(1)",
         "namespaces()", "cgroups()", "host()",
         "origin('web', '/etc/passwd')"]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_looking_changes_nothing_not_even_the_time(lab, view):
    before = lab.moment(), lab.containers
    eval(f"view.{view}", {"view": lab.view})
    assert (lab.moment(), lab.containers) == before


def test_a_limit_is_a_frame_and_what_has_none_is_open(lab):
    lab.docker("run -d --name small -m 64m --cpus 0.5 --pids-limit 20 alpine sleep 1000")
    said = lab.view.cgroups().text.split("small\n")[1].splitlines()[:3]
    lab.docker("rm -f small")
    assert [line.split(None, 1)[1] for line in said[:2]] == ["384KiB of 64MiB", "1 of 20"]
    assert said[2].endswith("at most 0.5 processors at a time")
    assert "no limit" in lab.view.cgroups().text


def test_the_host_is_all_of_it_on_one_page(lab):
    page = lab.view.host()
    for part in (lab.view.namespaces(), lab.view.layers(), lab.view.cgroups(), lab.view.network()):
        assert part.text in page.text and set(words(part)) <= set(words(page))
        assert part.size[0] <= page.size[0] and part.size[1] <= page.size[1]


def test_the_timeline_points_at_the_command_with_that_number(lab):
    pointed = next(line for line in lab.view.timeline(2).text.splitlines() if line.startswith("▶"))
    assert pointed.split()[1] == "2"


@pytest.mark.parametrize("view", VIEWS)
def test_every_picture_is_whole_and_has_words(lab, view):
    picture = eval(f"view.{view}", {"view": lab.view})
    root = ElementTree.fromstring(picture.svg)
    assert root.get("role") == "img"
    assert (root.findtext(f"{SVG}title") or "").strip()
    assert root.findtext(f"{SVG}desc") == picture.text.strip("\n") or picture.text
    width, height = (float(root.get(side) or 0) for side in ("width", "height"))
    for node in root.iter(f"{SVG}rect"):
        if node.get("x") is not None:
            assert float(node.get("x")) + float(node.get("width")) <= width
            assert float(node.get("y")) + float(node.get("height")) <= height
    assert set(picture._repr_mimebundle_()) == {"text/html", "image/svg+xml", "text/plain"}


def test_the_flow_shows_the_way_to_the_hub_only_the_first_time():
    lab = Lab("sim", seed=7)
    lab.docker("pull alpine")
    assert "GET /v2/library/alpine/manifests" in lab.view.flow().text
    lab.docker("run alpine true")
    picture = lab.view.flow()
    assert "manifests" not in picture.text
    assert "kernel operations more" in picture.text
    assert "$ docker run alpine true" in words(picture)


def test_a_shared_layer_is_drawn_once(lab):
    shown = words(lab.view.layers())
    assert sum("debian.sh" in word for word in shown) == 1
    assert any("httpd:latest" in word for word in shown)
    assert any("web (running)" in word for word in shown)
    assert "redis" not in " ".join(words(lab.view.layers("httpd")))


def test_the_lifecycle_shows_where_a_container_is_and_what_would_happen(lab):
    text = lab.view.lifecycle("db").text
    assert "so far: created → running → paused → running" in text
    assert 'docker rm       refused: cannot remove container "/db": container is running' in text
    assert "docker stop     can be done" in text


def test_every_arrow_of_the_table_has_its_place():
    assert set(lifecycle.ARROWS) == {(start, end) for start, end, _ in edges()}
    assert set(lifecycle.PLACES) == set(State)
    for points, _, _ in lifecycle.ARROWS.values():
        assert all(x == to_x or y == to_y for (x, y), (to_x, to_y) in pairwise(points))


def test_the_kernels_work_is_told_in_order_with_its_manual_pages(lab):
    text = lab.view.kernel("web").text
    assert text.index("mount -t overlay") < text.index("unshare") < text.index("pivot_root") < text.index("exec env")
    assert "cgroups(7)" in " ".join(words(lab.view.kernel("web")))


def test_every_operation_builds_one_part_of_the_wall():
    assert set(kernel.KINDS.values()) == set(kernel.PARTS)
    assert kernel.part("MountOverlay") == ("files", "green")


def test_the_network_shows_addresses_and_ports(lab):
    text = lab.view.network().text
    assert "172.17.0.0/16" in text
    assert "8080→80/tcp" in text


def test_a_long_run_of_operations_is_counted_not_listed():
    spans = [
        {"id": n, "parent": None, "where": "host", "name": f"op {n}", "error": None, "duration": 1, "attributes": {}}
        for n in range(1, 11)
    ]
    assert [step.more for step in flow.steps(spans)] == [0, 0, 0, 0, 6]
    assert flow.count(spans, "host") == 10


def test_a_name_with_markup_stays_a_name():
    canvas = Canvas("<b>&")
    canvas.text(0, 10, "<script>alert(1)</script>")
    root = ElementTree.fromstring(canvas.picture("a < b").svg)
    assert [node.text for node in root.iter(f"{SVG}text")] == ["<script>alert(1)</script>"]


def test_wide_letters_are_measured_as_wide():
    assert measure("한국", 10) == 20
    assert shorten("컨테이너의 생애", 60, 10) == "컨테이너…" or measure(shorten("컨테이너의 생애", 60, 10), 10) <= 60


def test_text_can_be_read_on_its_ground_in_light_and_dark():
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1 for text."""
    for ground in ("paper", "blue-soft", "orange-soft", "green-soft", "grey-soft"):
        for mode in (0, 1):  # light, dark
            assert contrast(COLOURS["ink"][mode], COLOURS[ground][mode]) >= 4.5
    for colour in ("faint", "blue", "orange", "green", "purple"):
        for mode in (0, 1):
            assert contrast(COLOURS[colour][mode], COLOURS["paper"][mode]) >= 4.5, (colour, mode)


def contrast(one: str, two: str) -> float:
    """WCAG's ratio of two colours "#rrggbb"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_pictures_in_the_docs_are_todays():
    """If this fails after a change that was meant: python -m classroom.pictures docs/pictures"""
    folder = Path(__file__).resolve().parents[2] / "docs" / "pictures"
    assert {name: svg + "\n" for name, svg in pictures.draw().items()} == {
        path.name: path.read_text("utf-8") for path in folder.glob("*.svg")
    }


def test_a_picture_speaks_the_notebooks_language(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/ko/notebook.ipynb")
    lab = Lab(seed=7)
    lab.docker("run -d --name web httpd")
    assert "호스트가 보는 대로" in lab.view.namespaces().svg
    assert "web의 커널 동작" in lab.view.kernel("web").svg
    assert "can be done" not in lab.view.lifecycle("web").text
