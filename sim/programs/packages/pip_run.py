"""One run of pip: its options, its environment, and its way to the index with all that it says on it."""

from __future__ import annotations

from hashlib import sha256

from sim.abi import Proc
from sim.programs.options import Options
from sim.programs.packages.fetching import Downloads, Unconnected, Unresolved
from sim.programs.packages.laying import make_directories
from sim.programs.packages.pip_environment import Environment
from sim.programs.packages.pip_resolve import Choice, Project

INDEX = "https://pypi.org/simple"
FRESH = 4  # redirected tries of a connection
ROOT = """\
WARNING: Running pip as the 'root' user can result in broken permissions and conflicting behaviour with the system \
package manager, possibly rendering your system unusable. It is recommended to use a virtual environment instead: \
https://pip.pypa.io/warnings/venv. Use the --root-user-action option if you know what you are doing and want to \
suppress this warning.
"""


class Stop(Exception):
    """Ends pip with what is said on standard error."""


class Run:
    """One command line of pip."""

    def __init__(self, proc: Proc, options: Options, words: list[str], environment: Environment) -> None:
        self.proc, self.options, self.words, self.environment = proc, options, words, environment
        self._downloads = Downloads(proc, "pip")
        self._caching = "no-cache-dir" not in options and proc.env.get("PIP_NO_CACHE_DIR", "") in ("", "0", "off")

    async def say(self, text: str) -> None:
        if "q" not in self.options:
            await self.proc.out(text + "\n")

    def own_version(self) -> str:
        own = Environment.of(self.proc).installed(self.proc).get("pip")
        return own.version if own else ""

    async def look(self, name: str) -> Project:
        """The page of a project; an empty one if there is none, or no way to it."""
        data = await self._get(f"{INDEX}/{name}/")
        return Project.parse(name, data, self.environment.tag) if data is not None else Project(name)

    async def metadata(self, project: Project, version: str) -> bytes:
        file = project.files[version]
        data, cached = await self._cached(file["url"] + ".metadata")
        shown = _size(len(data))
        await self.say(f"  {'Using cached' if cached else 'Downloading'} {file['filename']}.metadata ({shown})")
        return data

    async def wheel(self, choice: Choice) -> bytes:
        began = self.proc.now()
        data, cached = await self._cached(choice.file["url"])
        await self.say(f"{'Using cached' if cached else 'Downloading'} {choice.file['filename']} ({_size(len(data))})")
        if len(data) > 512 * 1024 and not cached:
            seconds = max((self.proc.now() - began) / 1e9, 0.001)
            whole, unit = _size(len(data)).split()
            await self.say(
                f"   {'━' * 40} {whole}/{whole} {unit} {_size(len(data) / seconds)}/s  0:00:{int(seconds):02}"
            )
        return data

    async def _cached(self, url: str) -> tuple[bytes, bool]:
        """The bytes, and whether they came from the cache. Raises Stop."""
        key = sha256(url.encode()).hexdigest()
        home = self.proc.env.get("HOME", "/root")
        path = f"{home}/.cache/pip/http-v2/{'/'.join(key[:5])}/{key}.body"
        if self._caching and self.proc.access(path, 4):
            return self.proc.read_file(path), True
        data = await self._get(url)
        if data is None:
            raise Stop(f"ERROR: HTTP error 404 while getting {url}")
        if self._caching:
            make_directories(self.proc, path.rpartition("/")[0])
            self.proc.write_file(path, data)
        return data, False

    async def _get(self, url: str) -> bytes | None:
        """Several tries, as pip makes them; None if there is nothing, or nobody."""
        for left in range(FRESH, -2, -1):
            try:
                got = await self._downloads.get(url)
                return got.data if got.status == 200 else None
            except (Unresolved, Unconnected) as failure:
                if left >= 0:
                    await self._warn(failure, url, left)
                    await self.proc.sleep(0.25 * 2 ** (FRESH - left) if left < FRESH else 0)
        return None

    async def _warn(self, failure: Unresolved | Unconnected, url: str, left: int) -> None:
        path = "/" + url.partition("://")[2].partition("/")[2]
        host = url.partition("://")[2].partition("/")[0]
        connection = f"HTTPSConnection(host='{host}', port=443)"
        if isinstance(failure, Unresolved):
            words = f"[Errno {failure.number}] {failure.words}"
            why = f"NameResolutionError(\"{connection}: Failed to resolve '{host}' ({words})\")"
        else:
            words = f"[Errno {failure.error.errno}] {failure.error.strerror}"
            why = f"NewConnectionError('{connection}: Failed to establish a new connection: {words}')"
        text = (f"WARNING: Retrying (Retry(total={left}, connect=None, read=None, redirect=None, status=None)) "
                f"after connection broken by {why!r}: {path}\n")  # fmt: skip
        await self.proc.err(text.replace("\\'", "'"))


def _size(size: float) -> str:
    """As pip says sizes.

    >>> _size(640), _size(3200), _size(104_000), _size(16_600_000)
    ('640 bytes', '3.2 kB', '104 kB', '16.6 MB')
    """
    if size > 1_000_000:
        return f"{size / 1_000_000:.1f} MB"
    if size > 10_000:
        return f"{int(size / 1000)} kB"
    return f"{size / 1000:.1f} kB" if size > 1000 else f"{int(size)} bytes"
