// A small browser on the simulated host: pages of published ports, fetched by the engine. No script of a page runs, and
// nothing is asked of the real network: what a page needs is put into it.

import { word } from "./words.js";

const $ = (id) => document.getElementById(id);
const MOST = 40; // things that one page may need
const FOLLOWED = 5; // redirections

const text = (bytes) => new TextDecoder().decode(bytes);
const escaped = (words) => words.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

function bytes(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** The port and path of an address on this host; undefined for one elsewhere. */
export function local(address, base) {
  let url;
  try {
    url = new URL(address, base);
  } catch {
    return undefined;
  }
  if (url.protocol !== "http:" || !["localhost", "127.0.0.1", "0.0.0.0"].includes(url.hostname)) return undefined;
  return { port: Number(url.port || 80), path: url.pathname + url.search, href: url.href.replace(url.hostname, "localhost") };
}

export class Browser {
  constructor(send, show) {
    this.send = send;
    this.show = show;
    this.asked = 0;
    this.waiting = new Map();
    this.here = undefined; // the address that is shown
    this.lines = 0;
    this.ports = [];
    $("address").addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = $("url").value.trim();
      this.go(typed.includes("://") ? typed : `http://${typed}`);
    });
    $("reload").addEventListener("click", () => this.here && this.go(this.here));
    $("frame").addEventListener("load", () => this.hearClicks());
  }

  state(message) {
    const [ports, lines] = [message.ports, message.steps.length];
    $("ports-badge").textContent = ports.length > 0 ? ports.join(", ") : "";
    if (ports.join() !== this.ports.join() || $("ports").children.length === 0) this.offer(ports);
    this.ports = ports;
    const again = lines !== this.lines && this.here !== undefined && !$("browser").hidden;
    this.lines = lines;
    if (again) this.go(this.here);
  }

  offer(ports) {
    $("ports").replaceChildren(
      ...ports.map((port) => {
        const button = document.createElement("button");
        button.textContent = `localhost:${port}`;
        button.addEventListener("click", () => this.go(`http://localhost:${port}/`));
        return button;
      }),
    );
    if (ports.length === 0) $("ports").textContent = word("no-ports");
  }

  arrived(message) {
    this.waiting.get(message.id)?.(message);
    this.waiting.delete(message.id);
  }

  get(place) {
    this.asked += 1;
    const id = this.asked;
    this.send({ do: "get", id, port: place.port, path: place.path });
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  async go(address) {
    let place = local(address);
    for (let turn = 0; place !== undefined && turn < FOLLOWED; turn += 1) {
      this.here = $("url").value = place.href;
      const answer = await this.get(place);
      const next = answer.location && answer.status >= 300 && answer.status < 400 && local(answer.location, place.href);
      if (!next) {
        $("frame").srcdoc = await this.page(answer, place);
        return;
      }
      place = next;
    }
    $("frame").srcdoc = this.plain(word("not-here"));
  }

  plain(words) {
    return `<!doctype html><meta charset="utf-8"><style>:root{color-scheme:light dark;font:15px sans-serif}</style><p>${escaped(words)}</p>`;
  }

  async page(answer, place) {
    if (answer.status === 0) return this.plain(word("nobody").replace("{port}", place.port));
    const [kind] = answer.type.split(";");
    if (kind.startsWith("image/")) return `<!doctype html><img alt="" src="data:${escaped(kind)};base64,${answer.body}">`;
    const words = text(bytes(answer.body));
    if (kind !== "text/html") return `<!doctype html><meta charset="utf-8"><style>:root{color-scheme:light dark}</style><pre>${escaped(words)}</pre>`;
    const page = new DOMParser().parseFromString(words, "text/html");
    await this.complete(page, place.href);
    return `<!doctype html>${page.documentElement.outerHTML}`;
  }

  /** Pictures and style sheets of the same host are put into the page; what would come from elsewhere is left out. */
  async complete(page, base) {
    for (const element of page.querySelectorAll("script, base, meta[http-equiv], iframe, object, embed")) element.remove();
    const needed = [...page.querySelectorAll("img[src], link[rel~='stylesheet'][href], link[rel~='icon']")];
    for (const [at, element] of needed.entries()) {
      const name = element.localName === "img" ? "src" : "href";
      const address = element.getAttribute(name) ?? "";
      if (address.startsWith("data:")) continue;
      const place = local(address, base);
      const answer = place && at < MOST && !element.matches("link[rel~='icon']") ? await this.get(place) : undefined;
      element.removeAttribute("srcset");
      if (answer === undefined || answer.status !== 200) element.removeAttribute(name);
      else if (name === "src") element.src = `data:${answer.type.split(";")[0]};base64,${answer.body}`;
      else {
        const style = page.createElement("style");
        style.textContent = text(bytes(answer.body));
        element.replaceWith(style);
      }
    }
  }

  hearClicks() {
    const inside = $("frame").contentDocument;
    inside?.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (link === null || link === undefined) return;
      const href = link.getAttribute("href");
      if (href.startsWith("#")) return;
      event.preventDefault();
      this.go(new URL(href, this.here).href);
    });
  }
}
