// The page: brings its parts and the session together.

import { Browser } from "./browser.js";
import { Faults } from "./faults.js";
import { Files } from "./files.js";
import { Glass } from "./glass.js";
import { connect } from "./link.js";
import { Terminal } from "./terminal.js";
import { Tour } from "./tour.js";
import { LANGUAGES, speak, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const PANELS = ["terminal", "glass", "files", "browser"];
const NARROW = matchMedia("(max-width: 820px)");
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

let session;
let language = chosenLanguage();
let opened = false; // this page began with a link
let link = ""; // of the session as it is now
let sharing = false; // the link is wanted as soon as it is there

const send = (message) => session?.send(message);
const terminal = new Terminal(send);
const glass = new Glass(send);
const files = new Files(send, () => show("files"));
const browser = new Browser(send, () => show("browser"));
const front = () => NARROW.matches && show("terminal"); // on a narrow page the terminal's side may be hidden
const tour = new Tour((line) => {
  front();
  terminal.offer(line);
}, front);
const faults = new Faults((line) => terminal.run(line), send, front);

function chosenLanguage() {
  const wanted = [new URLSearchParams(location.search).get("lang"), localStorage.getItem("glassdock-language"), navigator.language.slice(0, 2)];
  return wanted.find((each) => LANGUAGES.includes(each)) ?? "en";
}

// -- the session

const HEARD = {
  ready(message) {
    terminal.reset();
    glass.ready(message.views);
    files.again();
  },
  out: (message) => terminal.write(message.text),
  mode(message) {
    terminal.turn(message.mode, message.prompt);
    faults.turn(message.mode);
  },
  typed: (message) => terminal.offer(message.text + terminal.element.value),
  state(message) {
    glass.state(message);
    files.state(message);
    browser.state(message);
    faults.state(message);
    $("undo").disabled = message.steps.length === 0;
    history.replaceState(null, "", message.steps.length > 0 ? `#${message.link}` : location.pathname + location.search);
    link = `${location.origin}${location.pathname}#${message.link}`;
    if (sharing) copy();
    if (opened) notice(word("opened").replace("{count}", message.steps.length));
    opened = false;
  },
  view: (message) => glass.show(message),
  completions: (message) => terminal.completed(message),
  page: (message) => browser.arrived(message),
  file: (message) => files.opened(message),
  edit: (message) => files.edit(message.path),
  story: (message) => tour.tell(message.steps),
  notebook: (message) => download(message.name, message.text, "application/x-ipynb+json"),
  problem(message) {
    opened = false;
    notice(`${word(`problem-${message.what}`)}: ${message.text}`);
  },
};

function begin() {
  notice("");
  const begun = location.hash.slice(1);
  opened = begun !== "";
  session = connect(
    (message) => HEARD[message.is]?.(message),
    (why) => {
      session = undefined;
      notice(word(why), word("go-on"), begin);
    },
  );
  send({ do: "hello", lang: language, motion: !CALM.matches, link: begun });
  send({ do: "resize", rows: terminal.rows, columns: terminal.columns });
}

/** A word to the learner, perhaps with something to do about it. */
function notice(text, label, act) {
  $("notice").textContent = text;
  if (label === undefined) return;
  const button = document.createElement("button");
  button.textContent = label;
  button.addEventListener("click", act);
  $("notice").append(" ", button);
}

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// -- what can be pressed

$("undo").addEventListener("click", () => send({ do: "undo", lines: 1 }));
$("restart").addEventListener("click", () => {
  if (confirm(word("sure-restart"))) send({ do: "restart" });
});
$("notebook").addEventListener("click", () => send({ do: "notebook" }));
$("share").addEventListener("click", () => {
  sharing = true;
  send({ do: "shared" });
});

async function copy() {
  sharing = false;
  try {
    await navigator.clipboard.writeText(link);
    notice(word("shared"));
  } catch {
    notice(word("shared-here")); // no permission for the clipboard
  }
}

$("language").addEventListener("change", () => {
  localStorage.setItem("glassdock-language", $("language").value);
  translate($("language").value);
  send({ do: "language", lang: language });
});
$("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  theme(dark === "dark" ? "light" : "dark");
});

function theme(name) {
  document.documentElement.dataset.theme = name;
  localStorage.setItem("glassdock-theme", name);
}

function translate(chosen) {
  language = chosen;
  speak(chosen);
  $("language").value = chosen;
  terminal.translate();
  glass.buttons();
  browser.offer(browser.ports);
  tour.draw();
  faults.draw();
}

/** Bring a panel to the front. On a wide page the terminal is always there. */
function show(panel) {
  document.body.dataset.panel = panel;
  const front = panel === "terminal" && !NARROW.matches ? "glass" : panel;
  for (const name of PANELS) {
    const chosen = name === front;
    $(`tab-${name}`).setAttribute("aria-selected", String(chosen));
    $(`tab-${name}`).tabIndex = chosen ? 0 : -1;
    if (name !== "terminal") $(name).hidden = !chosen;
  }
  if (panel === "browser" && browser.here === undefined && browser.ports.length > 0)
    browser.go(`http://localhost:${browser.ports[0]}/`);
  if (panel === "terminal") terminal.element.focus();
}

for (const tab of document.querySelectorAll('[role="tab"]')) {
  tab.addEventListener("click", () => show(tab.dataset.panel));
  tab.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const tabs = [...document.querySelectorAll('[role="tab"]')].filter((each) => each.offsetParent !== null);
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length];
    show(next.dataset.panel);
    next.focus();
  });
}
function toCommand(event) {
  event.preventDefault();
  front();
  terminal.element.focus();
}
addEventListener("keydown", (event) => {
  if (event.key === "F6" && !event.defaultPrevented) toCommand(event);
});
document.querySelector(".skip").addEventListener("click", toCommand); // the address's # is the session's
addEventListener("hashchange", () => send({ do: "open", link: location.hash.slice(1) }));
NARROW.addEventListener("change", () => show(document.body.dataset.panel));

const kept = localStorage.getItem("glassdock-theme");
if (kept !== null) theme(kept);
translate(language);
show("terminal");
begin();
