// A terminal's screen as data: lines of cells, a cursor, and the control sequences of ECMA-48 that programs in
// containers use (docker's progress bars, sh, top, vi). It draws nothing; `draw` in terminal.js does.

const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\ud83c-\ud83e][\udc00-\udfff]/;
const KEPT = 4000; // lines
const PLAIN = "";

/** What a cell looks like, as class names; "" for plain. */
function look(style) {
  let { ink, paper } = style;
  if (style.reverse) [ink, paper] = [paper ?? "paper", ink ?? "ink"];
  const names = [];
  if (style.bold) names.push("bold");
  if (style.faint) names.push("faint");
  if (style.italic) names.push("italic");
  if (style.underline) names.push("underline");
  if (ink !== undefined) names.push(`ink-${ink}`);
  if (paper !== undefined) names.push(`paper-${paper}`);
  return names.join(" ");
}

export class Screen {
  constructor(rows = 24, columns = 80) {
    this.rows = rows;
    this.columns = columns;
    this.reply = () => {}; // what a program has asked the terminal
    this.reset();
  }

  reset() {
    this.lines = [{ chars: [], looks: [] }];
    this.row = 0; // of the cursor, from the first line that is kept
    this.column = 0;
    this.style = {};
    this.look = PLAIN;
    this.changed = new Set();
    this.gone = Infinity; // all lines have to be drawn anew
    this.pending = "";
    this.saved = [0, 0];
    this.cursor = true;
  }

  resize(rows, columns) {
    this.rows = rows;
    this.columns = columns;
  }

  /** The first line that absolute positions count from. */
  get top() {
    return Math.max(0, this.lines.length - this.rows, this.base ?? 0);
  }

  write(text) {
    text = this.pending + text;
    this.pending = "";
    let at = 0;
    while (at < text.length) {
      const char = text[at];
      if (char === "\x1b") {
        const length = this.escape(text, at);
        if (length === 0) {
          this.pending = text.slice(at, at + 200);
          return;
        }
        at += length;
      } else if (char < " " || char === "\x7f") {
        this.control(char);
        at += 1;
      } else {
        const whole = text.codePointAt(at) > 0xffff ? text.slice(at, at + 2) : char;
        this.put(whole);
        at += whole.length;
      }
    }
  }

  put(char) {
    const width = WIDE.test(char) ? 2 : 1;
    if (this.column + width > this.columns) {
      this.feed();
      this.column = 0;
    }
    const line = this.line(this.row);
    while (line.chars.length < this.column) this.cell(line, line.chars.length, " ", PLAIN);
    this.cell(line, this.column, char, this.look);
    if (width === 2) this.cell(line, this.column + 1, "", this.look);
    this.column += width;
  }

  cell(line, at, char, looks) {
    line.chars[at] = char;
    line.looks[at] = looks;
    this.changed.add(this.row);
  }

  line(row) {
    while (this.lines.length <= row) {
      this.lines.push({ chars: [], looks: [] });
      this.changed.add(this.lines.length - 1);
    }
    return this.lines[row];
  }

  feed() {
    this.row += 1;
    this.line(this.row);
    if (this.lines.length > KEPT + 500) {
      this.gone = this.lines.length - KEPT;
      this.lines.splice(0, this.gone);
      this.row -= this.gone;
      this.base = Math.max(0, (this.base ?? 0) - this.gone);
      this.gone = Infinity;
    }
  }

  control(char) {
    if (char === "\n" || char === "\v" || char === "\f") {
      this.feed();
      this.column = 0;
    } else if (char === "\r") this.column = 0;
    else if (char === "\b") this.column = Math.max(0, this.column - 1);
    else if (char === "\t") this.column = Math.min(this.columns - 1, (this.column & ~7) + 8);
  }

  /** Do the sequence that begins at `at`; its length, 0 if it is not all there yet. */
  escape(text, at) {
    const kind = text[at + 1];
    if (kind === undefined) return 0;
    if (kind === "[") {
      const match = /^\x1b\[([?>!]?)([\d;:]*)([ -/]*)([@-~])/.exec(text.slice(at, at + 60));
      if (match === null) return text.length - at > 50 ? 2 : 0;
      this.csi(match[1], match[2].split(/[;:]/).map((word) => (word === "" ? undefined : Number(word))), match[4]);
      return match[0].length;
    }
    if (kind === "]") {
      const end = text.slice(at).search(/\x07|\x1b\\/);
      if (end < 0) return text.length - at > 1000 ? 2 : 0;
      return end + (text[at + end] === "\x07" ? 1 : 2);
    }
    if (kind === "(" || kind === ")") return 3;
    if (kind === "c") this.reset();
    else if (kind === "7") this.saved = [this.row - this.top, this.column];
    else if (kind === "8") this.go(...this.saved);
    else if (kind === "M") this.row = Math.max(this.top, this.row - 1);
    return 2;
  }

  csi(mark, words, kind) {
    const count = Math.min(words[0] || 1, 1000);
    if (mark) {
      if (words[0] === 25) this.cursor = kind === "h";
      else if (words[0] === 1049 || words[0] === 47) this.clear(kind === "h");
      return;
    }
    const last = () => Math.max(this.top + this.rows, this.lines.length) - 1;
    if (kind === "m") this.colour(words);
    else if (kind === "A") this.row = Math.max(this.top, this.row - count);
    else if (kind === "B" || kind === "e") this.row = Math.min(last(), this.row + count);
    else if (kind === "C") this.column = Math.min(this.columns - 1, this.column + count);
    else if (kind === "D") this.column = Math.max(0, this.column - count);
    else if (kind === "E") [this.row, this.column] = [Math.min(last(), this.row + count), 0];
    else if (kind === "F") [this.row, this.column] = [Math.max(this.top, this.row - count), 0];
    else if (kind === "G" || kind === "`") this.column = Math.min(this.columns, count) - 1;
    else if (kind === "d") this.go(count - 1, this.column);
    else if (kind === "H" || kind === "f") this.go(count - 1, Math.min(words[1] || 1, this.columns) - 1);
    else if (kind === "J") this.erase(words[0] ?? 0);
    else if (kind === "K") this.eraseLine(words[0] ?? 0);
    else if (kind === "P") this.shift((line) => [line.chars.splice(this.column, count), line.looks.splice(this.column, count)]);
    else if (kind === "X") this.blank(this.column, this.column + count);
    else if (kind === "@") {
      const [blanks, plain] = [Array(count).fill(" "), Array(count).fill(PLAIN)];
      this.shift((line) => [line.chars.splice(this.column, 0, ...blanks), line.looks.splice(this.column, 0, ...plain)]);
    } else if (kind === "s") this.saved = [this.row - this.top, this.column];
    else if (kind === "u") this.go(...this.saved);
    else if (kind === "n" && words[0] === 6) this.reply(`\x1b[${this.row - this.top + 1};${this.column + 1}R`);
    this.line(this.row);
  }

  go(row, column) {
    this.row = this.top + Math.min(Math.max(0, row), this.rows - 1);
    this.column = Math.max(0, column);
    this.line(this.row);
  }

  /** A program takes the whole screen, or gives it back: what was there stays above. */
  clear() {
    this.base = this.lines.length;
    this.row = this.base;
    this.column = 0;
    this.line(this.row);
  }

  shift(change) {
    change(this.line(this.row));
    this.changed.add(this.row);
  }

  blank(from, to) {
    const line = this.line(this.row);
    for (let at = from; at < Math.min(to, line.chars.length); at += 1) this.cell(line, at, " ", PLAIN);
  }

  eraseLine(how) {
    const line = this.line(this.row);
    if (how === 0) line.chars.length = line.looks.length = Math.min(this.column, line.chars.length);
    else if (how === 1) this.blank(0, this.column + 1);
    else line.chars.length = line.looks.length = 0;
    this.changed.add(this.row);
  }

  erase(how) {
    if (how === 3) {
      const kept = this.lines.slice(this.top);
      this.row -= this.top;
      this.base = 0;
      this.lines = kept;
      this.gone = Infinity;
      return;
    }
    const [from, to] = how === 0 ? [this.row + 1, this.lines.length] : [this.top, how === 1 ? this.row : this.lines.length];
    for (let row = from; row < to; row += 1) {
      this.lines[row] = { chars: [], looks: [] };
      this.changed.add(row);
    }
    if (how < 2) this.eraseLine(how);
  }

  /** Select Graphic Rendition. */
  colour(words) {
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? 0;
      const style = this.style;
      if (word === 0) this.style = {};
      else if (word === 1) style.bold = true;
      else if (word === 2) style.faint = true;
      else if (word === 3) style.italic = true;
      else if (word === 4) style.underline = true;
      else if (word === 7) style.reverse = true;
      else if (word === 22) style.bold = style.faint = false;
      else if (word === 23) style.italic = false;
      else if (word === 24) style.underline = false;
      else if (word === 27) style.reverse = false;
      else if (word >= 30 && word <= 37) style.ink = word - 30;
      else if (word === 39) delete style.ink;
      else if (word >= 40 && word <= 47) style.paper = word - 40;
      else if (word === 49) delete style.paper;
      else if (word >= 90 && word <= 97) style.ink = word - 82;
      else if (word >= 100 && word <= 107) style.paper = word - 92;
      else if (word === 38 || word === 48) {
        const colour = words[at + 1] === 5 ? words[at + 2] : undefined;
        if (colour < 16) style[word === 38 ? "ink" : "paper"] = colour;
        at += words[at + 1] === 5 ? 2 : 4;
      }
    }
    this.look = look(this.style);
  }

  /** A line as runs of one look: [[look, text]]. */
  runs(row) {
    const { chars, looks } = this.lines[row];
    const found = [];
    for (let at = 0; at < chars.length; at += 1) {
      if (found.length > 0 && found.at(-1)[0] === looks[at]) found.at(-1)[1] += chars[at];
      else found.push([looks[at], chars[at]]);
    }
    return found;
  }

  /** All that is kept, as plain text. */
  get text() {
    return this.lines.map((line) => line.chars.join("").trimEnd()).join("\n");
  }
}
