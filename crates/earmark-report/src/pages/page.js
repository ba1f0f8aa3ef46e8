
// Sorts a table by a column when its header is pressed: numbers from large to small first, names from A to Z.
// Rows without a value stay at the end. No "less than" and no ampersand in this file, so that the page stays valid XML.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  const language = new Intl.Collator(undefined, { numeric: true });
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("num");
      const before = head.getAttribute("aria-sort");
      const down = before ? before === "ascending" : numeric;
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => (numeric ? row.cells[column].dataset.v : row.cells[column].textContent.trim());
      const compare = (a, b) => {
        const [x, y] = [text(a), text(b)];
        if (x === "" || y === "") return (x === "" ? 1 : 0) - (y === "" ? 1 : 0);
        const order = numeric ? x - y : language.compare(x, y);
        return down ? -order : order;
      };
      body.append(...Array.from(body.rows).sort(compare));
    });
  });
}
