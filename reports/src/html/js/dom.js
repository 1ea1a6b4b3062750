// Small helpers. Text always goes in as text: names come from the network.

const byId = (id) => document.getElementById(id);

// element("td", { class: "bad", onclick: f }, "text", child, …)
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function replace(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

// A width or colour: a style attribute would be blocked by the page's own policy, a property is not.
function styled(made, styles) {
  Object.assign(made.style, styles);
  return made;
}

// A group of buttons of which one is pressed. options: [[value, label], …]
function segments(parent, options, current, choose) {
  const buttons = options.map(([value, label]) =>
    element("button", { type: "button", "aria-pressed": String(value === current), onclick: () => choose(value) }, label));
  replace(parent, ...buttons);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}
