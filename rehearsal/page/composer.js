// The box that posts a message or, after a slash, runs a command.
import { freshId, h } from "./dom.js";

// Word, what may follow, what it does, whether for managers: the bot's own list, kept in step by a test.
export const COMMANDS = [
  ["scores", "[question]", "the last results, or one question’s in full", false],
  ["trend", "[question]", "how answers have moved over time", false],
  ["baselines", "[topic or study]", "published figures and their sources", false],
  ["power", "", "how small a change your numbers can show", false],
  ["report", "[quarter]", "a quarter on one page for leaders, sent to you as PDF", false],
  ["answer", "", "answer the open pulse, or change your answers", false],
  ["privacy", "", "what is kept about you", false],
  ["status", "", "what is open and what comes next", false],
  ["help", "[command]", "this list", false],
  ["questions", "", "what can be asked, and what is asked when", false],
  ["setup", "", "channels, times and managers", true],
  ["open", "", "open a pulse now; it asks first", true],
  ["close", "", "close it now and post the results; it asks first", true],
  ["skip", "", "leave out the next pulse", true],
  ["pause", "", "no more pulses until resumed", true],
  ["resume", "", "carry on after a pause", true],
  ["note", '"text"', "mark today on the trend", true],
  ["commit", "[withdraw]", "say one thing that a side will do, or take it back", true],
  ["export", "", "the published totals as a file", true],
  ["managers", "[add or remove @name]", "who manages the pulse", true],
];

const LINES = COMMANDS.map(([word, takes, does, manager]) => ({
  command: `/pulse ${word}`,
  takes,
  does: manager ? `${does} (managers)` : does,
}));

// `send(text)` gives a promise of whether the text was taken.
export class Composer {
  constructor(form, send) {
    this.form = form;
    this.box = form.querySelector("textarea");
    this.button = form.querySelector("[type=submit]");
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
  show({ place, label, hint, disabled }) {
    if (place !== this.place) {
      this.drafts.set(this.place, this.box.value);
      this.box.value = this.drafts.get(place) ?? "";
      this.place = place;
      this.fit();
    }
    this.box.placeholder = hint;
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
    this.offered = text.startsWith("/") ? LINES.filter(({ command }) => command.startsWith(text) && command !== text) : [];
    if (!this.offered.length) return this.hide();
    this.list.replaceChildren(...this.offered.map((one) => this.optionNode(one)));
    this.list.hidden = false;
    return this.mark(-1);
  }

  optionNode({ command, takes, does }) {
    return h(
      "li",
      {
        id: freshId("command"),
        role: "option",
        "aria-selected": "false",
        onmousedown: (event) => event.preventDefault(),
        onclick: () => this.take(command),
      },
      h("span", {}, h("b", {}, command), takes ? ` ${takes}` : null),
      h("small", {}, does),
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
      Tab: listed && this.active >= 0 && (() => this.take(this.offered[this.active].command)),
      Escape: listed && (() => this.hide()),
      Enter: !event.shiftKey && !event.isComposing && (() => this.enter()),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  enter() {
    if (!this.list.hidden && this.active >= 0) this.take(this.offered[this.active].command);
    else this.submit();
  }

  async submit() {
    const text = this.box.value.trim();
    this.hide();
    if (!text || this.form.getAttribute("aria-busy") === "true") return;
    this.form.setAttribute("aria-busy", "true");
    try {
      if (await this.send(text)) {
        this.box.value = "";
        this.fit();
      }
    } finally {
      this.form.removeAttribute("aria-busy");
    }
  }
}
