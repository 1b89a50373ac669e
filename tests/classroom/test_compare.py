"""`glassdock compare` and `glassdock fleet`: tables say what they are, pictures have words, bad questions are told."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from classroom.views import charts, comparison
from engine.cli import main
from sim.hypervisor.comparison import Question, compare
from sim.hypervisor.machines import MACHINES
from sim.hypervisor.parameters import book


def run(capsys, line: str) -> tuple[int, str, str]:
    code = main(line.split())
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_table_answers_every_question_and_says_that_it_is_a_model(capsys):
    code, out, _ = run(capsys, "compare --image redis --instances 1,8")
    assert code == 0
    for wanted in (
        "first line of user space", "first answered request", "memory with 8 instances", "instances in 16384 MiB",
        "disk of one more instance", "memory at random", "random reads", "Redis GET", "kernel that it talks to",
        "the host's process list", "nothing was measured on this machine",
    ):  # fmt: skip
        assert wanted in out
    assert "assumed" in out and "data" in out  # each line says what it rests on


def test_it_says_what_a_measurement_would_lack(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "no qemu-system-x86_64 on the PATH" in run(capsys, "compare")[1]


def test_json_has_every_figure_with_its_parameters_and_sources(capsys, tmp_path):
    assert run(capsys, f"compare --machines all --json {tmp_path / 'c.json'}")[0] == 0
    document = json.loads((tmp_path / "c.json").read_text())
    assert document["origin"] == "model"
    for answer in document["answers"]:
        assert set(answer["values"]) == set(MACHINES)
        for value in answer["values"].values():
            if isinstance(value, dict):
                assert set(value["rests_on"]) <= set(document["parameters"])
    assert all(each["source"] and each["status"] and each["date"] for each in document["parameters"].values())


@pytest.mark.parametrize("image", ["redis", "busybox", "httpd", "nginx:latest", "python"])
def test_every_picture_is_whole_and_has_words(image):
    found = compare(Question(image, machines=tuple(MACHINES)), book())
    for picture in comparison.pictures(found).values():
        root = ElementTree.fromstring(picture.svg)
        assert root.get("role") == "img"
        assert all(machine.label in picture.text for machine in found.machines)
        assert "prefers-color-scheme:dark" in picture.svg


def test_the_stacks_show_a_guest_for_each_machine_and_none_for_a_container():
    text = comparison.pictures(compare(Question(), book()))["stacks"].text
    assert "container: hardware < Linux < Docker; for each instance: container" in text
    assert "for each instance: QEMU < guest system < program" in text


def test_lines_that_nobody_could_tell_apart_are_one():
    one, other = [(1.0, 100.0), (2.0, 200.0)], [(1.0, 100.1), (2.0, 199.9)]
    assert charts.lines("t", "x", "y", {"a": one, "b": other, "c": [(1.0, 5.0), (2.0, 5.0)]}).text.count("\n") == 2


@pytest.mark.parametrize("top", [0.001, 0.3, 1, 7, 99, 100, 101, 12345, 1e9])
def test_an_axis_is_long_enough_and_not_much_longer(top):
    marks = charts.ticks(top)
    assert marks[0] == 0 and marks[-1] >= top * 0.999999 and marks[-1] <= 2 * top and 3 <= len(marks) <= 6


def test_pictures_are_written(capsys, tmp_path):
    assert run(capsys, f"compare --svg {tmp_path}")[0] == run(capsys, f"fleet --svg {tmp_path}")[0] == 0
    for name in ("stacks", "start", "memory", "growth", "density", "requests", "servers-containers", "serving"):
        ElementTree.fromstring((tmp_path / f"{name}.svg").read_text("utf-8"))


def test_the_check_shows_the_models_errors(capsys):
    code, out, _ = run(capsys, "compare --check")
    assert code == 0 and "outside 25%: 0" in out


def test_a_calibration_changes_the_figures_and_is_named(capsys, tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"source": "my laptop", "date": "2026-11", "values": {"boot.engine": 1000}}))
    code, out, _ = run(capsys, f"compare --calibrate {file} --sources")
    assert code == 0 and str(file) in out and "my laptop" in out and "1,102" in out


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("compare --instances 0", "instances must be at least 1"),
        ("compare --instances two", "whole numbers"),
        ("compare --image nope", "no image 'nope'"),
        ("compare --vm-memory 64m", "needs 176 MiB, not 64"),
        ("compare --machines abacus", "unknown machine 'abacus'"),
        ("compare --budget much", "invalid size"),
        ("compare --calibrate /dev/null", "Expecting value"),
        ("fleet --servers 0", "servers must be"),
        ("fleet --uplink -1", "uplink must be more than 0"),
        ("fleet --to nope", "no image 'nope'"),
    ],
)
def test_bad_questions_are_told(capsys, line, text):
    code, _, err = run(capsys, line)
    assert code == 2 and text in err


def test_files_that_cannot_be_written_are_told(capsys, tmp_path):
    code, _, err = run(capsys, f"compare --json {tmp_path}/no/such/file")
    assert code == 1 and "No such file" in err


def test_the_fleet_shows_density_failure_and_change_and_is_the_same_again(capsys):
    code, out, _ = run(capsys, "fleet --servers 50 --programs 20")
    assert code == 0 and out == run(capsys, "fleet --servers 50 --programs 20")[1]
    for wanted in ("a server each", "virtual machines", "containers", "by hand", "httpd becomes nginx", "no source"):
        assert wanted in out


def test_a_bad_release_is_stopped_by_its_health_gate(capsys):
    assert run(capsys, "fleet --bad")[1].count("stopped by its health gate") == 2


def test_pictures_of_the_model_speak_korean(monkeypatch):
    monkeypatch.setenv("GLASSDOCK_LANG", "ko")
    found = compare(Question("redis", (1, 8), ("type1", "type2", "container", "hyperv")), book())
    for picture in comparison.pictures(found).values():
        assert "가상 머신" in picture.text
        assert not re.search(r"hardware|container|guest system|user space", picture.text)
