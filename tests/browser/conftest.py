"""JupyterLab as `glassdock lab` starts it, and Chromium on it, offline.

GLASSDOCK_CHROMIUM names the browser's program; else one on the PATH is taken. Without either, tests marked `browser`
are skipped; with the variable set they never are. GLASSDOCK_PICTURES=FOLDER keeps the pictures that the tests take.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from classroom.workbook import lab as lab_command
from classroom.workbook.folder import PRIVATE

sys.path.insert(0, str(Path(__file__).parent))  # axe.py and visiting.py, beside the tests
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars"]  # fmt: skip
# All cells in the page, whether they are in sight or not.
SETTINGS = {"notebook-extension/tracker": '{"windowingMode": "none"}'}
CONFIG = "c.LabApp.expose_app_in_browser = True\n"  # so that a test can ask the page's program how far it is
WORKSPACE = f"{PRIVATE}/workspaces/{lab_command.WORKSPACE}"
READY = 60  # seconds


def pytest_collection_modifyitems(items):
    if chromium() is None:
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="no Chromium here"))


def chromium() -> str | None:
    return os.environ.get("GLASSDOCK_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Lab:
    """A JupyterLab that runs: its address with a slash, its token, the learner's folder."""

    base: str
    token: str
    folder: Path

    layout: str

    def at(self, path: str) -> str:
        """Where JupyterLab shows a file as a learner sees it for the first time: no tabs are open from before."""
        (self.folder / WORKSPACE).write_text(self.layout)
        return f"{self.base}lab/tree/{path}?token={self.token}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """`glassdock lab`, with nothing of this computer's own Jupyter in it."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "glassdock-workbook"
    for name, text in SETTINGS.items():
        path = folder / f"{PRIVATE}/settings/@jupyterlab/{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (home / "config").mkdir()
    (home / "config/jupyter_lab_config.py").write_text(CONFIG)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY"))}
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"),
                    "JUPYTER_DATA_DIR": str(home / "data"), "IPYTHONDIR": str(home / "ipython")}  # fmt: skip
    command = [sys.executable, "-m", "engine.cli", "lab", "--no-browser", "--lang", "en"]
    with (home / "errors").open("w") as errors:
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True,
                                  start_new_session=True, cwd=Path(__file__).parents[2])  # fmt: skip
    try:
        said = [server.stdout.readline() for _ in range(3)]
        assert said[0].split(None, 2)[2].strip() == str(folder), (said, (home / "errors").read_text())
        base, _, token = said[1].split()[1].partition("lab/tree/en/contents.md?token=")
        await_server(server, f"{base}api?token={token}")
        yield Lab(base, token, folder, (folder / WORKSPACE).read_text())
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def await_server(server: subprocess.Popen, address: str) -> None:
    until = time.monotonic() + READY
    while True:
        assert server.poll() is None and time.monotonic() < until
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except urllib.error.URLError:
            time.sleep(0.05)


@dataclass
class Outside:
    """Addresses that a page asked for and that are not this computer's."""

    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")  # it runs an event loop of its own in this thread: other tests must not meet it
def browser():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=READY * 1000)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def axe(browser):
    """The accessibility checker that this browser brings."""
    from axe import Axe

    return Axe(browser)


@pytest.fixture
def outside():
    return Outside()


@pytest.fixture
def page(browser, outside, request):
    """A page that cannot leave this computer. `request.param`: light or dark."""
    scheme = getattr(request, "param", "light")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)

    def guard(route):
        if route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:", "file:")):
            route.continue_()
        else:
            outside.asked.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    context.set_default_timeout(READY * 1000)
    yield context.new_page()
    context.close()


@pytest.fixture
def keep(page):
    """Keep a picture of the page for docs/, if asked to."""

    def shoot(name: str) -> None:
        if folder := os.environ.get("GLASSDOCK_PICTURES"):
            page.screenshot(path=Path(folder) / name)

    return shoot


@pytest.fixture(scope="session")
def address():
    """Where `glassdock playground` says that it is."""
    command = [sys.executable, "-m", "engine.cli", "playground", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    yield re.search(r"http://\S+", server.stdout.readline())[0]
    server.terminate()
    server.wait(20)


@pytest.fixture
def visitor(page):
    from visiting import Visitor

    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
    yield Visitor(page)
    assert page.errors == []
