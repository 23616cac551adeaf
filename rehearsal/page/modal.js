// Modals as <dialog>s: the stack of the bot's views.
import { post, Refused } from "./api.js";
import { patchBlocks } from "./blocks.js";
import { freshId, h, icon } from "./dom.js";
import { plainString } from "./mrkdwn.js";

const isEmpty = (entry) => {
  const value = Object.entries(entry ?? {}).find(([name]) => name !== "type")?.[1];
  return value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
};

function missing(view, values) {
  const needed = view.blocks.filter((block) => block.type === "input" && !block.optional);
  const empty = needed.filter((block) => isEmpty(values[block.block_id]?.[block.element.action_id]));
  return Object.fromEntries(empty.map((block) => [block.block_id, "Please fill this in."]));
}

// Slack checks these before it calls the bot, so the page must report them itself.
function outOfBounds(form) {
  const wrong = [...form.querySelectorAll("[data-block] :is(input, textarea)")].filter((node) => !node.validity.valid);
  return Object.fromEntries(wrong.map((node) => [node.closest("[data-block]").dataset.block, node.validationMessage]));
}

class Modal {
  constructor(view, desk) {
    Object.assign(this, { view, desk });
    this.scope = {
      name: view.id,
      heading: "h3",
      values: {},
      keepsInput: true,
      get context() {
        return desk.context;
      },
      act: (action) => desk.act({ view_id: view.id, state: this.scope.values, ...action }),
      options: (asked) => desk.options({ view_id: view.id, ...asked }),
    };
    this.draw();
  }

  draw() {
    const titleId = freshId("title");
    this.title = h("h2", { id: titleId });
    this.body = h("div", { class: "modal-body", tabindex: "-1" });
    this.alert = h("p", { class: "error", role: "alert" });
    this.submitButton = h("button", { type: "submit", class: "button primary" });
    this.closeButton = h("button", { type: "button", class: "button", onclick: () => this.close() });
    const dismiss = h("button", { type: "button", class: "button plain square", "aria-label": "Close", onclick: () => this.close() }, icon("close"));
    this.form = h(
      "form",
      { novalidate: true },
      h("div", { class: "modal-head" }, this.title, dismiss),
      this.body,
      this.alert,
      h("div", { class: "modal-foot" }, this.closeButton, this.submitButton),
    );
    this.dialog = h("dialog", { class: "modal", "aria-labelledby": titleId, "data-view": this.view.id }, this.form);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    // A field that is being corrected shows no error until the form is sent again.
    this.body.addEventListener("input", (event) => this.forgive(event.target.closest("[data-block]")));
    this.body.addEventListener("click", (event) => this.forgive(event.target.closest("[data-block]")));
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
  }

  show(view) {
    if (this.closing) return;
    this.view = view;
    this.title.textContent = plainString(view.title.text);
    this.submitButton.textContent = plainString(view.submit?.text ?? "Submit");
    this.submitButton.hidden = !view.submit && !view.blocks.some((block) => block.type === "input");
    this.closeButton.textContent = plainString(view.close?.text ?? "Close");
    patchBlocks(this.body, view.blocks, this.scope);
    // A body of text alone can be scrolled by keyboard only if it can have the focus.
    this.body.tabIndex = this.body.querySelector("input, select, textarea, button, a[href]") ? -1 : 0;
    if (this.dialog.isConnected) return;
    document.body.append(this.dialog);
    this.dialog.showModal();
    // The first thing to fill in, not the button that closes.
    (this.body.querySelector("[autofocus]") ?? this.body.querySelector("input, select, textarea, button, a[href]") ?? this.body).focus();
    this.body.scrollTop = 0;
  }

  remove() {
    this.dialog.close();
    this.dialog.remove();
  }

  showErrors(errors) {
    for (const node of this.body.querySelectorAll("[data-error]")) {
      const block = node.closest("[data-block]");
      const text = errors[block.dataset.block] ?? "";
      node.textContent = text;
      for (const control of block.querySelectorAll("input, select, textarea")) {
        if (text) control.setAttribute("aria-invalid", "true");
        else control.removeAttribute("aria-invalid");
      }
    }
    const [first] = Object.keys(errors);
    const block = first && this.body.querySelector(`[data-block="${CSS.escape(first)}"]`);
    this.alert.textContent = first ? "Not sent yet: please look at the fields marked in red." : "";
    block?.querySelector("input, select, textarea")?.focus();
  }

  forgive(block) {
    const told = block?.querySelector("[data-error]");
    if (told) {
      told.textContent = "";
      for (const control of block.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    }
    if (![...this.body.querySelectorAll("[data-error]")].some((node) => node.textContent)) this.alert.textContent = "";
  }

  async submit() {
    if (this.form.getAttribute("aria-busy") === "true") return;
    const errors = { ...missing(this.view, this.scope.values), ...outOfBounds(this.form) };
    this.showErrors(errors);
    if (Object.keys(errors).length) return;
    this.form.setAttribute("aria-busy", "true");
    try {
      const answer = await post("submit", { as: this.desk.as, view_id: this.view.id, values: this.scope.values });
      if (answer.errors) this.showErrors(answer.errors);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.alert.textContent = error.message;
    } finally {
      this.form.removeAttribute("aria-busy");
    }
    this.desk.refresh();
  }

  async close() {
    this.closing = true;
    this.remove();
    await this.desk.closeView(this.view.id);
    this.closing = false;
  }
}

// Keeps one dialog for each view of the stack. `desk` is the page: who acts, the context, act, options, refresh, closeView.
export class ModalStack {
  constructor(desk) {
    this.desk = desk;
    this.open = new Map();
  }

  show(views) {
    const wanted = new Set(views.map((view) => view.id));
    for (const [id, modal] of this.open) {
      if (wanted.has(id)) continue;
      modal.remove();
      this.open.delete(id);
    }
    for (const view of views) {
      if (!this.open.has(view.id)) this.open.set(view.id, new Modal(view, this.desk));
      this.open.get(view.id).show(view);
    }
  }
}
