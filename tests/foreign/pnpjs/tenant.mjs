// What a program that uses PnPjs has: addresses, an application's certificate, and nothing of ours.

import { MSAL, SPDefault } from "@pnp/nodejs";
import { spfi } from "@pnp/sp";
import "@pnp/sp/batching.js";
import "@pnp/sp/context-info/index.js";
import "@pnp/sp/files/index.js";
import "@pnp/sp/folders/index.js";
import "@pnp/sp/items/index.js";
import "@pnp/sp/profiles/index.js";
import "@pnp/sp/recycle-bin/index.js";
import "@pnp/sp/sites/index.js";
import "@pnp/sp/webs/index.js";
import "@pnp/sp-admin";

// Attributes that it is given: `ready`, what the emulator printed; `key` and `thumbprint` of the certificate; `site`,
// server-relative, and `source` and `log`, which lie in it, each with `path` and `text`; `jobId` of the one job.
export class Tenant {
  // `ask` has a question answered by who started us, who alone can look behind the tenant's answers.
  constructor(given, ask) {
    Object.assign(this, given);
    this.ask = ask;
    this.origin = this.ready.admin_url;
    this.url = this.origin + this.site;
    this.library = parent(this.source.path);
    this.logs = parent(this.log.path);
    this.sp = this.signedIn(this.url);
    this.admin = this.signedIn(this.origin).admin.office365Tenant;
  }

  // A context for an address; `audience` is the host that the token is for, `key` what its request is signed with.
  signedIn(url, { audience = this.origin, key = this.key } = {}) {
    const auth = {
      authority: `${this.ready.authority}/${this.ready.tenant_id}`,
      clientId: this.ready.client_id,
      clientCertificate: { privateKey: key, thumbprint: this.thumbprint },
      knownAuthorities: [new URL(this.ready.authority).host],
    };
    return spfi(url).using(SPDefault(), MSAL({ auth }, [`${audience}/.default`]));
  }

  get files() {
    return this.folder().files;
  }

  folder(path = this.library) {
    return this.sp.web.getFolderByServerRelativePath(path);
  }

  file(name = "hr.json") {
    return this.sp.web.getFileByServerRelativePath(`${this.library}/${name}`);
  }

  // The text of a file in the library as the tenant has it, "" for a folder, null where there is neither.
  stored(name = "hr.json") {
    return this.ask({ ask: "stored", path: `${this.library}/${name}` });
  }

  // Lets the service's clock go on.
  pass(seconds) {
    return this.ask({ ask: "pass", seconds });
  }
}

export function names(listed) {
  return listed.map((one) => one.Name);
}

export function parent(path) {
  return path.slice(0, path.lastIndexOf("/"));
}

export function leaf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}
