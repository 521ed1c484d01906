"use strict";
// Search, filter and sort the tables that are in the page, and copy commands; without this script the tables are whole
// and in order, and a command can be selected.
const words = document.body.dataset;
const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language).format;
for (const find of document.querySelectorAll(".find[data-for]")) {
  const table = document.getElementById(find.dataset.for);
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const search = find.querySelector("input");
  const choices = [...find.querySelectorAll("select")];
  const apply = () => {
    const sought = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      const fits = sought.every((word) => texts[place].includes(word))
        && choices.every((choice) => !choice.value || row.dataset[choice.dataset.key] === choice.value);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    const values = { shown: number(shown), total: number(rows.length), things: table.dataset.noun };
    find.querySelector("output").textContent = words.found.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };
  find.addEventListener("input", apply);
  find.hidden = false;
  apply();
}
for (const table of document.querySelectorAll(".sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = new Intl.Collator(language, { numeric: true }).compare;
      const sorted = [...table.tBodies[0].rows].sort((a, b) => (down ? -1 : 1) * order(key(a), key(b)));
      table.tBodies[0].append(...sorted);
    });
  });
}
for (const place of document.querySelectorAll(".command, .copied")) {
  const text = place.querySelector("pre") ?? place;
  const words = document.body.dataset;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.copy;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    let copied = true;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch { // no clipboard for pages from disk, or no permission
      getSelection().selectAllChildren(text);
      copied = document.execCommand("copy");
    }
    button.textContent = copied ? words.copied : words.press;
    setTimeout(() => { button.textContent = words.copy; }, 3000);
  });
  if (text === place) place.after(" ", button);
  else place.append(button);
}
// What is folded up on the screen is printed, except the data of charts and people.
const folded = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.background:not([open])")) {
    details.open = true;
    folded.push(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of folded.splice(0)) details.open = false;
});
