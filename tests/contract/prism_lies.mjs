// prism_lies.mjs DOCUMENT API: the negative control of through_prism.mjs. Plants all lies in the
// document at once, and has Prism find those that it can, and nothing without a lie.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { once } from 'node:events';

import { readDocument, writeDocument } from './contract.mjs';
import { lies } from './lies.mjs';
import { Prism } from './prism.mjs';

const [document, api] = process.argv.slice(2);
const directory = mkdtempSync(`${tmpdir()}/orders-test-`);
const lying = readDocument(document);
for (const { plant } of lies) plant(lying);
writeFileSync(`${directory}/openapi.yaml`, writeDocument(lying));

// However this ends, it goes with it.
const command = ['--pdeathsig', 'KILL', api, '--port', '0', '--db', `${directory}/orders.db`];
const service = spawn('setpriv', command, { stdio: ['ignore', 'ignore', 'pipe'] });
const port = await new Promise((resolve) => {
  createInterface({ input: service.stderr }).on('line', (line) => {
    const listening = / listening .*port=(\d+)/.exec(line);
    if (listening) resolve(listening[1]);
  });
});
const prism = new Prism();
await prism.start(`${directory}/openapi.yaml`);

async function isComplainedOf({ method, target, body }) {
  const before = prism.violations.length;
  const answer = await fetch(`http://127.0.0.1:${prism.port}${target}`, {
    method,
    headers: { 'Orders-Port': port, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return text.includes('https://stoplight.io/prism/errors') || prism.violations.length > before;
}

const order = { order_id: 'lies', priority: 'High' };
const faults = [];
if (await isComplainedOf({ method: 'POST', target: '/api/v1/orders', body: order }))
  faults.push('Prism complains where there is no lie');
for (const { name, request, seenByPrism } of lies) {
  if ((await isComplainedOf(request)) !== seenByPrism)
    faults.push(`Prism ${seenByPrism ? 'does not see' : 'sees'}: ${name}`);
}

await prism.stop();
service.kill();
await once(service, 'exit');
rmSync(directory, { recursive: true });
for (const fault of faults) console.log(fault);
console.log(`${lies.length} lies were planted`);
process.exitCode = faults.length > 0 ? 1 : 0;
