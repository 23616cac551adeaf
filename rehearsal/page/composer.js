// The box that posts a message or, after a slash, runs a command.
import { freshId, h } from "./dom.js";

export const COMMANDS = [
  ["/pulse", "where things stand"],
  ["/pulse scores", "what each side said last; add an item for one question"],
  ["/pulse trend", "how it moved over the waves; add an item"],
  ["/pulse baselines", "the published figures; add an item"],
  ["/pulse answer", "answer or change your answers"],
  ["/pulse privacy", "what is stored about you"],
  ["/pulse status", "the wave and the next dates"],
  ["/pulse help", "all commands"],
  ["/pulse setup", "channels and schedule (managers)"],
  ["/pulse open", "open a wave now (managers)"],
  ["/pulse close", "close the wave and post the results (managers)"],
  ["/pulse skip", "leave out the next wave (managers)"],
  ["/pulse pause", "stop the schedule (managers)"],
  ["/pulse resume", "start the schedule again (managers)"],
  ["/pulse note", "a dated mark on the trend, in quotes (managers)"],
  ["/pulse power", "the smallest change that these numbers can show"],
  ["/pulse export", "the closed waves as files (managers)"],
  ["/pulse managers", "who may set things up (managers)"],
];

// `send(text)` gives a promise of whether the text was taken.
export class Composer {
  constructor(form, send) {
    this.form = form;
    this.box = form.querySelector("textarea");
    this.button = form.querySelector("button");
    this.list = form.querySelector("[role=listbox]");
    this.send = send;
    this.active = -1;
    this.drafts = new Map();
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("blur", () => this.hide());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  // Each place keeps the text that was begun there.
  show({ place, label, disabled }) {
    if (place !== this.place) {
      this.drafts.set(this.place, this.box.value);
      this.box.value = this.drafts.get(place) ?? "";
      this.place = place;
      this.fit();
    }
    this.box.placeholder = label;
    this.box.setAttribute("aria-label", label);
    this.box.disabled = disabled;
    this.button.disabled = disabled;
  }

  put(text) {
    this.box.value = text;
    this.box.focus();
    this.fit();
  }

  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight + 2, 200)}px`;
  }

  typed() {
    this.fit();
    const text = this.box.value;
    this.offered = text.startsWith("/") ? COMMANDS.filter(([command]) => command.startsWith(text.trimEnd())) : [];
    if (!this.offered.length || this.offered.some(([command]) => command === text && command !== "/pulse")) return this.hide();
    this.list.replaceChildren(...this.offered.map((one) => this.optionNode(one)));
    this.list.hidden = false;
    return this.mark(-1);
  }

  optionNode([command, meaning]) {
    return h(
      "li",
      {
        id: freshId("command"),
        role: "option",
        "aria-selected": "false",
        onmousedown: (event) => event.preventDefault(),
        onclick: () => this.take(command),
      },
      h("b", {}, command),
      h("small", {}, meaning),
    );
  }

  take(command) {
    this.put(command);
    this.hide();
  }

  hide() {
    this.list.hidden = true;
    this.active = -1;
    this.box.removeAttribute("aria-activedescendant");
  }

  mark(index) {
    this.active = index;
    [...this.list.children].forEach((node, n) => node.setAttribute("aria-selected", String(n === index)));
    const node = this.list.children[index];
    if (!node) return this.box.removeAttribute("aria-activedescendant");
    this.box.setAttribute("aria-activedescendant", node.id);
    return node.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const listed = !this.list.hidden;
    const last = this.list.children.length - 1;
    const keys = {
      ArrowDown: listed && (() => this.mark(this.active >= last ? 0 : this.active + 1)),
      ArrowUp: listed && (() => this.mark(this.active <= 0 ? last : this.active - 1)),
      Tab: listed && this.active >= 0 && (() => this.take(this.offered[this.active][0])),
      Escape: listed && (() => this.hide()),
      Enter: !event.shiftKey && !event.isComposing && (() => this.enter()),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  enter() {
    if (!this.list.hidden && this.active >= 0) this.take(this.offered[this.active][0]);
    else this.submit();
  }

  async submit() {
    const text = this.box.value.trim();
    this.hide();
    if (!text || this.form.getAttribute("aria-busy") === "true") return;
    this.form.setAttribute("aria-busy", "true");
    if (await this.send(text)) {
      this.box.value = "";
      this.fit();
    }
    this.form.removeAttribute("aria-busy");
  }
}
