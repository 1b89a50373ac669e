"""Contexts: names for daemons, kept as docker keeps them, so that both find each other's.

    DOCKER_CONFIG/contexts/meta/SHA256-OF-NAME/meta.json        one context
    DOCKER_CONFIG/config.json                                   currentContext

Beside "default" our own two hosts are always there, "sim" and "real". Texts: docker/cli 28.2, cli/context/store.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.addresses import default_address
from engine.client import configfile
from engine.client.context import Failure

NAME = r"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$"
DEFAULT = "default"
OURS = ("sim", "real")


@dataclass(frozen=True, slots=True)
class Known:
    """A context. `host`: its daemon's address."""

    name: str
    description: str
    host: str


class Contexts:
    """Those of one configuration folder, and which of them is in use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Known]:
        """By name, as `docker context ls` has them: "default" first."""
        ours = [Known(DEFAULT, "Current DOCKER_HOST based configuration", daemon())]
        ours += [Known(name, f"Glassdock's {name} host", default_address(name)) for name in OURS]
        files = (self._folder / "contexts" / "meta").glob("*/meta.json")
        made = [_known(json.loads(file.read_text("utf-8"))) for file in files]
        return ours + sorted(made, key=lambda each: each.name)

    def find(self, name: str) -> Known:
        """Raises Failure."""
        for each in self.all():
            if each.name == name:
                return each
        path = self.place("meta", name) / "meta.json"
        raise Failure(f'context "{name}": context not found: open {path}: no such file or directory')

    def create(self, name: str, description: str, host: str) -> None:
        """Raises Failure for a name that cannot be given."""
        if name == DEFAULT:
            raise Failure(f'"{DEFAULT}" is a reserved context name')
        if not re.match(NAME, name):
            raise Failure(f'context name "{name}" is invalid, names are validated against regexp "{NAME}"')
        if any(each.name == name for each in self.all()):
            raise Failure(f'context "{name}" already exists')
        about = {"Description": description} if description else {}
        endpoint = {"Host": host, "SkipTLSVerify": False}
        folder = self.place("meta", name)
        folder.mkdir(parents=True)
        document = {"Name": name, "Metadata": about, "Endpoints": {"docker": endpoint}}
        (folder / "meta.json").write_text(json.dumps(document), "utf-8")

    def remove(self, name: str) -> None:
        """Raises Failure."""
        if name in (DEFAULT, *OURS):
            raise Failure(f'context "{name}" cannot be removed')
        if not self.place("meta", name).is_dir():
            raise Failure(f'context "{name}" does not exist')
        shutil.rmtree(self.place("meta", name))

    def place(self, kind: str, name: str) -> Path:
        """The folder that is one context's: of its "meta" or "tls"."""
        return self._folder / "contexts" / kind / sha256(name.encode()).hexdigest()

    # -- which is in use

    @property
    def current(self) -> str:
        """DOCKER_CONTEXT, unless DOCKER_HOST says where; else what was chosen last."""
        if os.environ.get("DOCKER_HOST"):
            return DEFAULT
        return str(os.environ.get("DOCKER_CONTEXT") or self._config().get("currentContext") or DEFAULT)

    def use(self, name: str) -> None:
        """Raises Failure for one that is not there."""
        self.find(name)
        config = {key: value for key, value in self._config().items() if key != "currentContext"}
        config |= {} if name == DEFAULT else {"currentContext": name}
        configfile.write(self._folder, config)

    def _config(self) -> dict[str, Any]:
        try:
            return configfile.read(self._folder)
        except (OSError, ValueError):
            return {}


def daemon() -> str:
    """Whom the default context means: DOCKER_HOST, or our own simulated host."""
    return os.environ.get("DOCKER_HOST") or default_address("sim")


def _known(document: Mapping[str, Any]) -> Known:
    about, endpoints = document.get("Metadata") or {}, document.get("Endpoints") or {}
    return Known(document["Name"], about.get("Description", ""), (endpoints.get("docker") or {}).get("Host", ""))
