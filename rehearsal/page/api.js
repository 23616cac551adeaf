export class Refused extends Error {}

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refused("The rehearsal does not answer. Is it still running in its terminal?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok || body.ok === false) throw new Refused(body.error ?? `The rehearsal answered ${response.status}.`);
  return body;
}

export const getState = (as) => answered(fetch(`/rehearsal/state?as=${encodeURIComponent(as ?? "")}`));

export const post = (what, body) =>
  answered(
    fetch(`/rehearsal/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  );

export function listen(onChange, onConnection) {
  const events = new EventSource("/rehearsal/events");
  events.addEventListener("changed", onChange);
  events.addEventListener("open", () => onConnection(true));
  events.addEventListener("error", () => onConnection(false));
  return events;
}
