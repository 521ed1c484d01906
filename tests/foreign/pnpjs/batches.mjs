// What PnPjs sends as many calls in one, and what it does without a token of its own: name, call, what has to come of it.

import { DefaultParse } from "@pnp/queryable";
import { DefaultHeaders, DefaultInit, RequestDigest, spfi } from "@pnp/sp";

import { queue } from "./jobs.mjs";
import { leaf, names } from "./tenant.mjs";

const MANY = [...Array(45).keys()];

async function batched(t) {
  const [sp, execute] = t.sp.batched();
  const { web } = sp;
  const folder = web.getFolderByServerRelativePath(t.library);
  const told = Promise.all([
    web.select("Title")(),
    folder(),
    folder.files(),
    folder.addSubFolderUsingPath("n"),
    web.getFileByServerRelativePath(t.source.path).recycle(),
    folder.files(),
  ]);
  await execute();
  const [{ Title }, { ServerRelativeUrl }, before, , recycled, after] = await told;
  return [Title, ServerRelativeUrl, names(before), await t.stored("n"), recycled.length, names(after)];
}

async function moreThanTwenty(t) {
  const [batch, execute] = t.sp.web.batched();
  const told = Promise.all(MANY.map(() => batch.getFileByServerRelativePath(t.source.path).select("Name")()));
  await execute();
  return names(await told);
}

async function movedInABatch(t) {
  const [batch, execute] = t.sp.web.batched();
  const moved = batch.getFileByServerRelativePath(t.source.path).moveByPath(`${t.library}/n.json`, false);
  await execute();
  await moved;
  return [await t.stored(), await t.stored("n.json")];
}

async function jobsInABatch(t) {
  const [sp, execute] = t.signedIn(t.origin).batched();
  const { office365Tenant } = sp.admin;
  const told = Promise.all([office365Tenant.getImportProfilePropertyJob(t.jobId), queue(t, office365Tenant)]);
  await execute();
  const [{ State }, jobId] = await told;
  return [State, await t.admin.deleteImportProfilePropertiesJob(jobId)];
}

// Credentials that the way to the tenant adds, as a browser does: PnPjs sees none, and gets itself a digest.
async function withoutAToken(t) {
  const sent = [];
  const behind = (instance) => {
    instance.on.send.replace((url, init) => {
      const headers = new Headers(init.headers);
      sent.push([init.method, leaf(url.pathname), headers.has("X-RequestDigest")]);
      headers.set("Authorization", `Bearer ${t.ready.token}`);
      return fetch(url, { ...init, headers });
    });
    return instance;
  };
  const { web } = spfi(t.url).using(DefaultHeaders(), DefaultInit(), behind, DefaultParse(), RequestDigest());
  await web.select("Title")();
  await web.getFolderByServerRelativePath(t.library).addSubFolderUsingPath("n");
  await web.getFolderByServerRelativePath(t.library).addSubFolderUsingPath("m");
  return sent;
}

export const BATCHES = [
  ["batch", batched, (t) => [leaf(t.site), t.library, ["hr.json"], "", 36, []]],
  ["more than one batch takes", moreThanTwenty, MANY.map(() => "hr.json")],
  ["move in a batch", movedInABatch, (t) => [null, t.source.text]],
  ["jobs in a batch", jobsInABatch, [5, true]],
];

export const DIGESTS = [
  [
    "digest, once",
    withoutAToken,
    [
      ["GET", "web", false],
      ["POST", "contextinfo", false],
      ["POST", "AddSubFolderUsingPath", true],
      ["POST", "AddSubFolderUsingPath", true],
    ],
  ],
];
