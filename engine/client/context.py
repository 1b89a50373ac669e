"""What every command is given: the daemon, the console, and the ways in which docker says that something failed."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.client import configfile
from engine.client.connection import Api, ApiError, CannotConnect
from engine.client.console import Console


class Failure(Exception):
    """Say this on standard error and end with this code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class Context:
    api: Api
    console: Console
    name: str = "default"  # the docker context's
    config: Path = field(default_factory=lambda: Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"))

    def each(self, names: Iterable[str], act: Callable[[str], Any], quiet: bool = False) -> int:
        """Do one thing to many objects, as rm and stop do: each name printed, each refusal told, exit code 1 if any."""
        failed = 0
        for name in names:
            try:
                act(name)
                if not quiet:
                    self.console.out(name)
            except ApiError as error:
                self.console.err(f"Error response from daemon: {error}")
                failed = 1
        return failed

    def confirm(self, question: str) -> bool:
        """Ask on the terminal; anything but y is no."""
        self.console.write(1, f"{question} [y/N] ".encode())
        answer = self.console.read().decode(errors="replace").strip().lower()
        return answer in ("y", "yes")

    def credentials(self, server: str) -> dict[str, str]:
        """What `docker login` kept for a registry: {"username", "password", "serveraddress"} or {}."""
        try:
            kept = configfile.read(self.config)["auths"][server]["auth"]
            user, _, password = base64.b64decode(kept).decode().partition(":")
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {"username": user, "password": password, "serveraddress": server}

    def registry_auth(self, reference: str) -> dict[str, str]:
        """The X-Registry-Auth header for an image's registry."""
        first = reference.split("/")[0]
        server = first if "/" in reference and ("." in first or ":" in first or first == "localhost") else HUB
        packed = json.dumps(self.credentials(server), separators=(",", ":")).encode()
        return {"X-Registry-Auth": base64.urlsafe_b64encode(packed).decode()}


HUB = "https://index.docker.io/v1/"


def filters(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, bool]]:
    """--filter words as the API takes them: {"status": {"exited": true}}"""
    found: dict[str, dict[str, bool]] = {}
    for key, value in pairs:
        found.setdefault(key, {})[value] = True
    return found


__all__ = ["HUB", "ApiError", "CannotConnect", "Context", "Failure", "filters"]
