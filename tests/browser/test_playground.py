"""A learner opens the playground in a browser: the tour, the keyboard, a telephone, two languages; nothing is sent."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

STEPS = 10
# Relative luminance and contrast: WCAG 2.2, 1.4.3. Every text that is seen, against the colour that lies behind it.
FAINT = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((x) => x / 255)
    .map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, at) => sum + x * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest('svg, .hidden, [hidden], :disabled') || element.offsetParent === null) continue;
    const [ink, paper] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (contrast < 4.5) found.push(`${element.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return found;
}"""
# Everything that can be used has a name, ids are unique, and what a name points to is there.
NAMELESS = """() => {
  const seen = (element) => element.offsetParent !== null;
  const name = (element) => element.getAttribute('aria-label') || element.textContent.trim() || element.title
    || [...(element.labels ?? [])].map((label) => label.textContent.trim()).join(' ');
  const found = [...document.querySelectorAll('button, input, select, textarea, iframe, [role], section, [tabindex]')]
    .filter((element) => seen(element) && !name(element)
      && !document.getElementById(element.getAttribute('aria-labelledby'))?.textContent.trim()
      && !['status', 'option'].includes(element.getAttribute('role')) && element.id !== 'picture')
    .map((element) => element.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll('body [id]')].map((element) => element.id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  const lost = ['aria-controls', 'aria-labelledby', 'aria-describedby']
    .flatMap((name) => [...document.querySelectorAll(`[${name}]`)].map((element) => element.getAttribute(name)))
    .filter((id) => id && !document.getElementById(id));
  return [...found, ...twice, ...lost];
}"""

PASTE = """text => {
  const data = new DataTransfer();
  data.setData('text', text);
  document.getElementById('command').dispatchEvent(
    new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}"""
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>\n'


def edit(visitor, path, text):
    visitor.run(f"edit {path}")
    for _ in range(1200):  # where the keys go, also while the window is not in front
        if visitor.page.evaluate("document.activeElement.id") == "text":
            break
        visitor.page.wait_for_timeout(50)
    else:
        raise AssertionError("the editor did not get the keys")
    expect(visitor.page.locator("#path")).to_have_value(path)
    visitor.page.keyboard.press("Control+a")
    visitor.page.keyboard.insert_text(text)
    visitor.page.keyboard.press("Control+s")
    expect(visitor.page.locator("#saved")).to_have_text(re.compile("."))


def test_the_tour_from_hello_world_to_a_shared_link(visitor, address, outside, keep):
    page = visitor.open(address).page
    visitor.run("docker run hello-world")
    expect(visitor.rows).to_contain_text("Hello from Docker!")
    visitor.done(1)
    visitor.run("docker run -d --name web nginx")
    visitor.done(2)
    keep("playground.png")
    visitor.run("docker exec -it web sh", mode="keys")
    page.keyboard.type("hostname\nexit\n")
    visitor.ready()
    visitor.done(3)
    page.get_by_role("button", name="Layers", exact=True).click()
    visitor.done(4)
    edit(visitor, "Dockerfile", "FROM nginx\nCOPY index.html /usr/share/nginx/html/\n")
    visitor.done(5)
    visitor.run("docker build -t mysite .")
    visitor.done(6)
    visitor.run("docker run -d -p 8080:80 --name site mysite")
    page.get_by_role("tab", name="Browser").click()
    expect(visitor.frame().get_by_role("heading", name="Hello from a container!")).to_be_visible()
    visitor.done(7)
    edit(visitor, "index.html", '<h1>New page</h1><a href="/more.html">more</a><img alt="logo" src="logo.svg">\n')
    edit(visitor, "logo.svg", LOGO)
    edit(visitor, "more.html", "<script>throw 1</script><h1>More</h1><img src='http://example.com/x.png'>\n")
    page.get_by_role("tab", name="Browser").click()
    visitor.run("for f in *.html logo.svg; do docker cp $f site:/usr/share/nginx/html/; done")
    expect(visitor.frame().get_by_role("heading", name="New page")).to_be_visible()
    assert visitor.frame().locator("img").evaluate("image => image.complete && image.naturalWidth") == 9
    visitor.run("docker cp index.html site:/usr/share/nginx/html/")
    visitor.done(8)
    visitor.frame().get_by_role("link", name="more").click()
    expect(visitor.frame().get_by_role("heading", name="More")).to_be_visible()
    assert page.locator("#url").input_value() == "http://localhost:8080/more.html"
    visitor.run("docker rm -f site")
    expect(visitor.frame().get_by_text("This site can't be reached")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    visitor.done(9)
    page.get_by_role("button", name="Share", exact=True).click()
    visitor.done(STEPS)
    visitor.run("docker ps -aq --no-trunc; docker images -q --no-trunc")
    ids = re.findall(r"[0-9a-f]{64}", visitor.rows.inner_text())[-5:]
    link = page.url
    assert len(link) < 2000
    page.goto("about:blank")
    page.goto(link)
    visitor.ready()
    expect(page.locator("#notice")).to_contain_text("commands were done again")
    assert re.findall(r"[0-9a-f]{64}", visitor.rows.inner_text())[-5:] == ids
    assert outside.asked == []


def test_a_terminal_holds_ctrl_c_paste_type_ahead_and_a_new_size(visitor, address, outside):
    page = visitor.open(address).page
    visitor.run("docker run --rm alpine ping example.com", mode="busy")
    expect(visitor.rows).to_contain_text("seq=30")
    page.keyboard.press("Control+c")
    expect(visitor.rows).to_contain_text("packets transmitted")
    visitor.ready()
    page.evaluate(PASTE, "docker run -it --name box alpine sh\necho one two\n")
    expect(visitor.rows).to_contain_text("# echo one two one two", use_inner_text=True)
    visitor.ready("keys")
    columns = page.evaluate("document.getElementById('screen').clientWidth")
    page.keyboard.type("stty size\n")
    expect(visitor.rows).to_contain_text(re.compile(r"stty size\s+\d+ \d+"), use_inner_text=True)
    page.set_viewport_size({"width": 700, "height": 600})
    page.wait_for_function(f"document.getElementById('screen').clientWidth !== {columns}")
    page.keyboard.type("clear; stty size\n")
    expect(visitor.rows).to_contain_text(re.compile(r"\b\d+ [4-8]\d\s+/ # $"), use_inner_text=True)
    page.keyboard.type("exit\n")
    visitor.ready()
    page.evaluate(PASTE, "docker build -t two - <<END\nFROM alpine\nRUN true\nEND")
    page.keyboard.press("Enter")
    expect(visitor.rows).to_contain_text("Successfully tagged two:latest")
    assert outside.asked == []


def test_everything_can_be_done_with_the_keyboard(visitor, address):
    page = visitor.open(address).page
    expect(page.locator("#command")).to_be_focused()
    page.keyboard.type("docker ru")
    page.keyboard.press("Tab")
    expect(page.locator("#command")).to_have_value("docker run ")
    page.keyboard.type("-d --name web ngi")
    page.keyboard.press("Tab")
    expect(page.locator("#command")).to_have_value("docker run -d --name web nginx ")
    page.keyboard.press("Enter")
    expect(page.locator("#step")).to_have_attribute("max", "1")
    visitor.ready()
    expect(page.locator("#said")).to_contain_text("Status: Downloaded newer image")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#command")).to_have_value("docker run -d --name web nginx ")
    page.keyboard.press("Control+c")
    expect(page.locator("#command")).to_have_value("")
    visitor.run("docker exec -it web sh", mode="keys")
    page.keyboard.type("ec")
    page.keyboard.press("Backspace")
    page.keyboard.type("cho left\n")
    expect(visitor.rows).to_contain_text("# echo left left", use_inner_text=True)
    page.keyboard.press("F6")
    expect(page.get_by_role("tab", name="Glass wall")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Files")).to_be_focused()
    expect(page.locator("#files")).to_be_visible()
    page.keyboard.press("F6")
    page.keyboard.press("Control+d")
    visitor.ready()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator("#command")).not_to_be_focused()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"undo", "share", "notebook", "language", "theme", "command", "tab-files", "path", "save", "text"} <= reached


def test_the_past_can_be_looked_at(visitor, address):
    page = visitor.open(address).page
    for line in ("docker run -d --name web nginx", "docker pause web", "docker rm -f web"):
        visitor.run(line)
    page.get_by_role("button", name="Life", exact=True).click()
    page.get_by_role("button", name="In words", exact=True).click()
    page.locator("#step").focus()
    for key, word in (("ArrowLeft", "now: paused"), ("ArrowLeft", "now: running")):
        page.keyboard.press(key)
        expect(page.locator("#words")).to_contain_text(word)
    expect(page.locator("#moment")).to_contain_text("1/3")
    page.keyboard.press("End")
    expect(page.locator("#moment")).to_contain_text("Now")


@pytest.mark.parametrize(
    ("lang", "menu", "fault", "heal"),
    [("en", "Break something", "The disk is full", "Make all well again"),
     ("ko", "고장 내기", "디스크가 가득 찼어요", "모두 고치기")],
)  # fmt: skip
def test_something_is_broken_by_the_menu_undone_and_healed(visitor, address, keep, lang, menu, fault, heal):
    page = visitor.open(address, lang=lang).page
    page.get_by_role("button", name=menu).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#fault-buttons button").first).to_be_focused()
    button = page.get_by_role("button", name=fault)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    expect(page.locator("#moment")).to_contain_text("glassdock fault disk.free=0")
    visitor.run("docker pull alpine")
    expect(visitor.rows).to_contain_text("no space left on device")
    keep(f"playground-fault-{lang}.png")
    page.locator("#undo").click()
    expect(page.locator("#step")).to_have_attribute("max", "1")
    expect(button).to_have_attribute("aria-pressed", "true")
    link = page.url
    page.get_by_role("button", name=heal).click()
    expect(button).to_have_attribute("aria-pressed", "false")
    visitor.run("docker pull -q alpine")
    page.goto("about:blank")
    page.goto(link)
    visitor.ready()
    expect(page.locator("#faults-badge")).to_have_text("1")


def test_a_fault_strikes_while_a_program_runs(visitor, address):
    page = visitor.open(address).page
    visitor.run("docker run -it --rm alpine sh", mode="keys")
    page.get_by_role("button", name="Break something").click()
    page.get_by_role("button", name="No name server answers").click()
    expect(page.locator("#faults-badge")).to_have_text("1")
    page.locator("#command").focus()
    page.keyboard.type("ping -c 1 example.com\n")
    expect(visitor.rows).to_contain_text("bad address")
    page.keyboard.press("Control+d")
    visitor.ready()


def test_a_password_is_typed_unseen(visitor, address):
    page = visitor.open(address).page
    visitor.run("docker login -u student", mode="secret")
    page.keyboard.type("hunter2")
    assert page.locator("#command").evaluate("box => getComputedStyle(box).webkitTextSecurity") == "disc"
    page.keyboard.press("Enter")
    visitor.ready()
    expect(visitor.rows).to_contain_text("Login Succeeded")
    assert "hunter2" not in page.locator("body").inner_text()


def test_the_session_goes_on_in_a_notebook(visitor, address):
    page = visitor.open(address).page
    visitor.run("docker pull -q alpine")
    with page.expect_download() as download:
        page.get_by_role("button", name="Notebook", exact=True).click()
    assert "!docker pull -q alpine" in Path(download.value.path()).read_text("utf-8")


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_text_can_be_read_and_every_thing_has_a_name(visitor, address, lang, request, keep):
    page = visitor.open(address, lang=lang).page
    visitor.run("docker run -d -p 8080:80 --name web nginx")
    visitor.run("docker run --rm -it alpine sh", mode="keys")
    for panel in ("#tab-glass", "#tab-files", "#tab-browser"):
        page.locator(panel).click()
        page.wait_for_timeout(0)
        assert page.evaluate(FAINT) == []
        assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.lang") == lang
    page.locator("#tab-glass").click()
    page.locator("#command").focus()
    page.keyboard.press("Control+d")
    visitor.ready()
    page.locator("[data-view=layers]").click()
    if (lang, request.node.callspec.params["page"]) == ("ko", "dark"):
        expect(page.locator("#picture svg")).to_contain_text("nginx:latest")
        keep("playground-ko.png")


def test_it_fits_on_a_telephone(visitor, address, keep):
    page = visitor.page
    page.set_viewport_size({"width": 360, "height": 740})
    visitor.open(address)
    visitor.run("docker run -d -p 8080:80 --name web nginx")
    for panel in ("terminal", "glass", "files", "browser"):
        page.locator(f"#tab-{panel}").click()
        expect(page.locator(f"#{panel}")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.evaluate(NAMELESS) == []
    expect(visitor.frame().get_by_role("heading", name="Welcome to nginx!")).to_be_visible()
    for part in ("tour", "faults"):  # they lie on the terminal's side, which is hidden now
        page.locator("#tab-files").click()
        expect(page.locator("#terminal")).not_to_be_visible()
        page.locator(f"#show-{part}").click()
        expect(page.locator(f"#{part}")).to_be_visible()
    page.locator("#close-faults").click()
    expect(page.locator("#show-faults")).to_be_focused()
    page.locator("#tab-terminal").click()
    expect(page.locator("#command")).to_be_focused()
    keep("playground-narrow.png")


def test_the_chosen_theme_and_language_stay(visitor, address):
    page = visitor.open(address).page
    page.locator("#language").select_option("ko")
    expect(page.get_by_role("button", name="되돌리기", exact=True)).to_be_visible()
    expect(page.locator("#tour-title")).to_have_text("첫인사")
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(232, 234, 237)"
    page.goto(page.url.partition("?")[0])
    visitor.ready()
    expect(page.get_by_role("button", name="되돌리기", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_session_that_was_lost_goes_on_where_it_was(visitor, address):
    page = visitor.open(address).page
    visitor.run("docker run -d --name web nginx")
    shown = page.locator("#rows").inner_text()
    link = page.url
    page.reload()
    visitor.ready()
    expect(visitor.rows).to_contain_text("docker run -d --name web nginx")
    assert page.url == link
    assert re.findall(r"[0-9a-f]{64}", page.locator("#rows").inner_text()) == re.findall(r"[0-9a-f]{64}", shown)


def test_the_page_has_the_colours_of_the_pictures():
    from classroom.drawing import COLOURS
    from classroom.playground.server import STATIC

    style = (STATIC / "style.css").read_text("utf-8")
    for name, (light, dark) in COLOURS.items():
        assert style.count(f"--{name}: {light};") == 1, name
        assert style.count(f"--{name}: {dark};") == 2, name
