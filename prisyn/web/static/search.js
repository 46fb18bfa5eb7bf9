"use strict";
/* The search box: options come from the server as they are typed; arrow keys choose among them (ARIA combobox). */
(() => {
  const box = document.getElementById("q");
  const list = document.getElementById("suggestions");
  if (!box || !list) return;
  const options = () => [...list.querySelectorAll('[role="option"]')];
  const chosen = () => list.querySelector('[aria-selected="true"]');

  function open(show) {
    list.hidden = !show;
    box.setAttribute("aria-expanded", String(show));
    if (!show) choose(null);
  }

  function choose(option) {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
  }

  const go = (option) => window.location.assign(option.dataset.address);

  document.addEventListener("htmx:after:swap", () => {
    if (document.activeElement === box) open(options().length > 0);
  });
  box.addEventListener("keydown", (event) => {
    const all = options();
    if (event.key === "Escape") { open(false); return; }
    if (event.key === "Enter" && chosen()) { event.preventDefault(); go(chosen()); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !all.length) return;
    event.preventDefault();
    open(true);
    const at = all.indexOf(chosen());
    choose(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length]);
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option) { event.preventDefault(); go(option); }
  });
  box.addEventListener("blur", () => open(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) { event.preventDefault(); box.focus(); }
  });
})();
