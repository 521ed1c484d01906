// What PnPjs reads of webs, folders and files: name, call, what has to come of it.

import { fileFromPath } from "@pnp/sp/files/index.js";
import { folderFromPath } from "@pnp/sp/folders/index.js";

import { leaf, names } from "./tenant.mjs";

const FOUR = ["a.json", "b.json", "c.json", "hr.json"];

async function amongFour(t) {
  for (const name of FOUR.slice(0, 3)) {
    await t.files.addUsingPath(name, "{}");
  }
  return t.files;
}

async function listed(t, arrange) {
  return names(await arrange(await amongFour(t))());
}

async function ofAMinute(t, begin) {
  const [from, to] = [new Date(begin), new Date(Date.parse(begin) + 60_000)];
  return names(await t.folder(t.logs).files.filter((f) => f.date("TimeLastModified").isBetween(from, to))());
}

async function inPages(t) {
  const pages = [];
  await amongFour(t);
  for (let skip = 0; skip < FOUR.length; skip += 3) {
    pages.push(names(await t.files.top(3).skip(skip)()));
  }
  return pages;
}

async function streamed(t) {
  const { body, knownLength } = await t.file().getStream();
  return [await new Response(body).text(), knownLength];
}

const WEB = [
  ["web", async (t) => (await t.sp.web()).Url, (t) => t.url],
  ["fields of a web", async (t) => (await t.sp.web.select("Title", "Url")()).Title, (t) => leaf(t.site)],
  ["admin web", async (t) => (await t.signedIn(t.origin).web()).ServerRelativeUrl, "/"],
  ["context", async (t) => (await t.sp.web.getContextInfo()).WebFullUrl, (t) => t.url],
  [
    "context of a file",
    async (t) => (await t.sp.web.getContextInfo(t.origin + t.source.path)).WebFullUrl,
    (t) => t.url,
  ],
];

const FOLDERS = [
  ["root folder", async (t) => (await t.sp.web.rootFolder()).ServerRelativeUrl, (t) => t.site],
  ["folders of a web", async (t) => names(await t.sp.web.folders()), ["Shared Documents"]],
  ["folder", async (t) => (await t.folder()()).ServerRelativeUrl, (t) => t.library],
  [
    "folder by id",
    async (t) => (await t.sp.web.getFolderById((await t.folder()()).UniqueId)()).ServerRelativeUrl,
    (t) => t.library,
  ],
  [
    "folder of a collection",
    async (t) => (await t.sp.web.folders.getByUrl("Shared Documents")()).ServerRelativeUrl,
    (t) => t.library,
  ],
  [
    "folder by address",
    async (t) => (await (await folderFromPath(t.sp.web, t.origin + t.logs))()).ServerRelativeUrl,
    (t) => t.logs,
  ],
  ["folders", async (t) => names(await t.folder().folders()), (t) => [leaf(t.logs)]],
  ["parent folder", async (t) => (await t.folder().parentFolder()).ServerRelativeUrl, (t) => t.site],
  ["item of a folder", async (t) => (await t.folder(t.logs).getItem()).FileRef, (t) => t.logs],
];

const LISTING = [
  ["files", async (t) => names(await t.files()), ["hr.json"]],
  ["fields of files", async (t) => (await t.files.select("Length")())[0].Length, (t) => String(t.source.text.length)],
  ["files of a folder that is told", async (t) => names((await t.folder().expand("Files")()).Files), ["hr.json"]],
  ["first files", (t) => listed(t, (files) => files.top(2)), FOUR.slice(0, 2)],
  ["files in an order", (t) => listed(t, (files) => files.orderBy("Name", false)), [...FOUR].reverse()],
  ["files by length", (t) => listed(t, (files) => files.orderBy("Length", false).top(1)), ["hr.json"]],
  ["files in pages", inPages, [FOUR.slice(0, 3), FOUR.slice(3)]],
  ["files of a name", (t) => listed(t, (files) => files.filter("Name eq 'b.json'")), ["b.json"]],
  [
    "files by a name's start",
    (t) => listed(t, (files) => files.filter((f) => f.text("Name").startsWith("h"))),
    ["hr.json"],
  ],
  [
    "files by a name's part",
    (t) => listed(t, (files) => files.filter((f) => f.text("Name").contains("r.j"))),
    ["hr.json"],
  ],
  [
    "files of some names",
    (t) => listed(t, (files) => files.filter((f) => f.text("Name").in("a.json", "x"))),
    ["a.json"],
  ],
  [
    "files by length and name",
    (t) =>
      listed(t, (files) => files.filter((f) => f.number("Length").lessThan(3).and().text("Name").notEquals("a.json"))),
    ["b.json", "c.json"],
  ],
  ["files of a minute", (t) => ofAMinute(t, "2026-11-02T02:14:00Z"), (t) => [leaf(t.log.path)]],
  ["files of the minute before", (t) => ofAMinute(t, "2026-11-02T02:13:00Z"), []],
];

const FILES = [
  ["file", async (t) => (await t.file()()).ServerRelativeUrl, (t) => t.source.path],
  ["file by id", async (t) => (await t.sp.web.getFileById((await t.file()()).UniqueId)()).Name, "hr.json"],
  ["file by url", async (t) => (await t.sp.web.getFileByUrl(t.origin + t.source.path)()).Name, "hr.json"],
  ["file of a collection", async (t) => (await t.files.getByUrl("hr.json")()).Name, "hr.json"],
  [
    "file by address",
    async (t) => (await (await fileFromPath(t.sp.web, t.origin + t.source.path))()).ServerRelativeUrl,
    (t) => t.source.path,
  ],
  [
    "author of a file",
    async (t) => (await t.file().expand("Author").select("Author/Title")()).Author.Title,
    "System Account",
  ],
  ["item of a file", async (t) => (await t.file().getItem()).FileRef, (t) => t.source.path],
  ["item of a file, by its own address", async (t) => (await (await t.file().getItem())()).FileLeafRef, "hr.json"],
  ["a file exists", (t) => t.file().exists(), true],
  ["no file exists", (t) => t.file("none").exists(), false],
  ["text", (t) => t.file().getText(), (t) => t.source.text],
  ["buffer", async (t) => Buffer.from(await t.file().getBuffer()).toString(), (t) => t.source.text],
  ["blob", async (t) => (await t.file().getBlob()).text(), (t) => t.source.text],
  ["json", (t) => t.file().getJSON(), (t) => JSON.parse(t.source.text)],
  ["stream", streamed, (t) => [t.source.text, t.source.text.length]],
];

const ADA = "i:0#.f|membership|ada@contoso.com";
const PROFILES = [
  ["one property of a profile", async (t) => t.sp.profiles.getUserProfilePropertyFor(ADA, "WorkEmail"), "ada@contoso.com"],
  ["profile", async (t) => (await t.sp.profiles.getPropertiesFor(ADA)).AccountName, ADA],
  [
    "properties of a profile",
    async (t) => (await t.sp.profiles.getPropertiesFor(ADA)).UserProfileProperties.find((p) => p.Key === "WorkEmail"),
    { Key: "WorkEmail", Value: "ada@contoso.com", ValueType: "Edm.String" },
  ],
  ["property of no profile", async (t) => (await t.sp.profiles.getPropertiesFor("eve"))["odata.null"], true],
];

export const READING = [...WEB, ...FOLDERS, ...LISTING, ...FILES, ...PROFILES];
