// The accounts, and what taints the numbers.

const BYTE_TONES = { decoded: "accent", skipped: "p50", opaque: "faint", not_understood: "mean", buffered: "soft", gap: "bad" };
const spaced = (name) => name.replaceAll("_", " ");

function drawLedger() {
  const { head } = state;
  const wires = head.wires.map(wireAccount);
  const packets = element("div", { class: "account" }, element("h3", {}, "Packets"), chips(entries(head.packets)));
  replace(byId("accounts"), ...wires, packets);
  const notes = head.notes.map((note) => element("p", { class: "note" }, note));
  const lost = head.missing.reduce((sum, [, length]) => sum + length, 0);
  if (lost) notes.push(element("p", { class: "note" }, `Of ${formatCounted(head.places, "window")} ${formatCount(lost)} ${lost === 1 ? "was" : "were"} not reported: nothing is known of ${lost === 1 ? "it" : "them"}.`));
  replace(byId("notes"), ...notes);
}

// A number of bytes says by its unit that it is one, where there is no number of packets beside it.
const LABELS = { seen_elsewhere: "packets seen elsewhere", seen_elsewhere_bytes: "bytes seen elsewhere" };
const entries = (account) => Object.entries(account).filter(([, value]) => value > 0).map(([name, value]) =>
  [LABELS[name] ?? spaced(name.replace(/_bytes$/, "")), name.endsWith("_bytes") ? formatBytes(value) : formatCount(value)]);

function chips(list) {
  return element("div", { class: "chips" }, ...list.map(([name, value, tone]) => element("span", {},
    tone ? styled(element("i"), { background: colour(tone) }) : null, `${name} `, element("b", {}, value))));
}

const hasAny = (account) => Object.values(account).some((value) => value > 0);

function wireAccount(wire) {
  const { requests, streams, notices } = wire.ledger;
  const sum = (names) => names.flatMap((name, at) => [at ? " + " : "", `${spaced(name)} `, element("b", {}, formatCount(requests[name]))]);
  const bytes = Object.keys(BYTE_TONES).filter((name) => streams[name] > 0 || name === "gap");
  const stack = bytes.map((name) => styled(element("i", { title: spaced(name) }), { width: `${streams[name] / Math.max(1, streams.span) * 100}%`, background: colour(BYTE_TONES[name]) }));
  return element("div", { class: "account" },
    element("h3", {}, wire.name, element("span", { class: wire.coverage < 1 ? "badge taints" : "badge" }, `coverage ${wire.coverage_text}`),
      element("span", { class: wire.balances ? "balance" : "balance not" }, wire.balances ? "✓ balances" : "✗ does not balance")),
    // A wire without a decoder has none: a row of zeros would say nothing.
    hasAny(requests) ? element("p", { class: "equation" }, ...sum(["open_before", "started"]), " = ", ...sum(["answered", "unanswered", "no_answer_expected", "quarantined", "open_after"])) : null,
    element("div", { class: "stack" }, ...stack),
    chips([["bytes", formatBytes(streams.span)], ...bytes.map((name) => [spaced(name), formatBytes(streams[name]), BYTE_TONES[name]]), ...entries(notices)]));
}

// The wires that the shown numbers come from, and how much of them was seen.
function shownWires() {
  const { head } = state;
  const name = state.route >= 0 ? head.routes[state.route].wire : state.wire;
  return head.wires.filter((wire) => name === "" || wire.name === name);
}

// A badge beside every group of numbers, with its explanation on request.
function drawCoverage() {
  const wires = shownWires();
  const [text, ...said] = coverage(wires);
  const tainted = wires.some((wire) => wire.coverage < 1);
  for (const place of document.querySelectorAll(".taint")) {
    const link = element("button", { class: "link", type: "button", onclick: () => byId("ledger").scrollIntoView({ behavior: "smooth" }) }, "The whole ledger");
    replace(place, element("details", {},
      element("summary", { class: tainted ? "badge taints" : "badge" }, `coverage ${text}`),
      element("div", { class: "explanation" }, said.filter(Boolean).join(" ") + " ", link)));
  }
}

// The percentage, then sentences on what is missing.
function coverage(wires) {
  const sum = (part) => wires.reduce((total, wire) => total + part(wire.ledger), 0);
  const gap = sum((ledger) => ledger.streams.gap);
  const lost = sum((ledger) => ledger.streams.not_understood);
  const opaque = sum((ledger) => ledger.streams.opaque);
  const readable = sum((ledger) => ledger.streams.span) - opaque;
  const quarantined = sum((ledger) => ledger.requests.quarantined);
  const orphans = sum((ledger) => ledger.notices.orphan_answers);
  const { dropped } = state.head.packets;
  if (readable === 0 && opaque > 0) return ["–", "No byte could be read: there is no decoder, or they were tunnels, upgrades or encryption. Connections are timed all the same."];
  return [
    formatCoverage(readable > 0 ? 1 - (gap + lost) / readable : 1),
    gap || lost
      ? `Of the bytes that could be read, ${formatBytes(gap)} were never captured and ${formatBytes(lost)} were not understood. Requests inside them cannot be known: they are not in any number here, and not guessed.`
      : "Every byte that could be read was captured and understood.",
    quarantined ? `${formatCount(quarantined)} requests were counted but not timed, because a gap made it doubtful which answer was theirs.` : "",
    opaque ? `${formatBytes(opaque)} were out of reach (tunnels, upgrades, encryption) and do not count.` : "",
    orphans ? `${formatCount(orphans)} answers were seen without their request.` : "",
    dropped ? `The kernel or the card dropped ${formatCount(dropped)} packets.` : "",
  ];
}
