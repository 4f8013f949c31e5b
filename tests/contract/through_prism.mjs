// through_prism.mjs DOCUMENT PROGRAM: runs the end-to-end tests of a program with Prism in front of the
// APIs that they start (ORDERS_API_VIA). It fails if a test does, if Prism complains, or if some
// operation of the document was never asked for. With ORDERS_FAULTS=long it runs all that suit.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Contract, readDocument } from './contract.mjs';
import { Prism } from './prism.mjs';

const isLong = process.env.ORDERS_FAULTS === 'long';
const suited = ['http_contract:*', 'http_list:*', 'lease:*', 'openapi:*', 'order_actions:*'].concat(
  isLong ? ['carried_work:*', 'http_actions:*', 'http_order_body:*', 'order_flow:*', 'pull*:*'] : [],
);
// Prism reads JSON and writes it anew, so bytes, keys given twice and what is no JSON do not come
// through; and paths, methods and lengths that the document does not have it answers by itself.
const unsuited = [
  '*byte for byte*',
  'http_contract: GET of an order answers 404 if there is none',
  'http_contract: HEAD answers as GET does, without the body',
  'http_contract: a batch must be a list of one to a thousand orders',
  'http_contract: a body may be a mebibyte*',
  'http_contract: an unknown route answers 404',
  'http_contract: orders are taken as JSON only*',
  'lease: an order is completed with its result*',
  'lease: one that was never given out is lost*',
  'pull_input: what is done to a lease is refused*',
  'pull_input: what is no JSON*',
];

// Commas part what the program is told.
const filter = (option, names) => `--${option}=${names.map((name) => name.replaceAll(',', '*')).join(',')}`;

const [document, program] = process.argv.slice(2);
const prism = new Prism();
await prism.start(document);
const tests = spawn(program, [filter('test-case', suited), filter('test-case-exclude', unsuited)], {
  stdio: 'inherit',
  env: { ...process.env, ORDERS_API_VIA: `http://127.0.0.1:${prism.port}` },
});
const [status] = await once(tests, 'exit');
await prism.stop();

const contract = new Contract(readDocument(document));
const asked = new Set();
for (const { method, target } of prism.relayed) {
  const found = contract.find(method, target);
  asked.add(`${found.method} ${found.path}`);
}
const faults = [...prism.violations];
for (const [path, operations] of Object.entries(contract.document.paths)) {
  for (const method of Object.keys(operations)) {
    const name = `${method} ${path}`;
    if (!asked.has(name)) faults.push(`no test has asked, through Prism, for ${name}`);
  }
}
for (const fault of faults) console.log(fault);
console.log(`${prism.relayed.length} requests went through Prism`);
process.exitCode = status !== 0 || faults.length > 0 ? 1 : 0;
