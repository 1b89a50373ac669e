"""`--security-opt`: what may be said, and what it means (moby, daemon/daemon_unix.go: parseSecurityOpt)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.daemon.config import HostConfig
from engine.errors import InvalidParameter

UNCONFINED, BUILTIN = "unconfined", "builtin"
TRUE, FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")


@dataclass(frozen=True, slots=True)
class Security:
    """`seccomp`: "" the built-in profile, "unconfined", or a profile as JSON. `apparmor`: a profile's name or ""."""

    no_new_privileges: bool = False
    seccomp: str = ""
    apparmor: str = ""


def parse(host: HostConfig) -> Security:
    """Raises InvalidParameter."""
    found: dict[str, str] = {}
    for option in host.security_opt or ():
        if option in ("no-new-privileges", "disable"):
            found[option] = "true"
            continue
        name, separator, value = option.partition("=" if "=" in option else ":")
        if not separator:
            raise InvalidParameter(f'invalid --security-opt 1: "{option}"')
        if name not in ("label", "apparmor", "seccomp", "no-new-privileges", "writable-cgroups"):
            raise InvalidParameter(f'invalid --security-opt 2: "{option}"')
        if name in ("no-new-privileges", "writable-cgroups") and value not in TRUE + FALSE:
            raise InvalidParameter(f'invalid --security-opt 2: "{option}"')
        found[name] = value
    seccomp = found.get("seccomp", "")
    return Security(
        found.get("no-new-privileges", "false") in TRUE,
        "" if seccomp == BUILTIN else seccomp,
        found.get("apparmor", ""),
    )


def check_profile(seccomp: str) -> None:
    """A profile is read when the container starts. Raises InvalidParameter."""
    if seccomp in ("", UNCONFINED):
        return
    try:
        document = json.loads(seccomp)
    except ValueError:
        from engine.api.body import parse_json

        try:
            parse_json(seccomp.encode())
        except InvalidParameter as error:
            reason = error.message.removeprefix("invalid JSON: ")
            raise InvalidParameter(f"Decoding seccomp profile failed: {reason}") from None
        return
    if not isinstance(document, dict):
        raise InvalidParameter("Decoding seccomp profile failed: json: cannot unmarshal value into Go value")
