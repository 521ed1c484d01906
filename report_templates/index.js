"use strict";
// Search, filter, sort, and page all jobs, and go to a person. The jobs are in the page, compressed; without this script
// the newest of them are a plain table. Nothing of the data is ever used as markup.
(async () => {
  const person = document.getElementById("person-search");
  if (person) {
    const go = () => { location.href = `people.html#${new URLSearchParams({ q: person.value.trim() })}`; };
    person.closest(".find").hidden = false;
    person.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    document.getElementById("person-go").addEventListener("click", go);
  }
  const block = document.getElementById("job-data");
  const find = document.getElementById("job-find");
  if (!block || typeof DecompressionStream === "undefined") return;
  const say = JSON.parse(find.dataset.messages);
  const PAGE = 100;
  const raw = atob(block.textContent);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const { values, rows } = JSON.parse(await new Response(stream).text());
  const number = new Intl.NumberFormat(document.documentElement.lang).format;
  const fill = (text, given) => text.replace(/\{(\w+)\}/g, (_, name) => given[name]);

  const jobs = rows.map((row, place) => {
    const [page, short, feed, when, letter, how, state, error, outcome, users, notUpdated, open, kind, marks] = row;
    const job = {
      place, page, short, when, users, notUpdated, open, marks,
      feed: values[feed], letter: values[letter], how: values[how], state: values[state], error: values[error],
      outcome: values[outcome], kind: values[kind], minute: row[14], usersNumber: row[15], failedNumber: row[16],
    };
    job.status = job.error === "NoError" ? job.state : `${job.state}, ${job.error}`;
    const shown = [job.feed, page, when, job.outcome, job.status, users, notUpdated, open, ...marks.map((mark) => mark[0])];
    job.text = shown.join("\n").toLowerCase();
    return job;
  });

  // The columns in their order: how each sorts; unknown numbers come last in either order.
  const digits = (text) => (/^\D*[\d.,]+/.test(text) ? Number(text.replace(/\D/g, "")) : null);
  const keys = {
    feed: (job) => job.feed, when: (job) => job.minute, outcome: (job) => job.outcome, users: (job) => job.usersNumber,
    notUpdated: (job) => job.failedNumber, open: (job) => digits(job.open), status: (job) => job.status,
  };
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const compare = (key, down) => (one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === null || b === null) return (a === null) - (b === null) || one.place - other.place;
    const order = typeof a === "number" ? a - b : collator.compare(a, b);
    return (down ? -order : order) || one.place - other.place;
  };

  const table = document.getElementById("job-table");
  const body = table.tBodies[0];
  const pages = document.getElementById("job-pages");
  const fields = [...find.querySelectorAll("[data-key]")];
  const state = { q: "", feed: "", outcome: "", kind: "", sort: "-when", page: 1 };
  const usual = { ...state };
  const read = () => {
    const given = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    for (const key of Object.keys(state)) state[key] = given.get(key) ?? usual[key];
    state.page = Math.max(1, Number.parseInt(state.page, 10) || 1);
    if (!(state.sort.replace(/^-/, "") in keys)) state.sort = usual.sort;
    for (const field of fields) {
      field.value = state[field.dataset.key];
      if (field.value !== state[field.dataset.key]) field.value = state[field.dataset.key] = "";
    }
  };
  const write = () => {
    const kept = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) if (value !== usual[key]) kept.set(key, value);
    history.replaceState(null, "", location.href.split("#")[0] + (kept.size ? `#${kept}` : ""));
  };

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const link = (text, href) => element(href ? "a" : "span", href ? { href } : {}, element("bdi", {}, text));
  const cell = (key, className, ...children) => {
    const made = element("td", { className }, ...children);
    made.dataset.label = say[key];
    return made;
  };
  const drawn = (job) => {
    const head = element("th", { scope: "row" });
    const own = link(job.feed, job.page && `jobs/${job.page}.html`);
    own.append(" ", element("span", { className: "id" }, job.short));
    head.append(own);
    for (const [text, href] of job.marks) {
      head.append(element("br"), element("span", { className: "small" }, link(text, href)));
    }
    const when = cell("when", "", job.when);
    if (job.letter) when.append(element("sup", { title: job.how }, job.letter));
    const badge = element("span", { className: `badge ${job.outcome}` }, names.get(job.outcome) ?? job.outcome);
    return element("tr", {}, head, when, cell("outcome", "", badge), cell("users", "number", job.users),
      cell("notUpdated", "number", job.notUpdated), cell("open", "number", job.open), cell("status", "", job.status));
  };
  const names = new Map([...find.querySelectorAll("select[data-key=outcome] option")].map((one) => [one.value, one.text]));

  const heads = [...table.tHead.rows[0].cells];
  Object.keys(keys).forEach((name, column) => {
    const button = element("button", { type: "button" }, ...heads[column].childNodes);
    heads[column].append(button);
    button.addEventListener("click", () => {
      // What is most comes first at the first click; texts in their order.
      const first = name === "feed" || name === "outcome" || name === "status" ? name : `-${name}`;
      const other = first.startsWith("-") ? name : `-${name}`;
      state.sort = state.sort === first ? other : first;
      state.page = 1;
      draw();
    });
  });

  const back = element("button", { type: "button" }, say.back);
  const next = element("button", { type: "button" }, say.next);
  const where = element("span");
  back.addEventListener("click", () => { state.page -= 1; draw(); table.scrollIntoView(); });
  next.addEventListener("click", () => { state.page += 1; draw(); table.scrollIntoView(); });
  pages.append(back, where, next);

  const draw = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const name = state.sort.replace(/^-/, "");
    const found = jobs.filter((job) => words.every((word) => job.text.includes(word))
      && ["feed", "outcome", "kind"].every((key) => !state[key] || job[key] === state[key]));
    if (state.sort !== usual.sort) found.sort(compare(keys[name], state.sort.startsWith("-")));
    const last = Math.max(1, Math.ceil(found.length / PAGE));
    state.page = Math.min(state.page, last);
    const from = (state.page - 1) * PAGE;
    const shown = found.slice(from, from + PAGE);
    body.replaceChildren(...shown.map(drawn));
    heads.forEach((head, column) => {
      head.removeAttribute("aria-sort");
      if (Object.keys(keys)[column] === name) {
        head.setAttribute("aria-sort", state.sort.startsWith("-") ? "descending" : "ascending");
      }
    });
    const text = !found.length ? say.none : found.length < jobs.length ? say.shownOf : say.shown;
    const given = {
      from: number(from + 1), to: number(from + shown.length), found: number(found.length), all: number(jobs.length),
    };
    find.querySelector("output").textContent = fill(text, given);
    where.textContent = `${number(state.page)} / ${number(last)}`;
    back.disabled = state.page === 1;
    next.disabled = state.page === last;
    pages.hidden = last === 1;
    write();
  };
  find.addEventListener("input", (event) => {
    state[event.target.dataset.key] = event.target.value;
    state.page = 1;
    draw();
  });
  for (const one of document.querySelectorAll(".of-feed")) {
    one.addEventListener("click", (event) => {
      event.preventDefault();
      Object.assign(state, usual, { feed: one.dataset.feed });
      for (const field of fields) field.value = state[field.dataset.key];
      draw();
      document.getElementById("jobs").scrollIntoView();
      fields[0].focus({ preventScroll: true });
    });
  }
  addEventListener("hashchange", () => {
    if (location.hash && !location.hash.includes("=")) return; // another part of the page
    read();
    draw();
  });
  document.getElementById("jobs-left")?.remove();
  find.hidden = false;
  const start = location.hash;
  read();
  draw();
  if (start && !start.includes("=")) history.replaceState(null, "", start);
})();
