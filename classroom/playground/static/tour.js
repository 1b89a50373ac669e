// The guided tour: ten steps, the first that is not done in front. What is done, the engine says.

import { word } from "./words.js";

const $ = (id) => document.getElementById(id);

export class Tour {
  constructor(offer, front) {
    this.steps = [];
    this.chosen = undefined; // a step that was clicked
    $("tour-try").addEventListener("click", () => offer($("tour-try").querySelector("code").textContent));
    $("show-tour").addEventListener("click", () => {
      const wanted = $("tour").offsetParent === null;
      if (wanted) front();
      this.shown(wanted);
    });
    this.shown(localStorage.getItem("glassdock-tour") !== "hidden");
  }

  shown(yes) {
    $("tour").hidden = !yes;
    $("show-tour").setAttribute("aria-expanded", String(yes));
    localStorage.setItem("glassdock-tour", yes ? "shown" : "hidden");
  }

  tell(steps) {
    const before = this.steps.filter((step) => step.done).length;
    this.steps = steps;
    if (steps.filter((step) => step.done).length !== before) this.chosen = undefined;
    this.draw();
  }

  draw() {
    const next = this.steps.findIndex((step) => !step.done);
    const at = this.chosen ?? (next < 0 ? this.steps.length : next);
    $("tour-steps").replaceChildren(
      ...this.steps.map((step, number) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.textContent = step.done ? "✓" : String(number + 1);
        button.className = step.done ? "done" : "";
        button.title = step.title;
        button.setAttribute("aria-label", `${number + 1}. ${step.title}${step.done ? ` (${word("done")})` : ""}`);
        if (number === at) button.setAttribute("aria-current", "step");
        button.addEventListener("click", () => {
          this.chosen = number;
          this.draw();
          $("tour-steps").children[number].firstChild.focus();
        });
        item.append(button);
        return item;
      }),
    );
    const step = this.steps[at];
    $("tour-number").textContent = step ? `${at + 1}/${this.steps.length}` : "🎉";
    $("tour-title").textContent = step ? step.title : word("all-done");
    $("tour-text").textContent = step ? step.text : word("all-done-text");
    $("tour-try").hidden = !step?.example;
    $("tour-try").querySelector("code").textContent = step?.example ?? "";
  }
}
