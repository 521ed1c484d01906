"use strict";
// Find a person among everybody who ever failed. The data are in the page, compressed; without this script the newest
// failures are a plain table. Nothing of the data is ever used as markup.
(async () => {
  const find = document.getElementById("people-find");
  if (typeof DecompressionStream === "undefined") return;
  const say = JSON.parse(find.dataset.messages);
  const MOST = 50;
  const raw = atob(document.getElementById("people-data").textContent);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  const number = new Intl.NumberFormat(document.documentElement.lang).format;
  const fill = (text, given) => text.replace(/\{(\w+)\}/g, (_, name) => given[name]);
  const lower = data.people.map((identity) => identity.toLowerCase());
  const first = new Array(lower.length);
  for (let person = 0, at = 0; person < lower.length; at += data.shown[person], person++) first[person] = at;

  const isOpen = new Uint8Array(lower.length);
  for (let person = 0; person < lower.length; person++) {
    for (let at = first[person]; at < first[person] + data.shown[person]; at++) if (data.state[at] === 1) isOpen[person] = 1;
  }

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const failures = (person) => {
    const found = [];
    let run = 0;
    for (let at = first[person]; at < first[person] + data.shown[person]; at++) {
      run += data.run[at];
      found.push({ run: data.runs[run], reason: data.codes[data.code[at]], state: data.state[at] });
    }
    return found;
  };
  const table = (person) => {
    const heads = [say.when, say.feed, say.reason, say.state];
    const rows = failures(person).map(({ run: [href, feed, when, , isRetry], reason: [codes, words], state }) => {
      const cells = [
        [element("a", { href }, when)],
        [element("bdi", {}, feed), isRetry ? ` (${say.retry})` : ""],
        [element("bdi", {}, words || codes), " ", element("span", { className: "small" }, words ? codes : "")],
        [data.states[state]],
      ].map((children, column) => {
        const made = element("td", {}, ...children);
        made.dataset.label = heads[column];
        return made;
      });
      return element("tr", {}, ...cells);
    });
    const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
    const made = element("table", { className: "cards" }, element("thead", {}, head), element("tbody", {}, ...rows));
    const [all, shown] = [data.count[person], data.shown[person]];
    if (all === shown) return [made];
    const left = fill(say.more, { shown: number(shown), runs: number(all) });
    return [made, element("p", { className: "small" }, left)];
  };
  const entry = (person, isOnly) => {
    const runs = data.count[person];
    const words = runs === 1 ? say.run : fill(say.runs, { runs: number(runs) });
    const states = new Set(failures(person).filter(({ state }) => state).map(({ state, run }) => `${run[1]}: ${data.states[state]}`));
    const head = element("summary", {}, element("b", {}, element("bdi", {}, data.people[person])), ` ${words}. ${[...states].join("; ")}`);
    const made = element("details", {}, head);
    const show = () => { if (made.children.length === 1) made.append(...table(person)); };
    made.addEventListener("toggle", () => { if (made.open) show(); });
    if (isOnly) {
      show();
      made.open = true;
    }
    return element("li", {}, made);
  };

  const search = find.querySelector("input");
  const list = document.getElementById("people-found");
  const draw = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const whole = search.value.trim().toLowerCase();
    const ranked = [[], [], []]; // the whole text is their ID, those who are open, the others
    let found = 0;
    for (let person = 0; words.length && person < lower.length; person++) {
      if (!words.every((word) => lower[person].includes(word))) continue;
      found += 1;
      const rank = ranked[lower[person] === whole ? 0 : isOpen[person] ? 1 : 2];
      if (rank.length < MOST) rank.push(person);
    }
    const shown = ranked.flat().slice(0, MOST);
    list.replaceChildren(...shown.map((person) => entry(person, shown.length === 1)));
    list.hidden = !words.length;
    document.getElementById("people-first").hidden = words.length > 0;
    const text = !words.length ? say.shown : found > shown.length ? say.first : say.found;
    const given = { found: number(found), shown: number(words.length ? shown.length : lower.length), all: number(lower.length) };
    find.querySelector("output").textContent = fill(text, given);
    const kept = words.length ? `#${new URLSearchParams({ q: search.value })}` : "";
    history.replaceState(null, "", location.href.split("#")[0] + kept);
  };
  const read = () => { search.value = new URLSearchParams(location.hash.slice(1)).get("q") ?? ""; };
  search.addEventListener("input", draw);
  addEventListener("hashchange", () => { read(); draw(); });
  find.hidden = false;
  read();
  draw();
  search.focus();
})();
