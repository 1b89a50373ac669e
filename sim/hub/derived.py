"""Images that are told from others: the same steps on another base, or with other versions.

Of old tags and variants, which courses name, the catalogue has no records. It says what they are like instead:

    "redis:6": {"estimated": true, "like": "redis:7-bookworm", "created": "2025-10-03T12:00:00Z", "share": 0.97,
                "under": ["debian:bookworm-slim", "alpine:latest"], "env": {"REDIS_VERSION": "6.2.20"},
                "config": {"Volumes": ["/data"]}}

`share`: its own layers weigh so much of the other's; `under`: the base that the other has, and this one's; `env`:
variables with other values; `config`: what else of the configuration is different (these two may be missing).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]
LEAST = 50_000  # bytes: smaller layers stay as they are


def worked_out(images: Mapping[str, Facts]) -> dict[str, Facts]:
    """The catalogue with every entry in full. Raises KeyError for one that is like an unknown one."""
    found: dict[str, Facts] = {}

    def entry(name: str) -> Facts:
        if name not in found:
            facts = images[name]
            if "like" in facts:
                before, after = map(entry, facts["under"])
                facts = _derived(name, facts, entry(facts["like"]), before, after)
            found[name] = facts
        return found[name]

    for name in images:
        entry(name)
    return found


def _derived(name: str, told: Facts, like: Facts, before: Facts, after: Facts) -> Facts:
    env = told.get("env", {})
    own = like["layers"][len(before["layers"]) :]
    layers = [{"published": f"{name.replace(':', '-').replace('/', '-')}-{number}", "size": _share(layer["size"], told)}
              for number, layer in enumerate(own, 1)]  # fmt: skip
    different = told.get("config", {})
    lines = [{**line, "created": told["created"], "created_by": _line(line["created_by"], env, different)}
             for line in like["history"][len(before["history"]) :]]  # fmt: skip
    config = {**like["config"], **different}
    if env:
        config["Env"] = [_variable(line, env) for line in like["config"].get("Env", ())]
    return {"estimated": True, "config": config, "layers": [*after["layers"], *layers],
            "history": [*after["history"], *lines]}  # fmt: skip


def _share(size: int, told: Facts) -> int:
    return size if size < LEAST else int(size * told["share"])


def _variable(line: str, env: Mapping[str, str]) -> str:
    name = line.partition("=")[0]
    return f"{name}={env[name]}" if name in env else line


def _line(created_by: str, env: Mapping[str, str], config: Facts) -> str:
    word, _, rest = created_by.partition(" ")
    if word == "ENV":
        return f"ENV {_variable(rest, env)}"
    if word == "VOLUME" and "Volumes" in config:
        return f"VOLUME [{' '.join(config['Volumes'])}]"
    return created_by
