// A panel beside the messages if there is room; if not, it slides over them.
export class Drawer {
  constructor(panel, opener, scrim, roomy) {
    Object.assign(this, { panel, opener, scrim, roomy: matchMedia(roomy) });
    this.roomy.addEventListener("change", () => this.set(false));
    opener.addEventListener("click", () => this.set(!this.open));
    scrim.addEventListener("click", () => this.set(false));
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.open) this.set(false);
    });
    for (const closer of panel.querySelectorAll("[data-close]")) closer.addEventListener("click", () => this.set(false));
    this.set(false);
  }

  set(open) {
    const wasOpen = this.open;
    this.open = open && !this.roomy.matches;
    this.panel.classList.toggle("open", this.open);
    this.panel.inert = !this.open && !this.roomy.matches;
    this.opener.setAttribute("aria-expanded", String(this.open));
    this.scrim.hidden = !this.open;
    if (this.open) this.panel.querySelector("button, select, input, a")?.focus();
    else if (wasOpen) this.opener.focus();
  }
}
