"use strict";
// Search, filter, sort, page, and save all users of a job. Their data are in the page, compressed; without this script the
// first of them are a plain table. Nothing of the data is ever used as markup.
(async () => {
  const block = document.getElementById("people-data");
  const app = document.getElementById("people-app");
  if (!block || !app || typeof DecompressionStream === "undefined") return;
  const say = JSON.parse(app.dataset.messages);
  const PAGE = 200;
  const GUARDED = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

  const raw = atob(block.textContent);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  const columns = new Map(data.columns.map((column) => [column.name, column]));
  const number = new Intl.NumberFormat(document.documentElement.lang).format;
  const cell = (column, row) => column.values[column.at ? column.at[row] : row];
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const words = (column, row) => {
    const value = cell(column, row);
    if (value === null || value === undefined) return "";
    return typeof value === "number" && column.name.startsWith("value:") === false ? number(value) : String(value);
  };

  // What a search looks at, in lower case: everything that a row or its record shows.
  const sought = data.columns.filter((column) => !["runs", "entries", "record"].includes(column.name));
  const lower = sought.map((column) => column.values.map((value) => String(value ?? "").toLowerCase()));
  const texts = new Array(data.n);
  for (let row = 0; row < data.n; row++) {
    let text = "";
    for (let at = 0; at < sought.length; at++) {
      const { at: index } = sought[at];
      text += `${lower[at][index ? index[row] : row]}\n`;
    }
    texts[row] = text;
  }

  const state = { q: "", status: "", code: "", property: "", sort: "status", page: 1 };
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(state)) state[key] = given.get(key) ?? (key === "sort" ? "status" : "");
    state.page = Math.max(1, Number.parseInt(state.page, 10) || 1);
    const name = state.sort.replace(/^-/, "");
    if (!columns.has(name)) state.sort = "status";
  };
  const write = () => {
    const kept = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      const usual = { sort: "status", page: 1 }[key] ?? "";
      if (value !== usual) kept.set(key, value);
    }
    history.replaceState(null, "", location.href.split("#")[0] + (kept.size ? `#${kept}` : ""));
  };

  // Rows by a column's order, the users of one value by ID: counting, since each value has its place.
  const orders = new Map();
  const orderBy = (name) => {
    if (!orders.has(name)) {
      const column = columns.get(name);
      const order = new Uint32Array(data.n);
      if (!column.at) {
        for (let row = 0; row < data.n; row++) order[row] = row;
      } else {
        const next = new Uint32Array(column.values.length + 1);
        for (const value of column.at) next[value + 1]++;
        for (let value = 0; value < column.values.length; value++) next[value + 1] += next[value];
        for (let row = 0; row < data.n; row++) order[next[column.at[row]]++] = row;
      }
      orders.set(name, order);
    }
    return orders.get(name);
  };

  const codesOf = (column) => [...new Set(column.values.flatMap((value) => String(value).split(", ")).filter(Boolean))];
  const test = (name, wanted, exact) => {
    if (!wanted) return null;
    const column = columns.get(name);
    const fits = column.values.map((value) => (exact ? value === wanted : String(value).split(", ").includes(wanted)));
    return (row) => fits[column.at[row]];
  };

  let found = [];
  let narrowed = null; // the last search, which a longer one narrows
  const search = () => {
    const sought = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const tests = [test("status", state.status, true), test("code" + "s", state.code), test("property", state.property)]
      .filter(Boolean);
    const order = orderBy(state.sort.replace(/^-/, ""));
    const key = JSON.stringify([state.status, state.code, state.property, state.sort]);
    const within = narrowed && narrowed.key === key && narrowed.q && state.q.startsWith(narrowed.q) ? found : order;
    const rows = new Uint32Array(within.length);
    let count = 0;
    const down = state.sort.startsWith("-") && within === order;
    for (let place = 0; place < within.length; place++) {
      const row = within[down ? within.length - 1 - place : place];
      let fits = true;
      for (let at = 0; fits && at < sought.length; at++) fits = texts[row].includes(sought[at]);
      for (let at = 0; fits && at < tests.length; at++) fits = tests[at](row);
      if (fits) rows[count++] = row;
    }
    found = rows.subarray(0, count);
    narrowed = { key, q: state.q };
  };

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const bdi = (text) => make("bdi", {}, text);

  const table = document.getElementById("people-table");
  // Without an earlier run of the feed, no user is new or recurring.
  const hasStatus = columns.get("status").values.some(Boolean);
  const HEADS = ["identity", "reason", ...(hasStatus ? ["status"] : []), "entries"];
  const heads = HEADS.map((name) => {
    const button = make("button", { type: "button" }, columns.get(name).label);
    const head = make("th", { scope: "col" }, button);
    button.addEventListener("click", () => {
      state.sort = state.sort === name ? `-${name}` : name;
      state.page = 1;
      update();
    });
    return head;
  });
  table.tHead.rows[0].replaceChildren(...heads);

  const entryText = (place, row) => {
    const at = data.text[place];
    return at < 0 ? say.inLog : data.texts[at].replaceAll("\u0001", cell(columns.get("identity"), row));
  };
  const detailsOf = (row) => {
    const record = make("dl", { class: "facts" });
    const add = (label, value) => {
      if (value !== "") record.append(make("dt", {}, bdi(label)), make("dd", {}, bdi(value)));
    };
    add(columns.get("remedy").label, words(columns.get("remedy"), row));
    if (columns.has("directory")) add(columns.get("directory").label, words(columns.get("directory"), row));
    add(columns.get("record").label, words(columns.get("record"), row));
    for (const column of data.columns) if (column.name.startsWith("value:")) add(column.label, words(column, row));
    const list = make("ol", { class: "entries" });
    for (let place = data.first[row]; place < data.first[row + 1]; place++) {
      const where = fill(say.place, { file: data.files[data.file[place]], line: number(data.line[place]) });
      list.append(make("li", {}, make("p", { class: "place" }, bdi(where)), make("pre", { tabindex: "0" }, entryText(place, row))));
    }
    return make("tr", { class: "more" }, make("td", { colspan: String(HEADS.length) }, record, list));
  };
  const rowOf = (row) => {
    const button = make("button", { type: "button", "aria-expanded": "false", class: "open" },
      fill(say.entries, { n: words(columns.get("entries"), row) }));
    const since = words(columns.get("since"), row);
    const runs = cell(columns.get("runs"), row);
    const status = make("td", { "data-label": columns.get("status").label }, words(columns.get("status"), row));
    if (since && runs > 1) status.append(make("br"), " ", make("span", { class: "small" }, fill(say.since, { since, n: number(runs) })));
    const reason = make("td", { "data-label": columns.get("reason").label }, bdi(words(columns.get("reason"), row)),
      make("br"), " ", make("span", { class: "small" }, bdi(words(columns.get("codes"), row))));
    const line = make("tr", {}, make("th", { scope: "row" }, bdi(words(columns.get("identity"), row))), reason, ...(hasStatus ? [status] : []),
      make("td", { "data-label": columns.get("entries").label }, button));
    button.addEventListener("click", () => {
      const isOpen = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!isOpen));
      if (isOpen) line.nextSibling.remove();
      else line.after(detailsOf(row));
    });
    return line;
  };

  const hasList = document.querySelector("section[aria-labelledby=people] > .buttons") !== null; // of all people, to download
  const output = make("output");
  const back = make("button", { type: "button" }, say.back);
  const forth = make("button", { type: "button" }, say.forth);
  const draw = () => {
    const last = Math.max(1, Math.ceil(found.length / PAGE));
    state.page = Math.min(state.page, last);
    const from = (state.page - 1) * PAGE;
    const shown = found.subarray(from, from + PAGE);
    table.tBodies[0].replaceChildren(...Array.from(shown, rowOf));
    const values = { from: number(found.length ? from + 1 : 0), to: number(from + shown.length), n: number(found.length), all: number(data.n) };
    output.textContent = fill(found.length === data.n ? say.shown : say.shownOf, values);
    back.disabled = state.page <= 1;
    forth.disabled = state.page >= last;
    back.hidden = forth.hidden = last === 1;
    saving.hidden = !found.length || (hasList && found.length === data.n);
    const sorted = state.sort.replace(/^-/, "");
    HEADS.forEach((name, at) => {
      if (name === sorted) heads[at].setAttribute("aria-sort", state.sort === name ? "ascending" : "descending");
      else heads[at].removeAttribute("aria-sort");
    });
  };
  const update = () => {
    search();
    draw();
    write();
  };

  const field = (label, control) => make("label", {}, `${label} `, control);
  const input = make("input", { type: "search", autocomplete: "off" });
  input.addEventListener("input", () => { state.q = input.value; state.page = 1; update(); });
  const choice = (key, label, values, texts = values) => {
    const select = make("select", {}, make("option", { value: "" }, say.all));
    values.forEach((value, at) => select.append(make("option", { value }, texts[at])));
    select.addEventListener("change", () => { state[key] = select.value; state.page = 1; update(); });
    return [key, label, select, values];
  };
  const choices = [
    choice("status", columns.get("status").label, columns.get("status").values.filter(Boolean)),
    choice("code", columns.get("codes").label, codesOf(columns.get("codes"))),
    choice("property", columns.get("property").label, codesOf(columns.get("property"))),
  ].filter(([, , , values]) => values.length > 1);
  const turn = (by) => () => { state.page += by; draw(); write(); table.scrollIntoView(); };
  back.addEventListener("click", turn(-1));
  forth.addEventListener("click", turn(1));

  const exported = data.columns.filter((column) => column.name !== "property");
  const rowsToSave = () => Array.from(found, (row) => exported.map((column) => cell(column, row)));
  const save = (name, type, parts) => {
    const link = make("a", { download: `${app.dataset.name}${name}`, href: URL.createObjectURL(new Blob(parts, { type })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };
  const csv = () => {
    const quoted = (value) => {
      const text = value === null || value === undefined ? "" : String(value);
      const safe = typeof value === "string" && GUARDED.test(text) ? `'${text}` : text;
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    const lines = [exported.map((column) => column.label), ...rowsToSave()].map((row) => row.map(quoted).join(","));
    save(".csv", "text/csv", [`\ufeff${lines.join("\r\n")}\r\n`]);
  };
  const button = (label, action) => {
    const made = make("button", { type: "button", class: "button second" }, label);
    made.addEventListener("click", action);
    return made;
  };
  const saving = make("p", { class: "buttons" }, button(say.saveXlsx, async () => save(".xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    [await workbook(exported.map((column) => column.label), rowsToSave())])), button(say.saveCsv, csv));
  app.replaceChildren(
    make("div", { class: "find" }, field(say.search, input), ...choices.map(([, label, select]) => field(label, select)), output),
    saving,
  );
  app.hidden = false;
  const below = document.getElementById("people-pages");
  below.replaceChildren(back, " ", forth);
  for (const element of document.querySelectorAll(".first-people")) element.hidden = true;

  const restore = () => {
    read();
    input.value = state.q;
    for (const [key, , select] of choices) select.value = state[key];
    search();
    draw();
  };
  addEventListener("hashchange", restore);
  restore();

  // A workbook with one sheet: a fixed heading in bold, filters, texts that are never formulas.
  async function workbook(labels, rows) {
    const escaped = (text) => text.replace(/_x[0-9A-Fa-f]{4}_/g, (found) => `_x005F${found}`)
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
        (letter) => `_x${letter.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}_`)
      .replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter])
      .replaceAll("\r", "&#13;");
    const name = (at) => (at >= 26 ? name(Math.floor(at / 26) - 1) : "") + String.fromCharCode(65 + (at % 26));
    const cellOf = (value, at, row, style = "") => {
      if (value === null || value === undefined || value === "") return "";
      const place = `r="${name(at)}${row}"${style}`;
      if (typeof value === "number" && Number.isFinite(value)) return `<c ${place}><v>${value}</v></c>`;
      if (typeof value === "boolean") return `<c ${place} t="b"><v>${value ? 1 : 0}</v></c>`;
      return `<c ${place} t="inlineStr"><is><t xml:space="preserve">${escaped(String(value).slice(0, 32767))}</t></is></c>`;
    };
    const lineOf = (values, row, style) => `<row r="${row}">${values.map((value, at) => cellOf(value, at, row, style)).join("")}</row>`;
    const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
    const KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
    const range = `A1:${name(labels.length - 1)}${rows.length + 1}`;
    const sheet = [`${head}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`,
      lineOf(labels, 1, ' s="1"'), ...rows.map((row, at) => lineOf(row, at + 2, "")), `</sheetData><autoFilter ref="${range}"/></worksheet>`];
    return zip([
      ["[Content_Types].xml", [`${head}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${KIND}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${KIND}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${KIND}.styles+xml"/></Types>`]],
      ["_rels/.rels", [`${head}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`]],
      ["xl/workbook.xml", [`${head}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets><sheet name="people" sheetId="1" r:id="r1"/></sheets></workbook>`]],
      ["xl/_rels/workbook.xml.rels", [`${head}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r1" Type="${RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="${RELATIONS}/styles" Target="styles.xml"/></Relationships>`]],
      ["xl/styles.xml", [`${head}<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`]],
      ["xl/worksheets/sheet1.xml", sheet],
    ]);
  }
  async function zip(files) {
    const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
      for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
      return n;
    });
    const parts = [];
    const list = [];
    let offset = 0;
    for (const [path, pieces] of files) {
      const plain = new Uint8Array(await new Blob(pieces).arrayBuffer());
      let crc = -1;
      for (const byte of plain) crc = (crc >>> 8) ^ CRC[(crc ^ byte) & 255];
      const packed = await new Response(new Blob([plain]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
      const name = new TextEncoder().encode(path);
      const header = (signature, size, extra) => {
        const view = new DataView(new ArrayBuffer(size));
        view.setUint32(0, signature, true);
        const at = extra ? 6 : 4;
        if (extra) view.setUint16(4, 20, true);
        view.setUint16(at, 20, true);
        view.setUint16(at + 4, 8, true);
        view.setUint16(at + 8, 0x21, true);
        view.setUint32(at + 10, ~crc >>> 0, true);
        view.setUint32(at + 14, packed.byteLength, true);
        view.setUint32(at + 18, plain.length, true);
        view.setUint16(at + 22, name.length, true);
        if (extra) view.setUint32(42, offset, true);
        return view;
      };
      list.push(header(0x02014b50, 46, true), name);
      parts.push(header(0x04034b50, 30, false), name, packed);
      offset += 30 + name.length + packed.byteLength;
    }
    const length = list.reduce((sum, piece) => sum + piece.byteLength, 0);
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, files.length, true);
    end.setUint16(10, files.length, true);
    end.setUint32(12, length, true);
    end.setUint32(16, offset, true);
    return new Blob([...parts, ...list, end]);
  }
})();
