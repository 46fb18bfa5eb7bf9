"use strict";
/* Single keys press the buttons that bear them. They are off while one writes, and can be switched off for good. */
(() => {
  const OFF = "prisyn-keys-off";

  function prepare() {
    const keys = document.getElementById("keys");
    if (keys) keys.checked = localStorage.getItem(OFF) === null;
  }

  document.addEventListener("change", (event) => {
    if (event.target.id !== "keys") return;
    if (event.target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || localStorage.getItem(OFF) !== null) return;
    const at = event.target;
    if (at.matches("textarea, select, input:not([type=checkbox])")) {
      if (event.key === "Escape") at.blur();
      return;
    }
    // Space presses the button or follows the box that has the focus, as everywhere.
    if (event.key === " " && at.matches("button, a, input")) return;
    if (event.key === "c") {
      event.preventDefault();
      document.getElementById("comment")?.focus();
      return;
    }
    const button = document.querySelector(`#judge button[data-key="${CSS.escape(event.key)}"]`);
    if (button) {
      event.preventDefault();
      if (!document.querySelector("#desk.htmx-request, #judge.htmx-request")) button.click();
    }
  });

  document.addEventListener("htmx:after:swap", () => {
    const desk = document.getElementById("desk");
    if (!desk || !desk.dataset.said) return;
    const heading = document.getElementById("now");
    document.getElementById("said").textContent = `${desk.dataset.said} ${heading ? heading.textContent : ""}`;
    desk.dataset.said = "";
    prepare();
    // 9, "other", needs words; anything else goes on with the next statement.
    if (desk.querySelector('[role="alert"]')) document.getElementById("comment")?.focus();
    else heading?.focus();
  });
  document.addEventListener("DOMContentLoaded", prepare);
})();
