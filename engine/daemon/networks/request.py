"""What clients send to make a network, and what is wrong with it (moby, api/types/network/ipam.go; bridge driver)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_address, ip_interface

from engine.api.decode import option
from engine.daemon.networks.addresses import Subnet
from engine.errors import InvalidParameter, System

PREFIX = "com.docker.network."
BRIDGE_NAME, ICC, MASQUERADE, HOST_BINDING, MTU = (
    f"{PREFIX}bridge.name", f"{PREFIX}bridge.enable_icc", f"{PREFIX}bridge.enable_ip_masquerade",
    f"{PREFIX}bridge.host_binding_ipv4", f"{PREFIX}driver.mtu",
)  # fmt: skip
NAME_LENGTH = 15  # of a network interface (IFNAMSIZ without its zero)
TRUE, FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")  # Go's ParseBool


@dataclass(frozen=True, slots=True)
class IPAMConfig:
    """One subnet; "" for what the client leaves open."""

    subnet: str = option("", omit_empty=True)
    ip_range: str = option("", name="IPRange", omit_empty=True)
    gateway: str = option("", omit_empty=True)
    aux_addresses: Mapping[str, str] | None = option(name="AuxiliaryAddresses", omit_empty=True)


@dataclass(frozen=True, slots=True)
class IPAM:
    driver: str = "default"
    options: Mapping[str, str] | None = None
    config: tuple[IPAMConfig, ...] | None = None


@dataclass(frozen=True, slots=True)
class ConfigReference:
    network: str = ""


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """NetworkCreateRequest."""

    name: str = ""
    driver: str = ""
    scope: str = ""
    enable_ipv4: bool | None = option(name="EnableIPv4")
    enable_ipv6: bool | None = option(name="EnableIPv6")
    ipam: IPAM | None = option(name="IPAM")
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    config_only: bool = False
    config_from: ConfigReference | None = None
    options: Mapping[str, str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def check_ipam(ipam: IPAM | None, enable_ipv6: bool) -> None:
    """Raises InvalidParameter that tells all mistakes."""
    mistakes = [text for config in (ipam.config if ipam else None) or () for text in _mistakes(config, enable_ipv6)]
    if mistakes:
        raise InvalidParameter(f"invalid network config:\n{joined(mistakes)}")


def joined(mistakes: list[str]) -> str:
    """Several errors in one text (moby, internal/multierror)."""
    if len(mistakes) == 1:
        return mistakes[0].strip()
    return "* " + "\n* ".join(text.replace("\n", "\n\t") for text in mistakes)


def _mistakes(config: IPAMConfig, enable_ipv6: bool) -> Iterator[str]:
    try:
        written = ip_interface(config.subnet) if "/" in config.subnet else None
    except ValueError:
        written = None
    if written is None:
        yield f"invalid subnet {config.subnet}: invalid CIDR block notation"
        return
    subnet = written.network
    if subnet.version == 6 and not enable_ipv6:
        return
    if written.ip != subnet.network_address:
        yield f"invalid subnet {config.subnet}: it should be {subnet}"
    if config.ip_range:
        yield from _range_mistakes(config.ip_range, subnet)
    if config.gateway and (wrong := _wrong_address(config.gateway, subnet)):
        yield f"invalid gateway {config.gateway}: {wrong}"
    for name, address in (config.aux_addresses or {}).items():
        if wrong := _wrong_address(address, subnet):
            yield f"invalid auxiliary address {name}: {wrong}"


def _range_mistakes(text: str, subnet: Subnet) -> Iterator[str]:
    try:
        written = ip_interface(text) if "/" in text else None
    except ValueError:
        written = None
    if written is None:
        yield f"invalid ip-range {text}: invalid CIDR block notation"
        return
    part = written.network
    if part.version != subnet.version:
        yield f"invalid ip-range {text}: parent subnet is an IPv{subnet.version} block"
        return
    if part.prefixlen < subnet.prefixlen:
        yield f"invalid ip-range {text}: CIDR block is bigger than its parent subnet {subnet}"
    if written.ip != part.network_address:
        yield f"invalid ip-range {text}: it should be {part}"
    if not _shares(part, subnet):
        yield f"invalid ip-range {text}: parent subnet {subnet} doesn't contain ip-range"


def _shares(one: Subnet, other: Subnet) -> bool:
    return one.network_address <= other.broadcast_address and other.network_address <= one.broadcast_address  # type: ignore[operator]


def _wrong_address(text: str, subnet: Subnet) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return "invalid address"
    if address.version != subnet.version:
        return f"parent subnet is an IPv{subnet.version} block"
    return "" if address in subnet else f"parent subnet {subnet} doesn't contain this address"


def is_ipv4(text: str) -> bool:
    return ":" not in text


# -- options of the bridge driver


def check_options(options: Mapping[str, str]) -> None:
    """Raises InvalidParameter for a value that the bridge driver cannot read, System for a name that is too long."""
    if len(options.get(BRIDGE_NAME, "")) > NAME_LENGTH:
        raise System("numerical result out of range")
    for label, value in options.items():
        if (check := _CHECKS.get(label)) is not None and (reason := check(value)):
            raise InvalidParameter(f"failed to parse {label} value: {value} ({reason})")


def truth(options: Mapping[str, str], label: str, default: bool) -> bool:
    return options[label] in TRUE if label in options else default


def _not_boolean(value: str) -> str:
    return "" if value in (*TRUE, *FALSE) else f'strconv.ParseBool: parsing "{value}": invalid syntax'


def _not_integer(value: str) -> str:
    if value.isdecimal():
        return ""
    return (
        "MTU number must be positive"
        if value[:1] == "-" and value[1:].isdecimal()
        else (f'strconv.Atoi: parsing "{value}": invalid syntax')
    )


def _not_ipv4(value: str) -> str:
    try:
        IPv4Network(value)
    except ValueError:
        return "nil ip"
    return ""


_CHECKS: dict[str, Callable[[str], str]] = {
    ICC: _not_boolean, MASQUERADE: _not_boolean, MTU: _not_integer, HOST_BINDING: _not_ipv4,
    f"{PREFIX}bridge.default_bridge": _not_boolean, f"{PREFIX}bridge.inhibit_ipv4": _not_boolean,
}  # fmt: skip
