// The editor: the texts of the learner's folder, one at a time.

import { word } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Files {
  constructor(send, show) {
    this.send = send;
    this.show = show; // brings the panel to the front
    this.paths = [];
    $("path").addEventListener("change", () => this.open($("path").value));
    $("save").addEventListener("click", () => this.save());
    for (const id of ["path", "text"])
      $(id).addEventListener("keydown", (event) => {
        if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
          event.preventDefault();
          this.save();
        }
      });
    $("text").addEventListener("input", () => this.tell(""));
  }

  open(path) {
    if (path !== "") this.send({ do: "read", path });
  }

  save() {
    if ($("path").value === "") return;
    this.send({ do: "save", path: $("path").value, text: $("text").value });
    this.saving = true;
  }

  /** The engine's word: this file is wanted. */
  edit(path) {
    this.show();
    this.focus = true;
    this.open(path);
  }

  opened(message) {
    $("path").value = message.path;
    $("text").value = message.text;
    this.tell("");
    this.mark();
    if (this.focus) $("text").focus();
    this.focus = false;
  }

  state(message) {
    this.paths = message.files.filter((path) => !path.endsWith("/"));
    if (this.saving) this.tell(word("saved"));
    this.saving = false;
    $("paths").replaceChildren(...this.paths.map((path) => new Option(path)));
    $("file-buttons").replaceChildren(
      ...this.paths.slice(0, 12).map((path) => {
        const button = document.createElement("button");
        button.textContent = path;
        button.addEventListener("click", () => this.open(path));
        return button;
      }),
    );
    this.mark();
    if ($("path").value === "" && this.paths.length > 0) this.open(this.paths[0]);
  }

  /** Another session: what is in the editor may be something else there. */
  again() {
    if ($("path").value !== "") this.open($("path").value);
  }

  mark() {
    for (const button of $("file-buttons").children)
      button.setAttribute("aria-pressed", String(button.textContent === $("path").value));
  }

  tell(text) {
    $("saved").textContent = text;
  }
}
