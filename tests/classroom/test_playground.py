"""A learner sits at the playground's page: what is sent to the session, and what comes back."""

import base64
import json
import re
from collections import deque
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.playground import entries
from classroom.playground.entries import Entry, Story
from classroom.playground.guide import CHECKS
from classroom.playground.guide_words import WORDS
from classroom.playground.pace import Closed
from classroom.playground.session import Session

CTRL_C, CTRL_D = "\x03", "\x04"
AGAIN = 3


class Page:
    """A page with somebody patient in front of it: the next message comes when the session waits for one.

    That is: for ever, or for some time and again (no time passes for the test), or has looked `patience` times.
    """

    def __init__(self, root: Path) -> None:
        self.heard: list[dict] = []
        self._messages: deque = deque()
        self._hasty = 0  # so many of the next messages come as soon as the session looks
        self._patience = self._looks = self._waits = 0
        self._root = root

    def wait(self, seconds):
        self._looks += seconds == 0
        self._waits += bool(seconds)
        wanted = seconds is None or self._waits > AGAIN or self._looks == self._patience
        if self._messages and (self._hasty or wanted):
            self._looks = self._waits = 0
            self._hasty = max(0, self._hasty - 1)
            return self._messages.popleft()
        if seconds is None:
            raise Closed
        return None

    def play(self, *messages, link="", hasty=0, patience=0):
        """A whole visit: hello, the messages, and the page is closed. Lines may be given as text."""
        hello = {"do": "hello", "lang": "en", "motion": False, "link": link}
        self._messages.extend([hello, *(line(each) if isinstance(each, str) else each for each in messages)])
        self._hasty, self._patience = hasty, patience
        self.heard.clear()
        Session(self, self.heard.append, self._root).run()
        return self

    def all(self, kind):
        return [message for message in self.heard if message["is"] == kind]

    @property
    def text(self):
        return "".join(message["text"] for message in self.all("out")).replace("\r\n", "\n")

    @property
    def state(self):
        return self.all("state")[-1]

    @property
    def modes(self):
        return [message["mode"] for message in self.all("mode")]


def line(text):
    return {"do": "line", "text": text, "rows": 24, "columns": 80}


def keys(text):
    return {"do": "keys", "text": text}


def look(view, step=-1, name=""):
    return {"do": "look", "view": view, "step": step, "name": name}


def save(path, text):
    return {"do": "save", "path": path, "text": text}


def get(port, path="/", number=1):
    return {"do": "get", "id": number, "port": port, "path": path}


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "GLASSDOCK_LANG"):
        monkeypatch.setenv(name, "")
    return Page(tmp_path)


# -- the terminal


def test_a_command_prints_and_leaves_a_prompt_a_state_and_a_picture(page):
    page.play("docker run --name hello hello-world")
    assert "~ $ docker run --name hello hello-world\n" in page.text
    assert "Hello from Docker!" in page.text
    assert page.modes[-2:] == ["busy", "line"]
    assert [(each["name"], each["state"]) for each in page.state["containers"]] == [("hello", "exited")]
    assert page.all("view")[-1]["svg"].startswith("<svg")


def test_keys_go_to_the_program_that_has_the_terminal(page):
    page.play("docker run -it --name box alpine sh", keys("echo $((6*7))\r"), keys("exit 3\r"), "echo left with $?")
    assert "\n42\n" in page.text
    assert page.text.rstrip().endswith("left with 3")
    assert page.modes.count("keys") == 1


def test_what_is_typed_ahead_goes_to_whoever_reads_next(page):
    page.play("docker run -it alpine sh", "echo one", "exit", "echo two", hasty=4)
    assert re.search(r"/ # echo one\s+one\s", page.text)
    assert re.search(r"\$ echo two\s+two\s", page.text)


def test_what_is_typed_too_late_for_a_program_waits_at_the_prompt(page):
    page.play("docker run -it alpine sh", keys("exit\r"), keys("docker version\rdocker p"))
    assert "API version:" in page.text
    assert page.all("typed")[-1]["text"] == "docker p"


def test_the_program_is_told_the_terminals_size_and_when_it_changes(page):
    resize = {"do": "resize", "rows": 30, "columns": 101}
    page.play("docker run -it alpine sh", keys("stty size\r"), resize, keys("stty size\r"), keys("exit\r"))
    assert "\n24 80\n" in page.text
    assert "\n30 101\n" in page.text


def test_a_program_that_fills_the_screen_does_so_before_it_is_told_the_size(page):
    page.play("docker run -it --rm alpine top", keys("q"))
    assert page.text.split("\x1b[H\x1b[J")[1].startswith("Mem: ")


def test_detaching_leaves_the_container_running(page):
    page.play("docker run -it --name box alpine sh", keys("\x10"), keys("\x11"), "docker ps --format {{.Names}}")
    assert page.text.rstrip().endswith("box")
    assert page.modes[-1] == "line"


def test_a_program_without_a_terminal_gets_lines_and_an_end(page):
    page.play("docker run -i alpine cat -n", keys("one\r"), keys("two\r"), keys(CTRL_D), "echo over")
    assert "one\n     1\tone\ntwo\n     2\ttwo\n" in page.text
    assert "text" in page.modes
    assert page.text.rstrip().endswith("over")


def test_a_question_is_answered_by_typing(page):
    page.play("docker volume create data", "docker volume prune -a", keys("y\r"), "docker volume ls -q")
    assert "[y/N] y\n" in page.text
    assert "data" not in page.text.rpartition("docker volume ls -q")[2]


@pytest.mark.parametrize(
    "endless",
    [
        "docker logs -f web",
        "docker stats",
        "docker events",
        "docker run -d redis; docker wait web",
        "while true; do docker ps -q; sleep 1; done",
        "while true; do true; done",
        "while true; do echo again; done",
        "sh -c 'while true; do echo again; done'",
        "yes",
    ],
)
def test_ctrl_c_ends_what_has_no_end(page, endless):
    link = page.play("docker run -d --name web nginx").state["link"]
    page.play(endless, keys(CTRL_C), "echo still here", link=link, patience=300)
    assert page.text.rstrip().endswith("still here")


def test_ctrl_c_is_a_signal_for_a_program_without_a_terminal(page):
    page.play("docker run --rm alpine ping example.com", keys(CTRL_C), "echo status $?")
    assert "packets transmitted" in page.text
    assert len(re.findall("64 bytes", page.text)) >= 29  # half a minute passes quickly, then as it does outside
    assert page.text.rstrip().endswith("status 0")


def test_a_flood_does_not_drown_the_page(page):
    page.play("yes", keys(CTRL_C), "echo still here", patience=300)
    assert len(page.text) < 1_100_000
    assert page.text.rstrip().endswith("still here")


def test_progress_bars_are_for_the_screen_and_not_for_a_pipe(page):
    page.play("docker pull alpine", "docker pull busybox | tail -1", "docker pull debian > log; wc -l < log")
    first, second = page.text.split("docker pull busybox | tail -1")
    assert "Downloading [" in first
    assert "Downloading [" not in second
    assert "docker.io/library/busybox:latest" in second


# -- the folder


def test_plain_commands_and_docker_share_one_folder_and_see_nothing_else(page, tmp_path):
    (tmp_path / "secret").write_text("of the computer")
    page.play(
        "mkdir site && cp index.html site/ && ls -R", "cat ../secret", f"ls {tmp_path}", "cd site; ls", "docker build ."
    )
    assert "./site:\nindex.html" in page.text
    assert "of the computer" not in page.text
    assert f"ls {tmp_path}\nhome\n" in page.text
    assert "~/site $ docker build ." in page.text
    assert {"Dockerfile", "index.html", "site/", "site/index.html"} <= set(page.state["files"])


def test_the_folder_one_is_in_can_be_removed(page):
    page.play("mkdir a; cd a", "echo $PWD; rm -r ../a", "ls")
    assert page.text.count("/home/a\n") == 1
    assert page.text.endswith("~ $ ls\nDockerfile\nindex.html\n")


def test_files_are_edited_and_built(page):
    page.play(
        "edit notes.txt", {"do": "read", "path": "notes.txt"}, save("notes.txt", "두 줄\n"),
        {"do": "read", "path": "notes.txt"}, save("Dockerfile", "FROM alpine\nCOPY notes.txt /\nCMD cat notes.txt\n"),
        "docker build -qt notes . && docker run --rm notes",
    )  # fmt: skip
    assert page.all("edit") == [{"is": "edit", "path": "notes.txt"}]
    assert [each["text"] for each in page.all("file")] == ["", "두 줄\n"]
    assert page.text.rstrip().endswith("두 줄")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "", "a/../../x", "x\0y", ".", "x/", "x" * 500])
def test_no_message_reads_or_writes_outside_of_the_folder(page, tmp_path, path):
    before = sorted(tmp_path.rglob("*"))
    page.play({"do": "read", "path": path}, save(path, "mine"))
    assert [each["what"] for each in page.all("problem")] == ["file", "file"]
    assert page.all("file") == []
    assert sorted(each for each in tmp_path.rglob("*") if "home" not in each.parts) == before


# -- behind the glass


def test_every_view_of_every_moment_can_be_drawn(page):
    views = ("flow", "layers", "life", "processes", "kernel", "network", "timeline")
    lines = ["docker run -d --name web nginx", "docker pause web", "docker rm -f web"]
    page.play(*lines, *(look(view, step) for view in views for step in range(4)))
    shown = {(each["view"], each["step"]): each for each in page.all("view")}
    assert all(shown[view, step]["svg"].startswith("<svg") for view in views for step in range(4))
    assert "now: running" in shown["life", 1]["text"]
    assert "now: paused" in shown["life", 2]["text"]
    assert "nginx: master process" in shown["processes", 1]["text"]
    assert "web" not in shown["processes", 3]["text"]
    assert "docker run -d" in shown["timeline", 1]["text"]
    assert "unshare" in shown["kernel", 1]["text"] or "clone" in shown["kernel", 1]["text"]


def test_looking_in_the_midst_of_a_program_shows_it(page):
    page.play("docker run -it --name box alpine sh", look("processes"), keys("exit\r"))
    assert any("pid namespace of box" in each["text"] for each in page.all("view"))


def test_a_published_port_is_a_page_and_a_copied_file_changes_it(page):
    page.play(
        "docker run -d --name web -p 8080:80 nginx", get(8080), save("index.html", "<h1>New</h1>"),
        "docker cp index.html web:/usr/share/nginx/html/", get(8080, "/index.html", 2), get(8080, "/none", 3),
        get(81, "/", 4),
    )  # fmt: skip
    pages = {each["id"]: each for each in page.all("page")}
    assert page.state["ports"] == [8080]
    assert [pages[number]["status"] for number in (1, 2, 3, 4)] == [200, 200, 404, 0]
    assert b"Welcome to nginx!" in base64.b64decode(pages[1]["body"])
    assert base64.b64decode(pages[2]["body"]) == b"<h1>New</h1>"


def test_something_can_be_broken_and_healed(page):
    page.play({"do": "fault", "name": "hub.down", "value": True}, "docker pull alpine", {"do": "heal"},
              "docker pull -q alpine", {"do": "fault", "name": "gravity", "value": 1})  # fmt: skip
    assert page.all("state")[1]["faults"]["hub.down"] is True
    assert page.state["images"] == ["alpine:latest"]
    assert page.all("problem")[-1]["what"] == "fault"


def test_what_is_broken_by_a_command_is_a_step_that_can_be_undone_and_shared(page):
    page.play("glassdock fault hub.down=true disk.free=0", "docker pull alpine")
    assert "hub.down             true\ndisk.free            0\n~ $" in page.text
    assert "no such host" in page.text
    assert page.state["steps"][0]["line"] == "glassdock fault hub.down=true disk.free=0"
    link, broken = page.state["link"], page.state["faults"]
    assert page.play(link=link).state["faults"] == broken
    assert page.play({"do": "undo", "lines": 2}, link=link).state["faults"]["hub.down"] is False


def test_a_fault_is_healed_or_refused_in_plain_words(page):
    page.play("docker run -d --name web nginx", "glassdock fault --oom web", "docker ps -a --format {{.Status}}",
              "glassdock fault clock.skew=1", "glassdock fault --heal", "glassdock fault gravity=1",
              "glassdock fault what", "glassdock fault -H tcp://127.0.0.1:1 | head -1")  # fmt: skip
    assert "Exited (137)" in page.text
    assert page.state["faults"]["clock.skew"] == 0
    assert "unknown fault 'gravity'; there are hub.down" in page.text
    assert "a change is NAME=VALUE" in page.text
    assert page.text.endswith("hub.down             false\n")  # this engine's, whatever -H says


def test_a_login_is_kept_in_the_learners_folder_wherever_docker_keeps_its_own(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "elsewhere"))
    page.play("docker login -u student", keys("hidden\r"), "docker login", "docker logout")
    assert page.text.count("Login Succeeded") == 2
    assert "Authenticating with existing credentials" in page.text
    assert "Removing login credentials" in page.text
    assert not (tmp_path / "elsewhere").exists()


def test_a_password_is_not_shown_and_not_in_links_or_notebooks(page):
    page.play("docker login -u student", keys("hidden\r"), {"do": "notebook"})
    assert "secret" in page.modes
    assert "hidden" not in page.text + str(page.heard)
    (said,) = [entry for entry in entries.read(page.state["link"]).entries if entry.kind == "secret"]
    assert said.values[1] == "******\n"
    assert "Login Succeeded" in page.play(link=page.state["link"]).text


def test_in_a_notebook_the_lab_breaks_things(page):
    page.play("glassdock fault hub.corrupt=library/nginx disk.free=0", "glassdock fault --heal", {"do": "notebook"})
    cells = json.loads(page.all("notebook")[-1]["text"])["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert "lab.fault('hub.corrupt', ['library/nginx'])\nlab.fault('disk.free', 0)" in sources
    assert "lab.heal()" in sources


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("dock", ["docker"]),
        ("glassdock f", ["fault"]),
        ("glassdock fault disk.free=0 hub.d", ["hub.down="]),
        ("docker ru", ["run"]),
        ("docker network ins", ["inspect"]),
        ("docker run --cap-", ["--cap-add", "--cap-drop"]),
        ("docker stop w", ["web"]),
        ("docker ps && docker rm -f w", ["web"]),
        ("docker run --rm hel", ["hello-world"]),
        ("docker run --network br", ["bridge"]),
        ("docker rmi ng", ["nginx"]),
        ("docker cp ind", ["index.html"]),
        ("cat Dock", ["Dockerfile"]),
        ("docker nonsense x", []),
    ],
)
def test_tab_completes_commands_options_names_and_files(page, text, options):
    page.play("docker run -d --name web nginx", {"do": "complete", "id": 5, "text": text, "at": len(text)})
    offered = page.all("completions")[-1]
    assert (offered["id"], offered["options"]) == (5, options)
    assert text[: offered["start"]] + (options or [text[offered["start"] :]])[0] != ""


# -- back, and again


def ids(page):
    return page.text.rpartition("docker ps")[2]


SHOW = "docker ps -aq --no-trunc; docker images -q --no-trunc; docker ps --format '{{.CreatedAt}} {{.Status}}'; ls -l"
WORK = [
    "docker run -d --name web -p 80:80 nginx", save("Dockerfile", "FROM nginx\nCOPY index.html /\n"), get(80),
    "docker exec -it web sh", keys("echo made > /made\rsleep 2\r"), keys("exit\r"), "echo note > note.txt",
    "docker build -t mine . ; docker run -d mine", "docker logs -f web", keys(CTRL_C),
]  # fmt: skip


def test_a_link_brings_the_same_session_to_somebody_else(page):
    first = page.play(*WORK, SHOW)
    shown, link, now = first.text.rpartition("docker ps -aq")[2], first.state["link"], first.state["now"]
    again = page.play(link=link)
    assert again.text.rpartition("docker ps -aq")[2] == shown
    assert (again.state["link"], again.state["now"]) == (link, now)
    assert len(link) < 700


def test_undo_brings_back_what_was_there_files_and_ids(page):
    begun = entries.write(Story(7))
    first = page.play(*WORK, SHOW, link=begun).text.rpartition("docker ps -aq")[2]
    back = {"do": "undo", "lines": 1}
    undone = page.play(*WORK, "docker rm -f $(docker ps -q); rm note.txt", back, SHOW, link=begun)
    assert undone.text.rpartition("docker ps -aq")[2] == first
    assert [step["line"] for step in undone.state["steps"]][-2:] == ["docker logs -f web", SHOW]


def test_a_link_into_a_running_program_goes_on_there(page):
    link = page.play("docker run -it --name box alpine sh", keys("cd /etc\r"), {"do": "shared"}).state["link"]
    again = page.play(keys("pwd\r"), keys("exit\r"), "echo out", link=link)
    assert "\n/etc\n" in again.text
    assert again.text.rstrip().endswith("out")


def test_undo_takes_back_the_program_that_runs(page):
    page.play("docker pull -q alpine", "docker run -it --name box alpine sh", {"do": "undo", "lines": 1})
    assert page.modes[-1] == "line"
    assert page.state["containers"] == []
    assert page.state["images"] == ["alpine:latest"]


def test_a_new_session_is_another_computer(page):
    page.play("docker run -d redis", {"do": "restart"}, "docker run -d redis")
    made = re.findall(r"^[0-9a-f]{64}$", page.text, re.M)
    assert len(set(made)) == 2
    assert len(page.state["steps"]) == 1


@pytest.mark.parametrize(
    "text", ["docker run alpine ping example.com", "while true; do docker ps; done", "yes", "docker run -it alpine sh"]
)
def test_a_strangers_endless_commands_come_to_an_end(page, text, monkeypatch):
    monkeypatch.setattr("classroom.playground.pace.REPLAY", 1.0)
    link = entries.write(Story(1, (Entry("line", (text, 24, 80)), Entry("line", ("echo after", 24, 80)))))
    assert page.play(link=link).text.rstrip().endswith("after")


def test_a_damaged_link_is_told_of_and_a_new_session_begins(page):
    page.play("echo well", link="1.abcdef")
    assert page.all("problem")[0]["what"] == "link"
    assert page.text.rstrip().endswith("well")


# -- the tour and the notebook


def test_the_tour_is_walked_step_by_step(page):
    page.play(
        "docker run hello-world", "docker run -d --name web nginx", "docker exec -it web sh", keys("hostname\rexit\r"),
        look("layers"), save("Dockerfile", "FROM nginx\nCOPY index.html /usr/share/nginx/html/\n"),
        "docker build -t mysite .", "docker run -d -p 8080:80 --name site mysite", get(8080),
        save("index.html", "<h1>Mine</h1>\n"), "docker cp index.html site:/usr/share/nginx/html/", get(8080, "/", 2),
        "docker rm -f site", {"do": "undo", "lines": 1}, {"do": "shared"},
    )  # fmt: skip
    done = [[step["key"] for step in each["steps"] if step["done"]] for each in page.all("story")]
    assert done == [list(CHECKS)[:count] for count in range(11)]


def test_the_tour_speaks_both_languages(page):
    page.play({"do": "language", "lang": "ko"})
    english, korean = (each["steps"] for each in page.all("story"))
    assert [step["key"] for step in english] == list(CHECKS) == list(WORDS)
    assert all(re.search("[가-힣]", step["title"] + step["text"]) for step in korean)
    assert not any(re.search("[가-힣]", step["title"] + step["text"]) for step in english)


def test_the_session_goes_on_in_a_notebook(page):
    nbformat = pytest.importorskip("nbformat")
    page.play("docker run -it alpine sh", keys("ls\rexit\r"), save("a.txt", "a\n"), "docker ps", {"do": "notebook"})
    notebook = nbformat.reads(page.all("notebook")[0]["text"], as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0] == "%load_ext classroom"
    assert code[-3:] == ["!docker run -it alpine sh", "%%writefile a.txt\na", "!docker ps"]


# -- messages of no page of ours

HOSTILE = [
    7, [], {}, {"do": 1}, {"do": "exec"}, {"do": "line"}, {"do": "line", "text": 1, "rows": 2, "columns": 3},
    {"do": "line", "text": "x" * 200_000, "rows": 2, "columns": 3},
    {"do": "look", "view": "../x", "step": 0, "name": ""},
    {"do": "undo", "lines": True}, {"do": "get", "id": 1, "port": "80", "path": "/"}, {"do": "language", "lang": "tlh"},
    {"do": "complete", "id": 1, "text": "docker", "at": None}, {"do": "fault", "value": 1},
]  # fmt: skip


@pytest.mark.parametrize("message", HOSTILE)
def test_a_message_that_does_not_fit_is_refused_and_the_session_goes_on(page, message):
    page.play(message, "echo well")
    assert page.all("problem")[0]["what"] == "message"
    assert page.text.rstrip().endswith("well")


def test_nothing_happens_before_hello(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = Page(tmp_path)
    page._messages.append(line("docker ps"))
    Session(page, page.heard.append, tmp_path).run()
    assert [each["is"] for each in page.heard] == ["problem"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELD = st.sampled_from(
    ["text", "rows", "columns", "view", "step", "name", "path", "id", "at", "lines", "port", "value"]
)
DO = st.sampled_from(["keys", "resize", "complete", "look", "get", "read", "save", "fault", "undo", "typed", "shared"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(lambda do, rest: {**rest, "do": do}, DO, st.dictionaries(FIELD, JSON)), max_size=8))
def test_no_sequence_of_odd_messages_ends_the_session(page, messages):
    page.play(*messages, "echo well")
    assert "internal" not in [each["what"] for each in page.all("problem")]
    assert "\nwell\n" in page.text
    json.dumps(page.heard)
