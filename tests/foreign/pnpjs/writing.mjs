// What PnPjs changes of folders and files: name, call, what has to come of it.

import { Readable } from "node:stream";

import { spPost } from "@pnp/sp";
import { File } from "@pnp/sp/files/index.js";

import { names } from "./tenant.mjs";

const NAMES = ["O'Neil.json", "a#b.json", "100%.json", "a+b.json", "a&b.json", "a b.json", "名前 é.json"];
const LONG = "0123456789".repeat(25);
const UPLOAD = "5f6a0f4e-2f0b-4a43-8d3c-6b1f7b8f0c11";

// Name in the answer, what the tenant has under it, what a download gives, and whether it is listed.
async function eachName(t) {
  const came = [];
  for (const name of NAMES) {
    const added = await t.files.addUsingPath(name, name);
    const listed = names(await t.files()).includes(name);
    came.push([added.Name, await t.stored(name), await t.file(name).getText(), listed]);
  }
  return came;
}

async function chunked(t, content, chunkSize) {
  const seen = [];
  const progress = ({ offset, stage }) => seen.push([stage, Number(offset)]);
  const added = await t.files.addChunked("n.bin", content, { chunkSize, progress, Overwrite: true });
  return [seen, added.Length, await t.stored("n.bin")];
}

async function cancelled(t) {
  await spPost(File(t.file(), `startUpload(uploadId=guid'${UPLOAD}')`), { body: "abc" });
  await t.file().cancelUpload(UPLOAD);
  return t.stored();
}

async function written(t, write) {
  await write(t);
  return t.stored();
}

// Which of the paths below the library lead to something after a change.
async function left(t, change, ...paths) {
  await t.folder().addSubFolderUsingPath("to");
  await change(t);
  return Promise.all(paths.map(async (path) => (await t.stored(path)) !== null));
}

// The progress that an upload tells, by the offsets.
function steps(...offsets) {
  const stage = (at) => (at === 0 ? "starting" : at === offsets.length - 1 ? "finishing" : "continue");
  return offsets.map((offset, at) => [stage(at), offset]);
}

async function other(t) {
  return (await t.files.addUsingPath("n.json", "{}")).ServerRelativeUrl;
}

async function inBin(t) {
  await t.file().recycle();
  return (await t.sp.web.recycleBin()).map((item) => [item.Title, item.ItemType, item.ItemState]);
}

async function restored(t, bin) {
  await bin.getById(await t.file().recycle()).restore();
  return t.stored();
}

const UPLOADS = [
  [
    "upload",
    async (t) => [(await t.files.addUsingPath("n.json", "abc")).Length, await t.stored("n.json")],
    ["3", "abc"],
  ],
  ["upload over a file", (t) => written(t, () => t.files.addUsingPath("hr.json", "abc", { Overwrite: true })), "abc"],
  [
    "upload beside a file of the name",
    async (t) => t.stored((await t.files.addUsingPath("hr.json", "abc", { EnsureUniqueFileName: true })).Name),
    "abc",
  ],
  ["names of all kinds", eachName, NAMES.map((name) => [name, name, name, true])],
  ["upload in chunks", (t) => chunked(t, Buffer.from(LONG), 100), [steps(0, 100, 200), "250", LONG]],
  ["upload in chunks that fit", (t) => chunked(t, Buffer.from(LONG), 125), [steps(0, 125, 250), "250", LONG]],
  ["upload in one chunk", (t) => chunked(t, Buffer.from(LONG)), [steps(0, 250), "250", LONG]],
  ["upload of nothing in chunks", (t) => chunked(t, Buffer.alloc(0)), [steps(0, 0), "0", ""]],
  ["upload of a blob in chunks", (t) => chunked(t, new Blob([LONG]), 100), [steps(0, 100, 200), "250", LONG]],
  [
    "upload of a stream in chunks",
    (t) => chunked(t, Readable.from([Buffer.from(LONG)]), 100),
    [steps(0, 100, 200), "250", LONG],
  ],
  ["upload cancelled", cancelled, (t) => t.source.text],
  ["content replaced", (t) => written(t, () => t.file().setContent("new")), "new"],
  [
    "content replaced in chunks",
    (t) => written(t, () => t.file().setContentChunked(Buffer.from(LONG), { chunkSize: 90 })),
    LONG,
  ],
];

const FOLDERS = [
  ["folder", (t) => left(t, () => t.folder().addSubFolderUsingPath("n"), "n"), [true]],
  ["folder that is gone on with", async (t) => (await (await t.folder().addSubFolderUsingPath("n"))()).Name, "n"],
  ["folder of a collection", async (t) => (await t.folder().folders.addUsingPath("n #1")).Name, "n #1"],
  [
    "move of a folder",
    (t) => left(t, () => t.folder(`${t.library}/to`).moveByPath(`${t.library}/n`), "to", "n"),
    [false, true],
  ],
  [
    "move of a folder to an address",
    (t) => left(t, () => t.folder(`${t.library}/to`).moveByPath(`${t.origin}${t.library}/n`, true), "to", "n"),
    [false, true],
  ],
  [
    "copy of a folder",
    (t) => left(t, () => t.folder(`${t.library}/to`).copyByPath(`${t.library}/n`), "to", "n"),
    [true, true],
  ],
  ["recycling of a folder", (t) => left(t, () => t.folder(`${t.library}/to`).recycle(), "to"), [false]],
  ["deletion of a folder", (t) => left(t, () => t.folder(`${t.library}/to`).delete(), "to"), [false]],
  [
    "deletion of a folder with options",
    (t) => left(t, () => t.folder(`${t.library}/to`).deleteWithParams({ BypassSharedLock: true }), "to"),
    [false],
  ],
];

const FILES = [
  ["copy", (t) => left(t, () => t.file().copyTo(`${t.library}/to/n.json`), "hr.json", "to/n.json"), [true, true]],
  [
    "copy by path",
    (t) => left(t, () => t.file().copyByPath(`${t.library}/to/n.json`, false), "hr.json", "to/n.json"),
    [true, true],
  ],
  [
    "copy that keeps both",
    (t) => left(t, () => t.file().copyByPath(`${t.library}/hr.json`, false, true), "hr.json", "hr1.json"),
    [true, true],
  ],
  [
    "move",
    (t) => left(t, () => t.file().moveByPath(`${t.library}/to/n.json`, false), "hr.json", "to/n.json"),
    [false, true],
  ],
  [
    "move to an address",
    (t) => left(t, () => t.file().moveByPath(`${t.origin}${t.library}/to/n.json`, false), "hr.json", "to/n.json"),
    [false, true],
  ],
  [
    "move over a file",
    async (t) => (await (await t.file().moveByPath(await other(t), true))()).Length,
    (t) => String(t.source.text.length),
  ],
  [
    "renaming",
    (t) => left(t, async () => (await t.file().getItem()).update({ FileLeafRef: "n.json" }), "hr.json", "n.json"),
    [false, true],
  ],
  ["recycling", async (t) => [(await t.file().recycle()).length, await t.stored()], [36, null]],
  [
    "checked out and in",
    async (t) => {
      await t.file().checkout();
      const { CheckOutType } = await t.file()();
      await t.file().checkin("it's done", 1);
      return [CheckOutType, (await t.file()()).UIVersionLabel];
    },
    [0, "2.0"],
  ],
  [
    "checkout undone",
    async (t) => {
      await t.file().checkout();
      await t.files.addUsingPath("hr.json", "new", { Overwrite: true });
      await t.file().undoCheckout();
      return t.stored();
    },
    (t) => t.source.text,
  ],
  ["recycled file in the bin", inBin, [["hr.json", 1, 1]]],
  ["recycled file restored from the web's bin", (t) => restored(t, t.sp.web.recycleBin), (t) => t.source.text],
  ["recycled file restored from the site's bin", (t) => restored(t, t.sp.site.recycleBin), (t) => t.source.text],
  [
    "recycled file deleted",
    async (t) => {
      await t.sp.web.recycleBin.getById(await t.file().recycle()).delete();
      return (await t.sp.web.recycleBin()).length;
    },
    0,
  ],
  ["deletion", (t) => written(t, () => t.file().delete()), null],
  ["deletion of what is unchanged", (t) => written(t, async () => t.file().delete((await t.file()()).ETag)), null],
  [
    "deletion with options",
    (t) =>
      written(t, async () => t.file().deleteWithParams({ ETagMatch: (await t.file()()).ETag, BypassSharedLock: true })),
    null,
  ],
];

export const WRITING = [...UPLOADS, ...FOLDERS, ...FILES];
