// The glass wall: one picture at a time, of now or of an earlier moment.

import { word } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Glass {
  constructor(send) {
    this.send = send;
    this.view = "flow";
    this.step = -1; // now
    this.name = "";
    this.steps = [];
    this.views = [];
    $("step").addEventListener("input", () => this.go(Number($("step").value)));
    $("back").addEventListener("click", () => this.go(Number($("step").value) - 1));
    $("on").addEventListener("click", () => this.go(Number($("step").value) + 1));
    $("name").addEventListener("change", () => {
      this.name = $("name").value;
      this.look();
    });
    $("as-words").addEventListener("click", () => {
      const words = $("as-words").getAttribute("aria-pressed") !== "true";
      $("as-words").setAttribute("aria-pressed", String(words));
      $("words").hidden = !words;
      $("picture").hidden = words;
    });
  }

  look() {
    this.send({ do: "look", view: this.view, step: this.step, name: this.name });
  }

  /** To the moment after that many lines; the last is now, and stays now. */
  go(step) {
    const last = this.steps.length;
    const wanted = Math.min(Math.max(0, step), last);
    this.step = wanted === last ? -1 : wanted;
    this.time();
    this.look();
  }

  choose(view) {
    this.view = view;
    this.buttons();
    this.look();
  }

  ready(views) {
    this.views = views;
    this.step = -1;
    this.buttons();
    this.look();
  }

  buttons() {
    $("views").replaceChildren(
      ...this.views.map((view) => {
        const button = document.createElement("button");
        button.textContent = word(`view-${view}`);
        button.dataset.view = view;
        button.setAttribute("aria-pressed", String(view === this.view));
        button.addEventListener("click", () => {
          this.choose(view);
          $("views").querySelector(`[data-view="${view}"]`).focus();
        });
        return button;
      }),
    );
    $("about").textContent = word(`about-${this.view}`);
    this.time();
  }

  state(message) {
    this.steps = message.steps;
    this.time();
  }

  time() {
    const last = this.steps.length;
    const at = this.step < 0 ? last : this.step;
    $("step").max = last;
    $("step").value = at;
    $("step").disabled = last === 0;
    $("back").disabled = at === 0;
    $("on").disabled = at === last;
    const said = at === 0 ? word("beginning") : `${at}/${last}  ${this.steps[at - 1].line}`;
    $("moment").textContent = this.step < 0 && last > 0 ? `${word("now")} · ${said}` : said;
    $("step").setAttribute("aria-valuetext", said);
    document.body.classList.toggle("past", this.step >= 0);
  }

  show(message) {
    if (message.view !== this.view) return;
    const svg = new DOMParser().parseFromString(message.svg, "image/svg+xml").documentElement;
    svg.querySelector("style")?.remove(); // the page has the same colours, and knows which theme was chosen
    svg.removeAttribute("style");
    $("picture").replaceChildren(document.importNode(svg, true));
    $("words").textContent = message.text;
    $("of").hidden = message.names.length === 0;
    $("name").replaceChildren(
      ...message.names.map((name) => new Option(name, name, false, name === message.name)),
    );
  }
}
