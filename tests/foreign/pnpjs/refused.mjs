// What SharePoint refuses, and how it reaches a program that uses PnPjs: call, status and code.

import { SPDefault } from "@pnp/nodejs";
import { headers } from "@pnp/queryable";
import { SPQueryable, spGet, spPost, spfi } from "@pnp/sp";
import { File } from "@pnp/sp/files/index.js";
import { Office365Tenant } from "@pnp/sp-admin";

const NO_FILE = [404, "-2130575338, Microsoft.SharePoint.SPException"];
const NO_FOLDER = [404, "-2147024894, System.IO.FileNotFoundException"];
const NO_RESOURCE = [404, "-1, Microsoft.SharePoint.Client.ResourceNotFoundException"];
const NO_QUERY = [400, "-1, Microsoft.SharePoint.Client.InvalidClientQueryException"];
const NO_ARGUMENT = [400, "-2147024809, System.ArgumentException"];
const THERE_ALREADY = [400, "-2130575257, Microsoft.SharePoint.SPException"];
const NO_NAME = [400, "-2130575245, Microsoft.SharePoint.SPException"];
const CHANGED = [412, "-1, Microsoft.SharePoint.Client.ClientServiceException"];
const DENIED = "-2147024891, System.UnauthorizedAccessException";
const UPLOAD = "5f6a0f4e-2f0b-4a43-8d3c-6b1f7b8f0c11";
const NOBODYS = "00000000-0000-0000-0000-000000000001";

// Status and code, read as PnPjs tells its users to read them.
async function refusal(promise) {
  const error = await promise.then(
    () => new Error("not refused"),
    (reason) => reason,
  );
  if (!error.isHttpRequestError) {
    throw error;
  }
  const told = await error.response.json();
  return [error.status, told["odata.error"]?.code ?? told.error_description];
}

function refused(call) {
  return (t) => refusal(call(t));
}

function queue(t, differences) {
  const usual = {
    idType: 0,
    sourceDataIdProperty: "IdName",
    propertyMap: { City: "City" },
    sourceUri: t.origin + t.source.path,
  };
  const { idType, sourceDataIdProperty, propertyMap, sourceUri } = { ...usual, ...differences };
  return t.admin.queueImportProfileProperties(idType, sourceDataIdProperty, propertyMap, sourceUri);
}

async function laterChunk(t, offset) {
  await spPost(File(t.file(), `startUpload(uploadId=guid'${UPLOAD}')`), { body: "abc" });
  return spPost(File(t.file(), `continueUpload(uploadId=guid'${UPLOAD}',fileOffset=${offset})`), { body: "def" });
}

async function inABatch(t) {
  const [batch, execute] = t.sp.web.batched();
  const none = refusal(batch.getFileByServerRelativePath(`${t.library}/none`)());
  const source = batch.getFileByServerRelativePath(t.source.path)();
  await execute();
  return [await none, (await source).Name];
}

async function wrongKey(t) {
  const other = t.signedIn(t.url, { key: t.otherKey });
  return other.web().then(
    () => "not refused",
    (error) => [error.errorCode, /AADSTS\d+/.exec(error.message)[0]],
  );
}

const FILES = [
  ["no file", refused((t) => t.file("none")()), NO_FILE],
  ["no file to download", refused((t) => t.file("none").getText()), NO_FILE],
  ["no folder", refused((t) => t.folder(`${t.library}/none`)()), NO_FOLDER],
  ["no folder to list", refused((t) => t.folder(`${t.library}/none`).files()), NO_FOLDER],
  ["no folder to upload to", refused((t) => t.folder(`${t.library}/none`).files.addUsingPath("n", "")), NO_FOLDER],
  ["no file of an id", refused((t) => t.sp.web.getFileById(NOBODYS)()), NO_FOLDER],
  ["an id that is none", refused((t) => t.sp.web.getFileById("none")()), NO_QUERY],
  ["a path above the tenant", refused((t) => t.file("../../../hr.json")()), NO_NAME],
  ["another web's path", refused((t) => t.folder("/sites/hr/Shared Documents")()), NO_ARGUMENT],
  ["a name that is none", refused((t) => t.files.addUsingPath("a:b.json", "")), NO_NAME],
  ["a name that is taken", refused((t) => t.files.addUsingPath("hr.json", "")), THERE_ALREADY],
  ["a copy over a file", refused((t) => t.file().copyTo(t.source.path, false)), THERE_ALREADY],
  ["a move to no folder", refused((t) => t.file().moveByPath(`${t.library}/none/n.json`, false)), NO_FOLDER],
  ["a chunk elsewhere", refused((t) => laterChunk(t, 7)), [400, "-2146233086, System.ArgumentOutOfRangeException"]],
  ["an upload that did not begin", refused((t) => t.file().cancelUpload(UPLOAD)), NO_ARGUMENT],
  ["deletion of what has changed", refused((t) => t.file().delete('"{00000000},1"')), CHANGED],
  [
    "deletion with options of what has changed",
    refused((t) => t.file().deleteWithParams({ ETagMatch: '"{0},1"' })),
    CHANGED,
  ],
  ["deletion of a web", refused((t) => t.sp.web.rootFolder.delete()), [403, DENIED]],
  ["in a batch", inABatch, [NO_FILE, "hr.json"]],
];

const REQUESTS = [
  ["no such resource", refused((t) => SPQueryable(t.sp.web, "nothing")()), NO_RESOURCE],
  ["a wrong verb", refused((t) => spGet(File(t.file(), "recycle"))), [405, NO_QUERY[1]]],
  ["a field that is not there to expand", refused((t) => t.file().expand("Nothing")()), NO_QUERY],
  ["a field that is not there to order by", refused((t) => t.files.orderBy("Nothing")()), NO_QUERY],
  ["a field that is not there to filter by", refused((t) => t.files.filter("Nothing eq 1")()), NO_QUERY],
  ["a filter that is none", refused((t) => t.files.filter("Name is 'x'")()), NO_QUERY],
  ["a count that is none", refused((t) => t.files.top("many")()), NO_QUERY],
];

const JOBS = [
  ["no job", refused((t) => t.admin.getImportProfilePropertyJob(NOBODYS)), NO_RESOURCE],
  ["a job id that is none", refused((t) => t.admin.getImportProfilePropertyJob("none")), NO_QUERY],
  ["a job id that is none to delete", refused((t) => t.admin.deleteImportProfilePropertiesJob("none")), NO_QUERY],
  [
    "a body that is no JSON",
    refused((t) => spPost(Office365Tenant(t.admin, "GetImportProfilePropertyJob"), { body: "no" })),
    NO_QUERY,
  ],
  ["a kind of id that is none", refused((t) => queue(t, { idType: 7 })), NO_QUERY],
  ["no id property", refused((t) => queue(t, { sourceDataIdProperty: "" })), NO_QUERY],
  ["a property map that is none", refused((t) => queue(t, { propertyMap: "City" })), NO_QUERY],
  ["no source file", refused((t) => queue(t, { sourceUri: undefined })), NO_QUERY],
];

const CALLERS = [
  ["nobody", refused((t) => spfi(t.url).using(SPDefault()).web()), [401, DENIED]],
  [
    "a token for another audience",
    refused((t) => t.signedIn(t.url, { audience: "https://contoso.sharepoint.com" }).web()),
    [401, "Invalid audience Uri 'https://contoso.sharepoint.com'."],
  ],
  [
    "a digest that is none",
    refused((t) => spPost(File(t.file(), "recycle"), headers({ "X-RequestDigest": "0x0,none" }))),
    [403, "-2130575251, Microsoft.SharePoint.SPException"],
  ],
  ["another application's key", wrongKey, ["invalid_client", "AADSTS700027"]],
];

export const REFUSED = [...FILES, ...REQUESTS, ...JOBS, ...CALLERS];
