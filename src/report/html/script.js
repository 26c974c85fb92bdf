"use strict";
// Without this script the page is the whole list; with it, the list is sifted and grouped.
const at = (id) => document.getElementById(id);
const main = at("findings");
const all = [...main.querySelectorAll(".finding")];
const texts = new Map(all.map((one) => [one, one.textContent.toLowerCase()]));
const controls = { find: at("find"), verdict: at("verdict"), severity: at("severity"), group: at("group") };
const order = { severity: ["critical", "high", "medium", "low", "info"], verdict: ["refused", "asked", "noted", "let through"] };

for (const key of ["verdict", "severity"]) {
  const present = new Set(all.map((one) => one.dataset[key]));
  for (const word of order[key].filter((word) => present.has(word))) {
    controls[key].append(new Option(word, word));
  }
}
const owned = all.some((one) => one.dataset.owner !== "");
controls.group.value = owned ? "owner" : "rule";
if (!owned) controls.group.querySelector("[value=owner]").remove();

function shown(one, words) {
  return ["verdict", "severity"].every((key) => !controls[key].value || one.dataset[key] === controls[key].value)
    && words.every((word) => texts.get(one).includes(word));
}

function draw() {
  const words = controls.find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const left = all.filter((one) => shown(one, words));
  const key = controls.group.value;
  const groups = new Map();
  for (const one of left) {
    const name = key ? one.dataset[key] || "nobody" : "";
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(one);
  }
  const parts = [];
  const sorted = [...groups].sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
  for (const [name, members] of sorted) {
    if (key) {
      const head = document.createElement("h2");
      const count = document.createElement("small");
      count.textContent = " " + members.length;
      head.append(name, count);
      parts.push(head);
    }
    parts.push(...members);
  }
  if (left.length === 0) {
    const nothing = document.createElement("p");
    nothing.className = "nothing";
    nothing.textContent = all.length ? "Nothing fits these choices." : "Nothing was found.";
    parts.push(nothing);
  }
  main.replaceChildren(...parts);
  at("count").textContent = left.length + " of " + all.length + (all.length === 1 ? " finding" : " findings");
}

for (const control of Object.values(controls)) control.addEventListener("input", draw);
at("controls").addEventListener("submit", (event) => event.preventDefault());
at("open").addEventListener("click", () => {
  const details = [...main.querySelectorAll("details")];
  const open = details.some((one) => !one.open);
  for (const one of details) one.open = open;
  at("open").textContent = open ? "Close all" : "Open all";
});
// A link to a rule opens it.
function openTarget() {
  const target = location.hash && at(location.hash.slice(1));
  const details = target && target.querySelector("details");
  if (details) details.open = true;
}
window.addEventListener("hashchange", openTarget);
at("controls").hidden = all.length === 0;
if (all.length) draw();
openTarget();
