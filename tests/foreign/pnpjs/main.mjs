// Makes the calls of the tables against a tenant, one JSON line in for each, one out: what came of it, what had to.
// `node main.mjs --list` prints the calls' names instead.

import { createInterface } from "node:readline";

import { BATCHES, DIGESTS } from "./batches.mjs";
import { JOBS } from "./jobs.mjs";
import { READING } from "./reading.mjs";
import { REFUSED } from "./refused.mjs";
import { Tenant } from "./tenant.mjs";
import { WRITING } from "./writing.mjs";

const TABLES = { read: READING, write: WRITING, jobs: JOBS, batch: BATCHES, digest: DIGESTS, refused: REFUSED };

// Each call by its name: what to do with a tenant, and what has to come of it, which may depend on the tenant.
const calls = new Map(
  Object.entries(TABLES).flatMap(([table, rows]) =>
    rows.map(([name, call, expected]) => [`${table}: ${name}`, { call, expected }]),
  ),
);

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function made({ call, expected }, tenant) {
  const wanted = typeof expected === "function" ? expected(tenant) : expected;
  try {
    return { got: await call(tenant), expected: wanted };
  } catch (error) {
    return { failed: error.stack, expected: wanted };
  }
}

async function serve() {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const read = async () => (await lines.next()).value;
  const ask = async (question) => {
    say(question);
    return JSON.parse(await read()).answer;
  };
  for (let line = await read(); line !== undefined; line = await read()) {
    const { name, ...given } = JSON.parse(line);
    say(await made(calls.get(name), new Tenant(given, ask)));
  }
}

if (process.argv.includes("--list")) {
  say([...calls.keys()]);
} else {
  await serve();
}
