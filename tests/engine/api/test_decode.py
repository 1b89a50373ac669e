"""JSON to settings and back, with Go's words for what does not fit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.decode import decode, encode
from engine.daemon.config import ContainerConfig, HostConfig, NetworkingConfig
from engine.errors import InvalidParameter


def test_names_match_as_in_go() -> None:
    config = decode(ContainerConfig, {"image": "alpine", "CMD": ["ls"], "StopTimeout": 3, "Nonsense": 1})
    assert (config.image, config.cmd, config.stop_timeout) == ("alpine", ("ls",), 3)


def test_a_command_may_be_a_string() -> None:
    assert decode(ContainerConfig, {"Cmd": "ls", "Entrypoint": ["sh"]}).cmd == ("ls",)


def test_null_leaves_the_default() -> None:
    assert decode(HostConfig, {"Memory": None, "Dns": None}) == HostConfig()


def test_nothing_given_is_the_same_object() -> None:
    assert decode(HostConfig, None) is decode(HostConfig, {})


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"Image": 3}, "cannot unmarshal number into Go struct field ContainerConfig.Image of type string"),
    ({"Tty": "yes"}, "cannot unmarshal string into Go struct field ContainerConfig.Tty of type bool"),
    ({"Env": {}}, "cannot unmarshal object into Go struct field ContainerConfig.Env of type []string"),
    ({"Env": ["A=1", 2]}, "cannot unmarshal number into Go struct field ContainerConfig.Env of type string"),
    ({"Labels": []}, "cannot unmarshal array into Go struct field ContainerConfig.Labels of type map[string]string"),
    (
        {"StopTimeout": 1.5},
        "cannot unmarshal number 1.5 into Go struct field ContainerConfig.StopTimeout of type int64",
    ),
    (
        {"Healthcheck": {"Retries": "many"}},
        "cannot unmarshal string into Go struct field Healthcheck.Healthcheck.Retries of type int64",
    ),
]


@pytest.mark.parametrize(("value", "words"), WRONG)
def test_a_wrong_type_is_told_in_gos_words(value: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParameter) as wrong:
        decode(ContainerConfig, value)
    assert wrong.value.message == f"invalid JSON: json: {words}"


def test_inspect_shows_gos_names_and_leaves_out_what_go_omits() -> None:
    shown = encode(HostConfig())
    assert {"CpuShares", "BlkioDeviceReadIOps", "IOMaximumIOps", "UTSMode", "ContainerIDFile"} <= shown.keys()
    assert "Tmpfs" not in shown and shown["Binds"] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(encode(HostConfig())) + sorted(encode(ContainerConfig())) + ["Mounts", "EndpointsConfig"]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4), st.sampled_from([ContainerConfig, HostConfig]))
def test_whatever_is_sent_is_settings_or_a_refusal(value: dict[str, Any], cls: type[Any]) -> None:
    try:
        settings = decode(cls, value)
    except InvalidParameter as wrong:
        assert wrong.message.startswith("invalid JSON: json: cannot unmarshal")
    else:
        assert encode(decode(cls, encode(settings))) == encode(settings)


def test_networks_are_read() -> None:
    value = {"EndpointsConfig": {"lab": {"Aliases": ["a"], "IPAMConfig": {"IPv4Address": "10.0.0.9"}}, "none": None}}
    config = decode(NetworkingConfig, value)
    lab = config.endpoints_config["lab"]
    assert lab is not None and lab.ipam_config is not None
    assert (lab.aliases, lab.ipam_config.ipv4_address) == (("a",), "10.0.0.9")
    assert config.endpoints_config["none"] is None
