// check_exchanges.mjs DOCUMENT RECORDING CASES: holds what tests have recorded (ORDERS_RECORD) against
// the description of the API, and says which of the answers that it describes no test has seen. CASES
// is how many test cases a complete recording has the beginnings of: of another one only what it has
// is judged. Then it plants lies in the description, each of which the recording must give away.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { Contract, readDocument } from './contract.mjs';
import { lies } from './lies.mjs';

const [document, recording, expectedCases] = process.argv.slice(2);
const truth = new Contract(readDocument(document));
const planted = lies.map(({ name, plant }) => {
  const lying = readDocument(document);
  plant(lying);
  return { name, contract: new Contract(lying), isFound: false };
});

const faults = new Map(); // and how often
const seen = new Set();
const cases = new Set();
let exchanges = 0;

for await (const line of createInterface({ input: createReadStream(recording) })) {
  const entry = JSON.parse(line);
  if (entry.case !== undefined) {
    cases.add(`${entry.program} ${entry.case}`);
    continue;
  }
  ++exchanges;
  const found = truth.check(entry);
  for (const fault of found.faults) faults.set(fault, (faults.get(fault) ?? 0) + 1);
  for (const key of found.seen) seen.add(key);
  for (const lie of planted) lie.isFound ||= lie.contract.check(entry).faults.length > 0;
}

let hasFailed = false;
function fail(text) {
  hasFailed = true;
  console.log(text);
}

for (const [fault, times] of faults) fail(`broken, ${times} times: ${fault}`);
const isComplete = cases.size >= Number(expectedCases);
if (isComplete) {
  for (const key of truth.everything()) if (!seen.has(key)) fail(`no test has seen: ${key}`);
  for (const lie of planted) if (!lie.isFound) fail(`a lie that was not found: ${lie.name}`);
}
console.log(`${exchanges} exchanges of ${cases.size} test cases looked at`);
if (!isComplete && !hasFailed)
  console.log(`skipped: ${expectedCases} test cases would be a complete recording`);
process.exitCode = hasFailed ? 1 : 0;
