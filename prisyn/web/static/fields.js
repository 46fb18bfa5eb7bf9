"use strict";
/* Fields for genes: options come from the server as they are typed; arrow keys choose among them (ARIA combobox).
   The box of every page goes to the gene that is chosen; others take its name. */
(() => {
  const PAUSE = 120;

  function prepare(box) {
    const list = document.getElementById(box.getAttribute("aria-controls"));
    const options = () => [...list.querySelectorAll('[role="option"]')];
    const chosen = () => list.querySelector('[aria-selected="true"]');
    let timer = 0, asked = 0;

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

    function take(option) {
      if ("goes" in box.dataset) window.location.assign(option.dataset.address);
      else box.value = option.dataset.name;
      open(false);
    }

    async function ask() {
      const number = ++asked;
      const answer = await fetch(`/suggest?${new URLSearchParams({ q: box.value })}`).catch(() => null);
      /* An answer that comes after a later one is no answer to what stands there now. */
      if (!answer || !answer.ok || number !== asked) return;
      list.innerHTML = await answer.text();
      options().forEach((option, i) => { option.id = `${list.id}-${i + 1}`; });
      if (document.activeElement === box) open(options().length > 0);
    }

    box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
    box.addEventListener("keydown", (event) => {
      const all = options();
      if (event.key === "Escape") { open(false); return; }
      if (event.key === "Enter" && chosen()) { event.preventDefault(); take(chosen()); return; }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !all.length) return;
      event.preventDefault();
      open(true);
      const at = all.indexOf(chosen());
      choose(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length]);
    });
    list.addEventListener("mousedown", (event) => {
      const option = event.target.closest('[role="option"]');
      if (option) { event.preventDefault(); take(option); }
    });
    box.addEventListener("blur", () => open(false));
  }

  document.querySelectorAll('input[role="combobox"]').forEach(prepare);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      document.getElementById("q")?.focus();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) event.target.form.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "min_belief") event.target.form.querySelector("output").value = Number(event.target.value).toFixed(2);
  });
  /* Fields left empty say nothing, and need not stand in the address. */
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const field of event.target.elements) {
      if (field.name && (field.value === "" || (field.name === "min_belief" && Number(field.value) === 0))) field.disabled = true;
    }
    setTimeout(() => { for (const field of event.target.elements) field.disabled = false; });
  });
})();
