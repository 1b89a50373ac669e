"""Build arguments: what ARG declares, what `--build-arg` says, and who sees what (moby, dockerfile/buildargs.go)."""

from __future__ import annotations

from collections.abc import Container, Mapping

Values = Mapping[str, str | None]  # None: declared without a value
PREDEFINED = (
    "ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip


class BuildArguments:
    """Of one build. `given`: by `--build-arg`. A stage begins with none declared; those before FROM are for FROM."""

    def __init__(self, given: Values) -> None:
        self._given = given
        self._before_from: dict[str, str | None] = {}
        self._declared: dict[str, str | None] = {}
        self._used: set[str] = set()

    def begin_stage(self) -> None:
        self._declared = {}

    def declare(self, name: str, default: str | None, before_from: bool = False) -> None:
        """ARG."""
        self._used.add(name)
        (self._before_from if before_from else self._declared)[name] = default

    def for_from(self) -> dict[str, str]:
        """What FROM sees."""
        return self._values(self._before_from)

    def for_step(self, environment: Container[str]) -> dict[str, str]:
        """What the instructions of a stage see beside its environment, which counts more."""
        return {name: value for name, value in self._values(self._declared).items() if name not in environment}

    def recorded(self, values: Mapping[str, str]) -> list[str]:
        """Those that a RUN is known by in the cache: not the proxies, unless they were declared."""
        return sorted(
            f"{name}={value}" for name, value in values.items() if name in self._declared or name not in PREDEFINED
        )

    def unused(self) -> list[str]:
        """Given, but never declared."""
        return sorted(name for name in self._given if name not in self._used and name not in PREDEFINED)

    def _values(self, declared: Values) -> dict[str, str]:
        names = dict.fromkeys((*declared, *PREDEFINED))
        return {name: value for name in names if (value := self._value(name, declared)) is not None}

    def _value(self, name: str, declared: Values) -> str | None:
        if (given := self._given.get(name)) is not None:
            return given
        if (default := declared.get(name)) is not None:
            return default
        return self._before_from.get(name)
