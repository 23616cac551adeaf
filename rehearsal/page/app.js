// The page: who acts, where they are, and what the rehearsal says is there.
import { getState, listen, post, Refused } from "./api.js";
import { patchBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { clock } from "./dates.js";
import { h, icon, keepingFocus, patch } from "./dom.js";
import { Drawer } from "./drawer.js";
import { avatar, showMessages, spoken } from "./messages.js";
import { ModalStack } from "./modal.js";

const HOME = "home";
const at = (id) => document.getElementById(id);
const FRESH_FOR = 6000;

// A manager, who can do everything that there is to try.
const firstPerson = ({ people, me }) => people.find((one) => !one.is_bot && one.roles.length)?.id ?? me.id;

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
// If it must wrap, it wraps between day and time.
const dayAndTime = (moment) => [DAY.format(moment), clock(moment)].map((part) => part.replaceAll(" ", "\u00a0")).join(", ");

class Desk {
  constructor() {
    [this.as, this.place] = location.hash.slice(1).split("/");
    this.seen = new Map();
    this.told = new Map();
    this.stuck = true;
    this.modals = new ModalStack(this);
    this.composer = new Composer(at("composer"), (text) => this.send(text));
    this.homeScope = {
      name: HOME,
      heading: "h2",
      values: {},
      get context() {
        return desk.context;
      },
      act: (action) => this.act({ home: true, state: this.homeScope.values, ...action }),
      options: (asked) => this.options({ home: true, ...asked }),
    };
    const desk = this;
  }

  // Asks the rehearsal to do something. A refusal is shown as a toast, never thrown.
  async tell(what, body) {
    try {
      return await post(what, body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.toast(error.message);
      return null;
    } finally {
      await this.refresh();
    }
  }

  act(action) {
    return this.tell("action", { as: this.as, ...action });
  }

  closeView(id) {
    return this.tell("close", { as: this.as, view_id: id });
  }

  async options(asked) {
    const answer = await post("options", { as: this.as, ...asked }).catch((error) => this.toast(error.message));
    return answer ?? { options: [] };
  }

  async send(text) {
    this.stuck = true;
    const what = text.startsWith("/") ? "command" : "say";
    return (await this.tell(what, { as: this.as, channel: this.place, text })) !== null;
  }

  // One request at a time; what changes meanwhile is fetched once more afterwards.
  async refresh() {
    if (this.fetching) {
      this.again ??= this.fetching.then(() => {
        this.again = null;
        return this.refresh();
      });
      return this.again;
    }
    this.fetching = this.fetchState().finally(() => {
      this.fetching = null;
    });
    return this.fetching;
  }

  async fetchState() {
    const as = this.as;
    try {
      const state = await getState(as);
      if (as === this.as) this.show(as ? state : await getState(firstPerson(state)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.toast(error.message);
    }
  }

  get channel() {
    return this.context.channels.get(this.place);
  }

  show(state) {
    this.as = state.me.id;
    this.state = state;
    this.context = {
      people: new Map(state.people.map((person) => [person.id, person])),
      channels: new Map(state.channels.map((channel) => [channel.id, channel])),
      me: state.me,
      now: new Date(state.now),
      goTo: (id) => this.goTo(id),
    };
    if (this.place !== HOME && !this.channel) this.place = this.firstPlace();
    this.startsAt ??= Math.max(0, ...state.channels.flatMap((channel) => channel.messages.map((one) => Number(one.ts))));
    history.replaceState(null, "", `#${this.as}/${this.place}`);
    keepingFocus(() => {
      this.showPeople();
      this.showPlaces();
      this.showPlace();
    });
    this.showNotice(state.notice ?? "");
    this.showClock();
    this.showToasts(state.toasts);
    this.modals.show(state.modals);
    document.body.dataset.ready = "true";
  }

  firstPlace() {
    const mine = this.state.channels.filter((channel) => !channel.archived && !channel.is_im);
    return (mine.find((channel) => channel.member) ?? mine[0] ?? this.state.channels[0])?.id ?? HOME;
  }

  goTo(place) {
    this.place = place;
    this.stuck = true;
    this.sidebar.set(false);
    this.show(this.state);
    if (place === HOME) this.tell("home", { as: this.as });
    at("place-title").focus({ preventScroll: true });
  }

  become(id) {
    this.as = id;
    this.stuck = true;
    this.homeScope.values = {};
    if (this.place === HOME) return this.tell("home", { as: id });
    return this.refresh();
  }

  showPeople() {
    const { people } = this.state;
    const wanted = at("people-filter").value.trim().toLowerCase();
    const groupOf = (person) => {
      if (person.guest) return "Guest";
      if (person.sides.length > 1) return "Both sides";
      return { marketing: "Marketing", it: "IT" }[person.sides[0]] ?? "Others";
    };
    const shown = people.filter(
      (person) => !person.is_bot && (person.id === this.as || `${person.real_name} ${groupOf(person)}`.toLowerCase().includes(wanted)),
    );
    const groups = ["Marketing", "IT", "Both sides", "Guest", "Others"]
      .map((label) => ({ label, people: shown.filter((person) => groupOf(person) === label) }))
      .filter((group) => group.people.length);
    const title = (person) => (person.roles.length ? `${person.real_name} (${person.roles.join(", ")})` : person.real_name);
    patch(at("people"), groups, (group) => group.label, JSON.stringify, (group) =>
      h("optgroup", { label: group.label }, group.people.map((person) => h("option", { value: person.id }, title(person)))),
    );
    at("people").value = this.as;
    const me = this.context.people.get(this.as) ?? this.state.me;
    at("me").replaceChildren(avatar(me), h("span", {}, h("b", {}, me.real_name ?? me.name), h("small", {}, groupOf(me))));
  }

  unread(channel) {
    if (!channel.member) return 0;
    const since = this.seen.get(`${this.as} ${channel.id}`) ?? this.startsAt;
    return channel.messages.filter((one) => Number(one.ts) > since && one.from.id !== this.as).length;
  }

  showPlaces() {
    if (this.channel) {
      const last = Math.max(this.startsAt, ...this.channel.messages.map((one) => Number(one.ts)));
      this.seen.set(`${this.as} ${this.place}`, last);
    }
    const channels = this.state.channels.filter((channel) => !channel.is_im);
    const direct = this.state.channels.filter((channel) => channel.is_im);
    const entry = (channel, name) => ({
      id: channel.id,
      name: channel.name,
      shape: name ?? (channel.is_private ? "lock" : "hash"),
      faint: channel.archived || (!channel.is_im && !channel.member),
      unread: this.unread(channel),
      here: channel.id === this.place,
    });
    this.drawPlaces(at("channels"), channels.map((channel) => entry(channel)));
    this.drawPlaces(at("apps"), [
      { id: HOME, name: "Home", shape: "home", unread: 0, here: this.place === HOME },
      ...direct.map((channel) => entry(channel, "chat")),
    ]);
  }

  drawPlaces(list, entries) {
    patch(list, entries, (one) => one.id, JSON.stringify, (one) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            class: ["place", one.faint ? "faint" : "", one.unread ? "unread" : ""].join(" "),
            "aria-current": one.here ? "page" : null,
            "data-focus": `place ${one.id}`,
            onclick: () => this.goTo(one.id),
          },
          icon(one.shape),
          h("span", { class: "place-name" }, one.name),
          one.unread ? h("span", { class: "count" }, String(one.unread), h("span", { class: "quiet" }, " new")) : null,
        ),
      ),
    );
  }

  showPlace() {
    const home = this.place === HOME;
    at("scroller").hidden = home;
    at("home").hidden = !home;
    at("composer").hidden = home;
    this.showMembership();
    if (home) at("below").hidden = true;
    at("place-note").replaceChildren(...this.notes().map((note) => h("span", {}, note)));
    at("place-title").replaceChildren(...(home ? [icon("home"), "Home"] : this.titleOf(this.channel)));
    document.title = `${home ? "Home" : this.channel.name} · Rehearsal`;
    if (home) this.showHome();
    else this.showChannel();
  }

  showMembership() {
    const { channel } = this;
    at("membership").hidden = !channel || channel.is_im || (channel.archived && !channel.member);
    if (channel) at("membership").textContent = channel.member ? "Leave" : "Join";
  }

  titleOf(channel) {
    if (channel.is_im) return [icon("chat"), channel.name];
    return [icon(channel.is_private ? "lock" : "hash"), channel.name];
  }

  notes() {
    if (!this.channel) return ["What the app shows you, and only you"];
    if (this.channel.is_im) return ["Between you and the app"];
    const notes = [this.channel.is_private ? "Private channel" : "Public channel"];
    if (this.channel.archived) notes.push("archived");
    if (!this.channel.member) notes.push("you are not a member");
    if (!this.channel.bot_is_member) notes.push("the app is not a member");
    return notes;
  }

  showHome() {
    const blocks = this.state.home?.blocks ?? [];
    at("home-empty").hidden = blocks.length > 0;
    patchBlocks(at("home-blocks"), blocks, this.homeScope);
  }

  showChannel() {
    const { channel } = this;
    const list = at("messages");
    const sameList = this.listed === `${this.as} ${channel.id}`;
    const known = new Set([...list.children].map((node) => node.dataset.ts));
    if (!sameList) list.replaceChildren();
    showMessages(list, channel, this);
    at("messages-empty").hidden = channel.messages.length > 0;
    at("welcome").hidden = !channel.member || !channel.bot_is_member || channel.is_im;
    at("welcome-manager").hidden = this.context.me.roles.length > 0;
    if (sameList) this.announce(channel.messages.filter((one) => !known.has(one.ts)));
    this.listed = `${this.as} ${channel.id}`;
    this.follow();
    const name = channel.is_im ? channel.name : `#${channel.name}`;
    const closed = channel.archived || !channel.member;
    this.composer.show({
      place: channel.id,
      label: closed ? "You cannot write here" : `Write to ${name}, or / for commands`,
      // Short enough for a phone.
      hint: closed ? "You cannot write here" : `Write to ${name} or type /`,
      disabled: closed,
    });
  }

  announce(messages) {
    if (!messages.length) return;
    at("live").textContent = messages.map((one) => spoken(one, this.context)).join("\n");
    at("below").hidden = this.stuck;
  }

  follow() {
    if (!this.stuck) return;
    at("scroller").scrollTop = at("scroller").scrollHeight;
    at("below").hidden = true;
  }

  toTheEnd() {
    this.stuck = true;
    this.follow();
    at("scroller").focus({ preventScroll: true });
  }

  // A line of the rehearsal's own, present if the app begins with a history and so is already set up.
  showNotice(notice) {
    at("notice").textContent = notice;
    at("notice").hidden = !notice;
    for (const node of document.querySelectorAll("[data-first-steps]")) node.hidden = Boolean(notice);
  }

  showClock() {
    const { now } = this.context;
    for (const node of document.querySelectorAll("[data-clock]")) {
      node.dateTime = now.toISOString();
      node.textContent = dayAndTime(now);
    }
  }

  // The rehearsal keeps every toast; those from before the visitor became this person are old.
  showToasts(toasts) {
    const old = this.told.get(this.as) ?? toasts.length;
    for (const text of toasts.slice(old)) this.toast(text);
    this.told.set(this.as, toasts.length);
  }

  toast(text) {
    const node = h("p", { class: "toast" }, text);
    at("toasts").append(node);
    // Shown again, it lies above a modal that was opened since.
    at("toasts").hidePopover();
    at("toasts").showPopover();
    setTimeout(() => node.remove(), FRESH_FOR);
  }
}

function crowdSaid(answered) {
  if (!answered) return "Nobody answered: no pulse is open, or all who would answer have.";
  return answered === 1 ? "One person answered." : `${answered} people answered.`;
}

function wireStage(desk) {
  const form = at("crowd");
  const share = (name) => Number(form.elements[name].value) / 100;
  for (const slider of form.querySelectorAll("input[type=range]")) {
    const show = () => {
      slider.nextElementSibling.value = `${slider.value} %`;
    };
    slider.addEventListener("input", show);
    show();
  }
  const busyWhile = async (button, work) => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await work();
    } finally {
      button.removeAttribute("aria-busy");
    }
  };
  const crowd = async (asked) => {
    const done = await desk.tell("crowd", { as: desk.as, ...asked });
    if (done) desk.toast(crowdSaid(done.answered));
  };
  const next = async () => {
    const done = await desk.tell("clock", { to: "next" });
    if (done) desk.toast(done.said ?? `It is now ${dayAndTime(new Date(done.now))}.`);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busyWhile(at("crowd-go"), () =>
      crowd({ share: share("share"), mood: { marketing: share("marketing"), it: share("it") } }),
    );
  });
  at("next").addEventListener("click", () => busyWhile(at("next"), next));
  for (const button of document.querySelectorAll("[data-type]")) {
    button.addEventListener("click", () => {
      desk.stage.set(false);
      if (desk.place === HOME) desk.goTo(desk.firstPlace());
      desk.composer.put(button.dataset.type);
    });
  }
}

function wireMembership(desk) {
  at("membership").addEventListener("click", () =>
    desk.tell(desk.channel.member ? "leave" : "join", { as: desk.as, channel: desk.place }),
  );
}

function wireTheme() {
  const button = at("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (localStorage.getItem("theme") ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
    button.setAttribute("aria-pressed", String(isDark()));
  };
  button.addEventListener("click", () => {
    localStorage.setItem("theme", isDark() ? "light" : "dark");
    show();
  });
  system.addEventListener("change", show);
  show();
}

function wirePeople(desk) {
  at("people").addEventListener("change", (event) => desk.become(event.target.value));
  at("people-filter").addEventListener("input", () => desk.showPeople());
  at("people-filter").addEventListener("keydown", (event) => {
    const first = [...at("people").options].find((option) => option.value !== desk.as);
    if (event.key === "Enter" && first) desk.become(first.value);
  });
}

function wireScroll(desk) {
  const scroller = at("scroller");
  scroller.addEventListener("scroll", () => {
    desk.stuck = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;
    if (desk.stuck) at("below").hidden = true;
  });
  at("below").addEventListener("click", () => desk.toTheEnd());
  // Images arrive after their message.
  new ResizeObserver(() => desk.follow()).observe(at("messages"));
}

for (const node of document.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));
wireTheme();
const desk = new Desk();
desk.sidebar = new Drawer(at("sidebar"), at("menu"), at("scrim"), "(min-width: 760px)");
desk.stage = new Drawer(at("stage"), at("stage-open"), at("scrim"), "(min-width: 1180px)");
wireStage(desk);
wirePeople(desk);
wireMembership(desk);
wireScroll(desk);
await desk.refresh();
if (desk.place === HOME) desk.tell("home", { as: desk.as });
listen(
  () => desk.refresh(),
  (connected) => {
    at("offline").hidden = connected;
  },
);
