// What can be broken on purpose. A choice is a command at the prompt, and so a step of the session; while a program runs
// it takes effect at once.

import { word } from "./words.js";

const $ = (id) => document.getElementById(id);

// key -> { name of the switch: [broken, as it should be] }
const FAULTS = {
  "hub-down": { "hub.down": [true, false] },
  "hub-slow": { "hub.latency": [1, 0.03], "hub.bandwidth": [2e6, 1.25e7] },
  "hub-limit": { "hub.rate_limit": [0, null] },
  "hub-corrupt": { "hub.corrupt": [["library/nginx"], []] },
  "no-names": { "network.no_names": [true, false] },
  "disk-full": { "disk.free": [0, null] },
  clock: { "clock.skew": [315360000, 0] },
}; // prettier-ignore

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export class Faults {
  /** `run(line)` types a command, `send(message)` is the way to the session, `front()` brings the menu's side forward. */
  constructor(run, send, front) {
    this.run = run;
    this.send = send;
    this.front = front;
    this.now = {}; // all switches
    this.running = []; // names of containers
    this.mode = "busy";
    $("show-faults").addEventListener("click", () => this.shown($("faults").offsetParent === null));
    $("close-faults").addEventListener("click", () => this.shown(false));
    $("faults").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.shown(false);
    });
  }

  shown(yes) {
    if (yes) this.front();
    $("faults").hidden = !yes;
    $("show-faults").setAttribute("aria-expanded", String(yes));
    (yes ? $("fault-buttons").querySelector("button:not(:disabled)") : $("show-faults")).focus();
  }

  state(message) {
    this.now = message.faults;
    this.running = message.containers.filter((each) => each.state === "running").map((each) => each.name);
    this.draw();
  }

  turn(mode) {
    this.mode = mode;
    this.draw();
  }

  broken(key) {
    return Object.entries(FAULTS[key]).every(([name, [wrong]]) => same(this.now[name], wrong));
  }

  draw() {
    const focused = document.activeElement?.dataset.fault;
    const count = Object.keys(FAULTS).filter((key) => this.broken(key)).length;
    $("faults-badge").textContent = count > 0 ? count : "";
    const [name] = this.running;
    const dies = word("fault-oom").replace("{name}", name ?? "…");
    const oom = this.button("oom", dies, () => this.run(`glassdock fault --oom ${name}`));
    oom.disabled = name === undefined || this.mode !== "line";
    const heal = this.button("heal", word("heal"), () => this.heal());
    heal.disabled = count === 0;
    $("fault-buttons").replaceChildren(...Object.keys(FAULTS).map((key) => this.toggle(key)), oom, heal);
    if (focused !== undefined) this.focus(focused);
  }

  /** Where the focus was; on a button that cannot be pressed any more there is none. */
  focus(key) {
    const button = $("fault-buttons").querySelector(`[data-fault="${key}"]`);
    (button.disabled ? $("fault-buttons").querySelector("button:not(:disabled)") : button).focus();
  }

  button(key, text, act) {
    const button = document.createElement("button");
    button.dataset.fault = key;
    button.textContent = text;
    button.addEventListener("click", act);
    return button;
  }

  toggle(key) {
    const broken = this.broken(key);
    const button = this.button(key, word(`fault-${key}`), () => this.set(FAULTS[key], broken ? 1 : 0));
    button.setAttribute("aria-pressed", String(broken));
    return button;
  }

  set(switches, which) {
    const changes = Object.entries(switches).map(([name, values]) => [name, values[which]]);
    const words = changes.map(([name, value]) => `${name}=${shown(value)}`);
    if (this.mode === "line") this.run(`glassdock fault ${words.join(" ")}`);
    else for (const [name, value] of changes) this.send({ do: "fault", name, value });
  }

  heal() {
    if (this.mode === "line") this.run("glassdock fault --heal");
    else this.send({ do: "heal" });
  }
}

/** A value as `glassdock fault` takes it. */
function shown(value) {
  return Array.isArray(value) && value.length > 0 ? value.join(",") : JSON.stringify(value);
}
