// What PnPjs does with import jobs: name, call, what has to come of it.

import { folderFromPath } from "@pnp/sp/folders/index.js";

export function queue(t, admin = t.admin) {
  return admin.queueImportProfileProperties(0, "IdName", { City: "City" }, t.origin + t.source.path);
}

async function ran(t, name, text) {
  const { ServerRelativeUrl } = await t.files.addUsingPath(name, text);
  const jobId = await t.admin.queueImportProfileProperties(0, "IdName", { City: "City" }, t.origin + ServerRelativeUrl);
  await t.pass(1000);
  return t.admin.getImportProfilePropertyJob(jobId);
}

// From a job to the entries of its log.
async function logged(t) {
  const { LogFolderUri } = await ran(t, "bad.json", '{"value": [{"IdName": "eve@example.com", "City": "Ulm"}]}');
  const folder = await folderFromPath(t.sp.web, LogFolderUri);
  const [{ UniqueId }] = await folder.files();
  const text = await t.sp.web.getFileById(UniqueId).getText();
  return text.replace("\uFEFF", "").trim().split("\t").slice(0, 2);
}

async function deleted(t) {
  const jobId = await queue(t);
  const done = await t.admin.deleteImportProfilePropertiesJob(jobId);
  return [done, (await t.admin.getImportProfilePropertyJobs()).some((job) => job.JobId === jobId)];
}

export const JOBS = [
  ["jobs", async (t) => (await t.admin.getImportProfilePropertyJobs()).some((job) => job.JobId === t.jobId), true],
  [
    "job, property by property",
    (t) => t.admin.getImportProfilePropertyJob(t.jobId),
    (t) => ({
      "odata.metadata": `${t.origin}/_api/$metadata#Microsoft.Online.SharePoint.TenantManagement.ImportProfilePropertiesJobInfo`,
      JobId: t.jobId,
      State: 5,
      Error: 30,
      ErrorMessage: "The data has been imported, but there were errors.",
      SourceUri: `${t.origin}/sites/hr/Shared Documents/hr.json`,
      LogFolderUri: `${t.origin}/sites/hr/Shared Documents/hr-${t.jobId}-Logs`,
    }),
  ],
  ["job queued", async (t) => (await queue(t)).length, 36],
  ["job queued on a site", async (t) => (await queue(t, t.sp.admin.office365Tenant)).length, 36],
  ["job that succeeds", async (t) => (await ran(t, "good.json", t.source.text)).State, 4],
  ["job with errors", async (t) => (await ran(t, "bad.json", t.source.text.replace("ada", "eve"))).Error, 30],
  ["log of a job", logged, ["IdentityNotResolvable", "eve@example.com"]],
  ["job deleted", deleted, [true, false]],
  ["job that has ended is not deleted", (t) => t.admin.deleteImportProfilePropertiesJob(t.jobId), false],
];
