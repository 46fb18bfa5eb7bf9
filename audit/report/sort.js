"use strict";
// Without this script every table stands in its own order; with it, each column heading is a button that sorts.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll("thead th")];
  const number = (text) => parseFloat(text.replace(/\u2212/g, "-").replace(/,/g, ""));
  const key = (row, column) => row.cells[column].textContent.trim();
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const rows = [...body.rows];
      rows.sort((first, second) => {
        const [a, b] = [key(first, column), key(second, column)];
        const [x, y] = [number(a), number(b)];
        const order = Number.isNaN(x) || Number.isNaN(y)
          ? Number.isNaN(x) - Number.isNaN(y) || a.localeCompare(b)
          : x - y;
        return falling ? -order : order;
      });
      body.append(...rows);
    });
  });
}
