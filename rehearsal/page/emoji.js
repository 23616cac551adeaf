// The names that bots use most. Any other name is shown as it was written.
export const EMOJI = {
  __proto__: null,
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", wave: "👋", clap: "👏", pray: "🙏", raised_hands: "🙌",
  muscle: "💪", eyes: "👀", smile: "😄", slightly_smiling_face: "🙂", neutral_face: "😐", slightly_frowning_face: "🙁",
  thinking_face: "🤔", tada: "🎉", sparkles: "✨", star: "⭐", fire: "🔥", heart: "❤️", rocket: "🚀", bulb: "💡",
  warning: "⚠️", rotating_light: "🚨", white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️",
  x: "❌", no_entry: "⛔", question: "❓", exclamation: "❗", information_source: "ℹ️", lock: "🔒", unlock: "🔓",
  key: "🔑", bell: "🔔", no_bell: "🔕", mega: "📣", loudspeaker: "📢", speech_balloon: "💬", pencil: "📝", memo: "📝",
  pushpin: "📌", link: "🔗", bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉",
  calendar: "📆", date: "📅", clock9: "🕘", hourglass: "⌛", hourglass_flowing_sand: "⏳", alarm_clock: "⏰",
  stopwatch: "⏱️", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", arrow_left: "⬅️", left_right_arrow: "↔️",
  arrows_counterclockwise: "🔄", large_blue_circle: "🔵", red_circle: "🔴", large_green_circle: "🟢",
  large_orange_circle: "🟠", large_yellow_circle: "🟡", white_circle: "⚪", black_circle: "⚫", busts_in_silhouette: "👥",
  handshake: "🤝", heartbeat: "💓", mag: "🔍", gear: "⚙️", wrench: "🔧", zzz: "💤", double_vertical_bar: "⏸️",
  arrow_forward: "▶️", one: "1️⃣", two: "2️⃣", three: "3️⃣", four: "4️⃣", five: "5️⃣",
};
