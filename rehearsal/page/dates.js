// Slack's date tokens in the browser's own zone. `now` is the rehearsal's clock, which may be ahead of the real one.
const SIX_MONTHS = 183 * 24 * 3600 * 1000;

const part = (moment, options) => new Intl.DateTimeFormat("en-GB", options).format(moment);

function ordinal(day) {
  const last = day % 10;
  if (day > 10 && day < 14) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[last] ?? "th"}`;
}

export function daysBetween(earlier, later) {
  const midnight = (moment) => Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate());
  return Math.round((midnight(later) - midnight(earlier)) / (24 * 3600 * 1000));
}

function pretty(moment, now) {
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[daysBetween(now, moment)];
}

// Slack leaves the year out of a date within six months.
const year = (moment, now) => (Math.abs(moment - now) < SIX_MONTHS ? "" : `, ${moment.getFullYear()}`);

const plainDate = (moment, now) =>
  `${part(moment, { month: "long" })} ${ordinal(moment.getDate())}${year(moment, now)}`;
const shortDate = (moment, now) => `${part(moment, { month: "short" })} ${moment.getDate()}${year(moment, now)}`;
const longDate = (moment, now) => `${part(moment, { weekday: "long" })}, ${plainDate(moment, now)}`;

function ago(moment, now) {
  const minutes = Math.round((moment - now) / 60000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
  if (Math.abs(minutes) < 48 * 60) return words.format(Math.round(minutes / 60), "hour");
  return words.format(Math.round(minutes / 1440), "day");
}

export const clock = (moment, more = {}) =>
  new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", ...more }).format(moment);

export const dayTitle = (moment, now) => {
  const word = pretty(moment, now);
  return word ? word[0].toUpperCase() + word.slice(1) : longDate(moment, now);
};

export const whole = (moment) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" }).format(moment);

const TOKENS = {
  __proto__: null,
  date_num: (moment) =>
    [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map((n) => String(n).padStart(2, "0")).join("-"),
  date_slash: (moment) =>
    [moment.getMonth() + 1, moment.getDate(), moment.getFullYear()].map((n) => String(n).padStart(2, "0")).join("/"),
  date: plainDate,
  date_short: shortDate,
  date_long: longDate,
  date_pretty: (moment, now) => pretty(moment, now) ?? plainDate(moment, now),
  date_short_pretty: (moment, now) => pretty(moment, now) ?? shortDate(moment, now),
  date_long_pretty: (moment, now) => pretty(moment, now) ?? longDate(moment, now),
  day_divider_pretty: dayTitle,
  time: (moment) => clock(moment),
  time_secs: (moment) => clock(moment, { second: "2-digit" }),
  ago,
};

// Slack makes the first character of the format a capital; bots that do not want it put U+200B before it
// (according to the documentation of Perl's Slack::BlockKit, RichText::Date).
export function formatDate(moment, format, now) {
  const text = format.replace(/\{(\w+)\}/g, (token, name) => (TOKENS[name] ? TOKENS[name](moment, now) : token));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
