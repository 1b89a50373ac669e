// The terminal: draws a Screen, and is typed into. At the prompt the line is edited here; while a program has the
// terminal, every key goes to it.

import { Screen } from "./screen.js";
import { word } from "./words.js";

const KEYS = {
  Enter: "\r", Backspace: "\x7f", Tab: "\t", Escape: "\x1b", ArrowUp: "\x1b[A", ArrowDown: "\x1b[B",
  ArrowRight: "\x1b[C", ArrowLeft: "\x1b[D", Home: "\x1b[H", End: "\x1b[F", Delete: "\x1b[3~", PageUp: "\x1b[5~",
  PageDown: "\x1b[6~", Insert: "\x1b[2~",
}; // prettier-ignore
const HINTS = { line: "hint-line", busy: "hint-busy", keys: "hint-keys", text: "hint-text", secret: "hint-secret" };
const LINES = ["text", "secret"]; // modes in which whole lines go to a program
const TABLE = 100; // columns that a line may have before it is wrapped
const SPOKEN = 1500; // letters of a command's output that are read aloud
const PAUSE = 600; // milliseconds without output after which a program has answered

const $ = (id) => document.getElementById(id);

export class Terminal {
  /** `send(message)` is the way to the session. */
  constructor(send) {
    this.send = send;
    this.screen = new Screen();
    [this.rows, this.columns] = [24, 80];
    this.screen.reply = (keys) => this.send({ do: "keys", text: keys });
    this.mode = "busy";
    this.history = [];
    this.at = 0;
    this.asked = 0;
    this.leaving = false; // Escape was pressed: Tab leaves the terminal
    this.unspoken = "";
    this.answering = false; // keys have gone to a program since it was last heard
    this.element = $("command");
    this.listen();
    new ResizeObserver(() => this.measure()).observe($("screen"));
    this.measure();
  }

  listen() {
    const box = this.element;
    $("prompt").addEventListener("submit", (event) => event.preventDefault());
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("input", (event) => this.typed(event));
    box.addEventListener("compositionend", () => this.typed({}));
    box.addEventListener("paste", (event) => this.paste(event));
    $("screen").addEventListener("mouseup", () => {
      if (String(getSelection()) === "") box.focus({ preventScroll: true });
    });
    $("interrupt").addEventListener("click", () => {
      this.sendKeys("\x03");
      box.focus();
    });
  }

  // -- from the session

  write(text) {
    this.screen.write(text);
    this.unspoken = (this.unspoken + text).slice(-20000);
    this.speakSoon();
    this.drawSoon();
  }

  reset() {
    this.screen.reset();
    this.unspoken = "";
    this.drawSoon();
  }

  turn(mode, prompt) {
    const before = this.mode;
    this.mode = mode;
    document.body.dataset.mode = mode;
    this.fitScreen();
    $("before").textContent = mode === "line" ? prompt : "";
    $("keys-hint").textContent = word(HINTS[mode]);
    $("interrupt").hidden = mode === "line";
    this.answering = mode === "keys" || LINES.includes(mode); // how a program greets
    if (mode === "keys" && before !== "keys") this.element.value = "";
    this.choose([]);
    if (mode === "line" && before !== "line") this.speak();
    else this.speakSoon();
    this.drawSoon();
  }

  /** The words of the language have changed. */
  translate() {
    $("keys-hint").textContent = word(HINTS[this.mode]);
  }

  /** Put a command at the prompt, for the learner to press Enter. */
  offer(text) {
    if (this.mode !== "line") return;
    this.element.value = text;
    this.fit();
    this.element.focus();
  }

  /** A command as if it had been typed. */
  run(text) {
    if (this.mode === "line") this.submit(text);
  }

  /** A screen reader hears what a command has printed when it is done, and what a program answers to keys, no more. */
  speakSoon() {
    if (!this.answering || this.mode === "line") return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      this.answering = false;
      this.speak();
    }, PAUSE);
  }

  speak() {
    clearTimeout(this.soon);
    const plain = new Screen(500, 500);
    plain.write(this.unspoken);
    this.unspoken = "";
    $("said").textContent = plain.text.trim().slice(-SPOKEN);
  }

  // -- drawing

  drawSoon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const rows = $("rows");
    const { screen } = this;
    const follows = $("screen").scrollHeight - $("screen").scrollTop - $("screen").clientHeight < 60;
    if (screen.gone === Infinity) rows.replaceChildren();
    const from = rows.children.length;
    for (let row = from; row < screen.lines.length; row += 1) {
      rows.append(document.createElement("div"));
      screen.changed.add(row);
    }
    if (this.cursorRow !== undefined) screen.changed.add(this.cursorRow);
    this.cursorRow = this.mode === "line" ? undefined : screen.row;
    if (this.cursorRow !== undefined) screen.changed.add(this.cursorRow);
    for (const row of screen.changed) if (row < screen.lines.length) this.drawRow(rows.children[row], row);
    screen.changed.clear();
    screen.gone = 0;
    // at the prompt, the line on which the cursor waits is the one that is edited
    const last = rows.lastElementChild;
    if (this.hiddenRow !== undefined) this.hiddenRow.hidden = false;
    this.hiddenRow = last ?? undefined;
    if (last) last.hidden = this.mode === "line" && screen.column === 0 && screen.row === screen.lines.length - 1;
    this.placeInput();
    if (!follows) return;
    $("screen").scrollTop = $("screen").scrollHeight;
    if (document.activeElement === this.element) this.element.scrollIntoView({ block: "nearest" }); // on a low page
  }

  drawRow(element, row) {
    const pieces = this.screen.runs(row).map(([look, text]) => {
      if (look === "") return document.createTextNode(text);
      const span = document.createElement("span");
      span.className = look;
      span.textContent = text;
      return span;
    });
    element.replaceChildren(...pieces);
    if (row === this.cursorRow && this.screen.cursor) {
      const mark = document.createElement("i");
      mark.className = "cursor";
      mark.style.left = `${this.screen.column}ch`;
      element.append(mark);
    }
  }

  /** While a program has the terminal, the box that takes the keys lies where its cursor is. */
  placeInput() {
    const form = $("prompt");
    form.style.top = this.mode === "line" || this.cursorRow === undefined ? "" : `${$("rows").children[this.cursorRow].offsetTop}px`;
    form.style.left = this.mode === "keys" ? `${this.screen.column}ch` : "";
  }

  fit() {
    this.element.style.height = "auto";
    this.element.style.height = `${this.element.scrollHeight}px`;
  }

  measure() {
    const probe = document.createElement("span");
    probe.textContent = "m".repeat(100);
    probe.className = "probe";
    $("rows").append(probe);
    const [width, height] = [probe.getBoundingClientRect().width / 100, probe.getBoundingClientRect().height];
    probe.remove();
    if (width === 0) return;
    const style = getComputedStyle($("screen"));
    const inner = $("screen").clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const tall = $("screen").clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const [rows, columns] = [Math.max(4, Math.floor(tall / height)), Math.max(20, Math.floor(inner / width))];
    if (rows === this.rows && columns === this.columns) return;
    [this.rows, this.columns] = [rows, columns];
    this.fitScreen();
    this.send({ do: "resize", rows, columns });
  }

  /** docker's tables and progress bars keep their lines on a narrow page, which can be scrolled; a program fits in. */
  fitScreen() {
    this.screen.resize(this.rows, this.mode === "keys" ? this.columns : Math.max(this.columns, TABLE));
  }

  // -- keys

  sendKeys(text) {
    this.answering = true;
    this.send({ do: "keys", text });
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "F6") {
      event.preventDefault();
      (event.shiftKey ? $("undo") : document.querySelector('[role="tab"][aria-selected="true"]')).focus();
    } else if (this.mode === "keys") this.programKey(event);
    else this.promptKey(event);
  }

  programKey(event) {
    const letter = event.key.toLowerCase();
    if (event.ctrlKey && !event.altKey && !event.metaKey && letter.length === 1) {
      if (letter === "c" && String(getSelection()) !== "") return; // copy
      if (letter === "v" || (event.shiftKey && letter === "c")) return;
      const code = letter.charCodeAt(0) & 0x1f;
      event.preventDefault();
      this.sendKeys(String.fromCharCode(code));
    } else if (KEYS[event.key] !== undefined && !event.metaKey && !(event.key === "Tab" && event.shiftKey)) {
      event.preventDefault();
      this.sendKeys(KEYS[event.key]);
    }
  }

  promptKey(event) {
    const box = this.element;
    const letter = event.ctrlKey && !event.altKey ? event.key.toLowerCase() : "";
    const leaves = this.leaving;
    this.leaving = event.key === "Escape";
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.choose([]);
      this.enter();
    } else if (event.key === "Tab" && !event.shiftKey && !leaves && box.value.trim() !== "" && this.mode === "line") {
      event.preventDefault();
      this.complete();
    } else if (event.key === "Escape") this.choose([]);
    else if (event.key === "ArrowUp" && !box.value.slice(0, box.selectionStart).includes("\n")) this.recall(event, -1);
    else if (event.key === "ArrowDown" && !box.value.slice(box.selectionEnd).includes("\n")) this.recall(event, 1);
    else if (letter === "c" && box.selectionStart === box.selectionEnd && String(getSelection()) === "") this.cancel(event);
    else if (letter === "d" && box.value === "" && LINES.includes(this.mode)) {
      event.preventDefault();
      this.sendKeys("\x04");
    } else if (letter === "l") {
      event.preventDefault();
      this.write("\x1b[H\x1b[2J\x1b[3J");
    } else if (letter === "u") {
      event.preventDefault();
      box.setRangeText("", 0, box.selectionStart, "start");
      this.fit();
    } else if (letter === "a" || letter === "e") {
      event.preventDefault();
      box.selectionStart = box.selectionEnd = letter === "a" ? 0 : box.value.length;
    }
  }

  enter() {
    const text = this.element.value;
    this.element.value = "";
    this.fit();
    this.submit(text);
  }

  submit(text) {
    if (LINES.includes(this.mode)) {
      this.sendKeys(`${text}\r`);
      return;
    }
    if (text.trim() !== "" && text !== this.history.at(-1)) this.history.push(text);
    this.at = this.history.length;
    this.send({ do: "line", text, rows: this.rows, columns: this.columns });
    this.mode = "busy"; // what is typed from now on is typed ahead
  }

  cancel(event) {
    event.preventDefault();
    if (this.mode === "line") {
      this.write(`${$("before").textContent}${this.element.value}^C\r\n`);
      this.element.value = "";
      this.fit();
    } else this.sendKeys("\x03");
  }

  recall(event, by) {
    if (this.mode !== "line" || this.history.length === 0) return;
    event.preventDefault();
    this.at = Math.min(Math.max(0, this.at + by), this.history.length);
    this.element.value = this.history[this.at] ?? "";
    this.fit();
  }

  typed(event) {
    if (this.mode !== "keys") {
      this.choose([]);
      this.fit();
      return;
    }
    if (event.isComposing) return;
    const text = this.element.value;
    this.element.value = "";
    if (text !== "") this.sendKeys(text);
  }

  paste(event) {
    const text = event.clipboardData.getData("text").replaceAll("\r\n", "\n");
    if (this.mode === "keys") {
      event.preventDefault();
      this.sendKeys(text.replaceAll("\n", "\r"));
    } else if (text.includes("\n")) {
      event.preventDefault();
      const box = this.element;
      box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
      if (/<<|\\\n/.test(text)) this.fit(); // belongs together: Enter sends it
      else {
        const lines = box.value.split("\n");
        box.value = lines.pop();
        this.fit();
        for (const line of lines) this.submit(line);
      }
    }
  }

  // -- completion

  complete() {
    this.asked += 1;
    this.send({ do: "complete", id: this.asked, text: this.element.value, at: this.element.selectionStart });
  }

  completed(message) {
    const box = this.element;
    if (message.id !== this.asked || message.options.length === 0) return;
    const [typed, at] = [box.value.slice(message.start, box.selectionStart), box.selectionStart];
    const common = message.options.reduce((one, two) => {
      let length = 0;
      while (length < one.length && one[length] === two[length]) length += 1;
      return one.slice(0, length);
    });
    if (message.options.length === 1) this.insert(message.start, at, message.options[0]);
    else {
      if (common.length > typed.length) box.setRangeText(common, message.start, at, "end");
      this.choose(message.options, message.start);
    }
  }

  insert(start, end, option) {
    this.element.setRangeText(option + (/[:/=]$/.test(option) ? "" : " "), start, end, "end");
    this.choose([]);
    this.fit();
    this.element.focus();
  }

  choose(options, start = 0) {
    const list = $("options");
    list.hidden = options.length === 0;
    list.replaceChildren(
      ...options.map((option) => {
        const item = document.createElement("li");
        item.textContent = option;
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.insert(start, this.element.selectionStart, option);
        });
        return item;
      }),
    );
    if (options.length > 0) {
      $("said").textContent = `${options.length}: ${options.join(", ")}`;
      list.scrollIntoView({ block: "nearest" });
    }
  }
}
