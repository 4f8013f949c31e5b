// Prism, a proxy that none of us wrote, between tests and the API: it holds each answer against the
// description of the API, and puts an error in the place of one that breaks it. Each test has an API of
// its own, so behind Prism stands a relay, which passes requests on to the port that their header
// Orders-Port names, and notes which have come.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { createInterface } from 'node:readline';

export class Prism {
  relayed = []; // { method, target } of each request that has come through
  violations = []; // what Prism has said of answers

  async start(document) {
    this.relay = createServer((request, response) => this.#relay(request, response));
    this.relay.listen(0, '127.0.0.1');
    await once(this.relay, 'listening');
    const upstream = `http://127.0.0.1:${this.relay.address().port}`;
    this.port = await freePort();
    const flags = ['--port', this.port, '--errors', '--validate-request', 'false', '--cors', 'false'];
    // However the test ends, Prism goes with it.
    const command = ['--pdeathsig', 'KILL', 'node_modules/.bin/prism', 'proxy', document, upstream];
    this.process = spawn('setpriv', [...command, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: this.process.stdout });
    await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        if (line.includes('Violation')) this.violations.push(line);
        if (line.includes('listening')) resolve();
      });
      this.process.once('exit', () => reject(new Error('Prism ended by itself')));
    });
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit');
      this.process.kill();
      await ended;
    }
    this.relay.closeAllConnections();
    this.relay.close();
  }

  #relay(request, response) {
    this.relayed.push({ method: request.method, target: request.url });
    const { 'orders-port': port, ...headers } = request.headers;
    const onward = httpRequest(
      { host: '127.0.0.1', port, method: request.method, path: request.url, headers },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
