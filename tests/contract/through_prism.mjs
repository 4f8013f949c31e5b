// through_prism.mjs DOCUMENT PROGRAM [ARGUMENTS]: runs a program of tests with Prism in front of the APIs
// that it starts (ORDERS_API_VIA). It fails if the program does, if Prism complains, or if some
// operation of the document was never asked for.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Contract, readDocument } from './contract.mjs';
import { Prism } from './prism.mjs';

const [document, program, ...programArguments] = process.argv.slice(2);
const prism = new Prism();
await prism.start(document);
const tests = spawn(program, programArguments, {
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
    if (!asked.has(`${method} ${path}`))
      faults.push(`no test has asked, through Prism, for ${method} ${path}`);
  }
}
for (const fault of faults) console.log(fault);
console.log(`${prism.relayed.length} requests went through Prism`);
process.exitCode = status !== 0 || faults.length > 0 ? 1 : 0;
