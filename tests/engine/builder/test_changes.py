"""`docker commit --change` and `docker import --change`: instructions on a configuration."""

from __future__ import annotations

import pytest

from engine.builder.changes import apply_changes
from engine.errors import InvalidParameter

BASE = {"Env": ["PATH=/bin", "A=1"], "Cmd": ["sh"], "WorkingDir": "/srv", "Labels": {"a": "b"}}


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ("CMD echo hi", "Cmd", ["/bin/sh", "-c", "echo hi"]),
        ('CMD ["echo", "hi"]', "Cmd", ["echo", "hi"]),
        ('ENTRYPOINT ["/run"]', "Entrypoint", ["/run"]),
        ("ENV A=2 B=$A", "Env", ["PATH=/bin", "A=2", "B=1"]),
        ("ENV C the rest", "Env", ["PATH=/bin", "A=1", "C=the rest"]),
        ("EXPOSE 80 53/udp 7000-7001", "ExposedPorts", {p: {} for p in ("53/udp", "7000/tcp", "7001/tcp", "80/tcp")}),
        ('LABEL x="y z" a=c', "Labels", {"a": "c", "x": "y z"}),
        ("USER ann:staff", "User", "ann:staff"),
        ("VOLUME /a /b", "Volumes", {"/a": {}, "/b": {}}),
        ("WORKDIR sub/../dir", "WorkingDir", "/srv/dir"),
        ("WORKDIR /abs", "WorkingDir", "/abs"),
        ("STOPSIGNAL SIGINT", "StopSignal", "SIGINT"),
        ("ONBUILD RUN x", "OnBuild", ["RUN x"]),
        ("HEALTHCHECK --interval=5s CMD true", "Healthcheck", {"Test": ["CMD-SHELL", "true"], "Interval": 5 * 10**9}),
        ("HEALTHCHECK NONE", "Healthcheck", {"Test": ["NONE"]}),
    ],
)
def test_a_change_is_made(change, name, value):
    before = {key: list(item) if isinstance(item, list) else item for key, item in BASE.items()}
    assert apply_changes(BASE, [change])[name] == value
    assert before == BASE, "what was given is left alone"


def test_changes_come_one_after_the_other():
    assert apply_changes(BASE, ["WORKDIR a", "WORKDIR b", "CMD x", 'CMD ["y"]'])["WorkingDir"] == "/srv/a/b"
    assert "Cmd" not in apply_changes(BASE, ['ENTRYPOINT ["e"]']), "the old command was not meant for it"
    assert apply_changes(BASE, ['CMD ["c"]', 'ENTRYPOINT ["e"]'])["Cmd"] == ["c"]
    assert apply_changes(BASE, []) == BASE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("RUN x", "run is not a valid change command"),
        ("FROM x", "from is not a valid change command"),
        ("NONSENSE", "nonsense is not a valid change command"),
        ("ENV a", "ENV must have two arguments"),
        ("EXPOSE x", "invalid containerPort: x"),
        ("EXPOSE 80/ip", "invalid proto: ip"),
        ("STOPSIGNAL NEVER", "invalid signal: NEVER"),
        ("WORKDIR", "WORKDIR requires exactly one argument"),
        ("ENV a=${b", "failed to process \"${b\": syntax error: missing '}'"),
        ("# nothing", "file with no instructions"),
    ],
)
def test_a_wrong_change_is_refused(change, message):
    with pytest.raises(InvalidParameter) as caught:
        apply_changes(BASE, [change])
    assert caught.value.message == message
