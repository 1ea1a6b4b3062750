// What to show: wire, route, status, metric, objective; time zone and appearance.

const METRIC_NAMES = { total: "total", first_byte: "first byte", server: "server" };

function control(name, child, extra = "") {
  return element("label", { class: `control ${extra}` }, name, child);
}

function choice(options, current, choose) {
  const select = element("select", { onchange: (event) => choose(event.target.value) });
  for (const [value, label] of options) {
    const option = element("option", { value }, label);
    option.selected = String(value) === String(current);
    select.append(option);
  }
  return select;
}

function drawControls() {
  const { head } = state;
  const made = [];
  if (head.wires.length > 1) {
    const wires = [["", "All wires"], ...head.wires.map((wire) => [wire.name, wire.name])];
    made.push(control("Wire", choice(wires, state.wire, (wire) => update({ wire, route: -1 }))));
  }
  const routes = head.routes.map((route, index) => [index, routeName(route)]);
  const listed = routes.filter(([index]) => state.wire === "" || head.routes[index].wire === state.wire);
  made.push(control("Route", choice([[-1, "All routes"], ...listed], state.route, (route) => update({ route: Number(route) }))));
  const statuses = [...new Set(state.series.map((series) => series.status))].filter(Boolean).sort();
  if (statuses.length > 1) {
    made.push(control("Status", choice([["", "All answers"], ...statuses.map((status) => [status, status])], state.status, (status) => update({ status }))));
  }
  if (head.metrics.length > 1) {
    const metrics = head.metrics.map((metric, index) => [index, METRIC_NAMES[metric] ?? metric]);
    made.push(control("Latency", choice(metrics, state.metric, (metric) => update({ metric: Number(metric) }))));
  }
  made.push(objectiveControl());
  replace(byId("controls"), ...made);
}

function routeName(route) {
  return route.method ? `${route.method} ${route.route}` : route.route;
}

function objectiveControl() {
  const given = element("span", { class: "segments", role: "group", "aria-label": "Objectives" });
  const options = state.head.objectives.map((objective) => [objective.nanos, objective.text]);
  segments(given, options, state.objective, (objective) => update({ objective }));
  const isGiven = options.some(([nanos]) => nanos === state.objective);
  const input = element("input", {
    type: "text", inputmode: "text", placeholder: "other: 2s", "aria-label": "Another objective, as in 200ms or 1.5s",
    value: isGiven || !state.objective ? "" : objectiveOfNanos(state.objective),
    onchange: (event) => {
      const nanos = parseObjective(event.target.value);
      event.target.setAttribute("aria-invalid", String(nanos === null && event.target.value !== ""));
      if (nanos !== null) update({ objective: nanos });
    },
  });
  const box = element("span", { class: "objectives" }, options.length ? given : null, input);
  return element("div", { class: "control objective" }, `Objective (for ${state.head.target_percent} % of requests)`, box);
}

function drawTop() {
  segments(byId("zone"), [[false, "UTC"], [true, "Local"]], state.local, (local) => update({ local }));
  segments(byId("theme"), [["auto", "Auto"], ["light", "Light"], ["dark", "Dark"]], state.theme, (theme) => update({ theme }));
  const { head } = state;
  if (head.first_us !== null) {
    const times = { ...clock(), date: true };
    const zone = state.local ? "local time" : "UTC";
    byId("source").textContent = [
      head.sources.join(", "),
      `${formatTime(head.first_us, times)} to ${formatTime(head.last_us, times)} ${zone} (${formatSpan((head.last_us - head.first_us) / 1e6)})`,
      `windows of ${formatSpan(head.length_us / 1e6)}`,
    ].filter(Boolean).join(" · ");
  }
}

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

function applyTheme() {
  const dark = state.theme === "dark" || (state.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}
