// Runs the cases of one file of browser tests: node run.mjs overview. Says what is missing if they
// cannot be run.

import {existsSync} from "node:fs";

const olderThan20 = Number(process.versions.node.split(".")[0]) < 20;
const missing = [
  ["/usr/bin/chromium", "Debian's chromium is not installed"],
  [`${process.env.ORDERS_BROWSER_DIR}/installed.json`, "npm has not installed what the browser tests need"],
].find(([path]) => !existsSync(path)) ?? (olderThan20 && ["", "Node.js is older than 20"]);

if (missing) {
  console.log(`skipped: ${missing[1]}`);
} else {
  await import(`./${process.argv[2]}_test.mjs`);
  const {runCases} = await import("./support.mjs");
  process.exitCode = (await runCases()) ? 0 : 1;
}
