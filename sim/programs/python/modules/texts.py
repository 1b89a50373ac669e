"""json, csv, io, logging, traceback, pprint: the library's, but for what writes to files or asks for the clock."""

from __future__ import annotations

import csv as library_csv
import io as library_io
import json as library_json
import pprint as library_pprint
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sim.programs.python import errors
from sim.programs.python.calling import call
from sim.programs.python.objects import Lent

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Table = dict[str, Any]


def json(machine: Machine) -> Table:
    def dump(value: Any, file: Any, **options: Any) -> Any:
        return file.write(library_json.dumps(value, **options))

    async def load(file: Any, **options: Any) -> Any:
        return library_json.loads(await call(machine, file.read, (), {}), **options)

    return {"dumps": library_json.dumps, "loads": library_json.loads, "JSONDecodeError": library_json.JSONDecodeError,
            "dump": dump, "load": load}  # fmt: skip


def csv(machine: Machine) -> Table:
    names = ("reader", "writer", "DictReader", "DictWriter", "QUOTE_ALL", "QUOTE_MINIMAL", "QUOTE_NONNUMERIC", "Error")
    return {name: getattr(library_csv, name) for name in names}


def io(machine: Machine) -> Table:
    return {"StringIO": library_io.StringIO, "BytesIO": library_io.BytesIO}


def pprint(machine: Machine) -> Table:
    def show(value: Any, *_: Any, **options: Any) -> Any:
        return machine.out.write(library_pprint.pformat(value, **options) + "\n")

    return {"pprint": show, "pp": show, "pformat": library_pprint.pformat}


def traceback(machine: Machine) -> Table:
    def format_exc(*_: Any) -> str:
        return errors.traceback_text(machine, machine.handling[-1]) if machine.handling else "NoneType: None\n"

    return {"format_exc": format_exc, "print_exc": lambda *_, **__: machine.err.write(format_exc())}


LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
BASIC = "%(levelname)s:%(name)s:%(message)s"


class Settings:
    """What basicConfig set, for all loggers."""

    def __init__(self) -> None:
        self.level, self.format, self.dates, self.file = 30, BASIC, "%Y-%m-%d %H:%M:%S,%f", None


class Logger(Lent):
    """logging.Logger, in the measure in which tutorials use it: levels, names, one format, one stream."""

    def __init__(self, machine: Machine, settings: Settings, name: str) -> None:
        self._machine, self._settings, self.name = machine, settings, name
        self.level = 0

    def setLevel(self, level: int | str) -> None:
        self.level = LEVELS[level] if isinstance(level, str) else level

    def isEnabledFor(self, level: int) -> bool:
        return level >= (self.level or self._settings.level)

    async def log(self, level: int, message: Any, *args: Any, exc_info: bool = False, **_: Any) -> None:
        if not self.isEnabledFor(level):
            return
        now = datetime.fromtimestamp(self._machine.proc.now() / 1e9, UTC)
        dates = self._settings.dates
        stamp = now.strftime(dates)[:-3] if dates.endswith("%f") else now.strftime(dates)
        name = next((name for name, number in LEVELS.items() if number == level), f"Level {level}")
        text = str(message) % args if args else str(message)
        line = self._settings.format % {"levelname": name, "name": self.name, "message": text, "asctime": stamp,
                                        "process": self._machine.proc.pid, "filename": "", "lineno": 0}  # fmt: skip
        more = errors.traceback_text(self._machine, self._machine.handling[-1]) if (
            exc_info and self._machine.handling) else ""  # fmt: skip
        target = self._settings.file or self._machine.err
        await call(self._machine, target.write, (f"{line}\n{more}",), {})

    def debug(self, message: Any, *args: Any, **more: Any) -> Any:
        return self.log(10, message, *args, **more)

    def info(self, message: Any, *args: Any, **more: Any) -> Any:
        return self.log(20, message, *args, **more)

    def warning(self, message: Any, *args: Any, **more: Any) -> Any:
        return self.log(30, message, *args, **more)

    def error(self, message: Any, *args: Any, **more: Any) -> Any:
        return self.log(40, message, *args, **more)

    def critical(self, message: Any, *args: Any, **more: Any) -> Any:
        return self.log(50, message, *args, **more)

    def exception(self, message: Any, *args: Any) -> Any:
        return self.log(40, message, *args, exc_info=True)


def logging(machine: Machine) -> Table:
    settings = Settings()
    root = Logger(machine, settings, "root")
    loggers: dict[str, Logger] = {}

    def get_logger(name: str | None = None) -> Logger:
        return root if not name else loggers.setdefault(name, Logger(machine, settings, name))

    def basic_config(*, level: int | str = 30, format: str = BASIC, datefmt: str | None = None, stream: Any = None,
                     **_: Any) -> None:  # fmt: skip
        settings.level = LEVELS[level] if isinstance(level, str) else level
        settings.format, settings.dates, settings.file = format, datefmt or settings.dates, stream

    words = ("debug", "info", "warning", "error", "critical", "exception", "log")
    return dict(LEVELS) | {name: getattr(root, name) for name in words} | {
        "getLogger": get_logger, "basicConfig": basic_config, "Logger": Logger,
    }  # fmt: skip
