// Holds exchanges with the API against its description (api/openapi/openapi.yaml): an independent
// validator of JSON Schema judges the bodies, and the few lines here the rest. It is stricter than
// proxies are that do the same: a status, a media type or a path that is not described is a violation.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// What npm has installed is where the scripts are started, not where they lie.
const require = createRequire(process.cwd() + '/');
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;
const yaml = require('js-yaml');

export const urn = 'urn:order-management:problem:';
const problem = 'application/problem+json';

export function readDocument(path) {
  return yaml.load(readFileSync(path, 'utf8'));
}

export function writeDocument(document) {
  return yaml.dump(document, { noRefs: true });
}

// What answers have that is not described with each.
const everyAnswer = [
  ['date', /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/],
  ['x-content-type-options', /^nosniff$/],
  ['x-request-id', /^[A-Za-z0-9._-]{1,64}$/],
];
// Unless something else is described.
const unkeptAnswer = [['cache-control', /^no-store$/]];

// An exchange is { method, target, status, headers: [[name, value]...], body }; without a method and a
// target, it is an answer to bytes that a test wrote by hand.
export class Contract {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv({ strict: false });
    addFormats(this.ajv);
    this.ajv.addSchema(document, 'openapi');
    // Literal segments go before those in braces.
    this.paths = Object.keys(document.paths)
      .sort((a, b) => a.split('{').length - b.split('{').length)
      .map((path) => ({ path, segments: path.split('/') }));
  }

  // What can be seen of the contract: each answer of each operation, and each type of problem.
  everything() {
    const keys = [...this.document.components.schemas.ProblemType.enum];
    for (const [path, operations] of Object.entries(this.document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        for (const status of Object.keys(operation.responses)) {
          if (status !== 'default') keys.push(`${method.toUpperCase()} ${path} ${status}`);
        }
      }
    }
    return keys;
  }

  // { faults: what breaks the contract, seen: what of everything() this is an instance of }
  check(exchange) {
    const faults = [];
    const seen = [];
    const { method, target, status } = exchange;
    // The dashboard is no part of the description, but its errors are everybody's.
    const isOfDashboard = method !== undefined && /^(\/?|\/ui(\/.*)?)$/.test(pathOf(target));
    if (status < 400 && isOfDashboard) return { faults, seen };
    const headers = new Map(exchange.headers);
    // Bytes written by hand go to other servers, too, which tests compare ours with, and may ask for a
    // head alone.
    const isOurs = headers.get('content-type') === problem && exchange.body !== '';
    if (method === undefined && !isOurs) return { faults, seen };
    this.#checkEveryAnswer(headers, everyAnswer, (fault) => faults.push(fault));
    const body = this.#problemIn(exchange, headers, faults);
    if (body?.type) seen.push(body.type);
    if (method === undefined) return { faults, seen };

    const found = this.find(method, target);
    // What needs no token needs none only if it is spelled as it is described.
    const isClosed =
      status === 401 &&
      found.operation?.security?.length === 0 &&
      found.path !== target.replace(/\?.*$/s, '');
    if (!found.operation || isClosed) {
      this.#checkWithoutOperation(exchange, headers, found.methods, body, faults);
      return { faults, seen };
    }
    const key = `${found.method.toUpperCase()} ${found.path}`;
    const described = found.operation.responses[status] ?? found.operation.responses.default;
    if (!described) {
      faults.push(`${key} does not describe ${status}`);
      return { faults, seen };
    }
    if (found.operation.responses[status]) seen.push(`${key} ${status}`);
    const at = described.$ref ?? `#/paths/${pointer(found.path)}/${found.method}/responses/${status}`;
    this.#checkAnswer(exchange, headers, at, (fault) => faults.push(`${key} ${status}: ${fault}`));
    return { faults, seen };
  }

  // The operation that is asked for, its method and path; or else the methods that the path has.
  find(method, target) {
    const given = pathOf(target).split('/');
    const matching = this.paths.filter(({ segments }) => matches(segments, given));
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    for (const { path: described } of matching) {
      const operation = this.document.paths[described][asked];
      if (operation) return { operation, path: described, method: asked };
    }
    const methods = matching.flatMap(({ path: described }) => Object.keys(this.document.paths[described]));
    return { methods: matching.length > 0 ? methods : undefined };
  }

  at(reference) {
    return reference
      .slice(2)
      .split('/')
      .reduce((node, key) => node[unpointer(key)], this.document);
  }

  // Why the value does not fit the schema; undefined if it does.
  misfit(reference, value) {
    const validate = this.ajv.getSchema(`openapi${reference}`);
    if (validate(value)) return undefined;
    return this.ajv.errorsText(validate.errors, { dataVar: '' });
  }

  #checkEveryAnswer(headers, expected, fault) {
    for (const [name, pattern] of expected) {
      if (!pattern.test(headers.get(name))) fault(`an answer with ${name}: ${headers.get(name)}`);
    }
  }

  // What an error says; every one must be a problem.
  #problemIn(exchange, headers, faults) {
    if (exchange.status < 400 || exchange.method === 'HEAD') return undefined;
    const at = `${exchange.method} ${exchange.target} ${exchange.status}`;
    if (headers.get('content-type') !== problem)
      faults.push(`${at}: an error as ${headers.get('content-type')}`);
    const body = parsed(exchange.body);
    const misfit = this.misfit('#/components/schemas/Problem', body);
    if (misfit) faults.push(`${at}: no problem: ${misfit}`);
    else if (body.status !== exchange.status) faults.push(`${at}: the problem's status is ${body.status}`);
    return body;
  }

  // A path, or a method on it, that is not described.
  #checkWithoutOperation({ method, target, status }, headers, methods, body, faults) {
    this.#checkEveryAnswer(headers, unkeptAnswer, (fault) => faults.push(fault));
    if (method === 'OPTIONS' && status === 204) {
      // A browser is answered in its own words.
      const isPreflight = headers.has('access-control-allow-methods');
      if (methods && !isPreflight) this.#checkAllow(target, headers, methods, faults);
      return;
    }
    const type = body?.type?.slice(urn.length);
    const own = methods ? 'method-not-allowed' : 'route-not-found';
    const general =
      this.document.components.responses.General.content[problem].schema.allOf[1].properties.type.enum;
    const ownOrGeneral = [
      own,
      'unauthorized',
      'foreign-origin',
      'not-ready',
      ...general.map((each) => each.slice(urn.length)),
    ];
    if (method !== 'HEAD' && !ownOrGeneral.includes(type))
      faults.push(`${method} ${target}, which is not described, gets ${status} ${type}`);
    if (type === own && methods) this.#checkAllow(target, headers, methods, faults);
  }

  #checkAllow(target, headers, methods, faults) {
    const described = new Set(methods.map((method) => method.toUpperCase()));
    if (described.has('GET')) described.add('HEAD');
    described.add('OPTIONS');
    const allowed = new Set((headers.get('allow') ?? '').split(', '));
    const differ = [...described]
      .filter((each) => !allowed.has(each))
      .concat([...allowed].filter((each) => !described.has(each)));
    if (differ.length > 0)
      faults.push(`${target} is described with other methods than Allow: ${[...allowed].join(', ')}`);
  }

  #checkAnswer(exchange, headers, at, fault) {
    const response = this.at(at);
    if (!response.headers?.['Cache-Control']) this.#checkEveryAnswer(headers, unkeptAnswer, fault);
    for (const [name, header] of Object.entries(response.headers ?? {})) {
      const referred = header.$ref ?? `${at}/headers/${name}`;
      const value = headers.get(name.toLowerCase());
      if (value === undefined) {
        if (this.at(referred).required) fault(`no header ${name}`);
        continue;
      }
      const misfit = this.misfit(`${referred}/schema`, value);
      if (misfit) fault(`the header ${name}: ${misfit}`);
    }
    if (!response.content) return exchange.body === '' ? undefined : fault('there is a body');
    const sent = headers.get('content-type')?.replace(/;.*$/, '');
    const media = Object.keys(response.content).find((type) => type === sent);
    if (media === undefined) return fault(`sent as ${sent}`);
    if (exchange.method === 'HEAD') return undefined;
    for (const { name, data } of media === 'text/event-stream' ? eventsIn(exchange.body) : []) {
      const event = `${at}/content/${pointer(media)}/x-events/${name}`;
      if (!response.content[media]['x-events'][name]) return fault(`the event ${name} is not described`);
      const misfit = this.misfit(event, data);
      if (misfit) fault(`the event ${name}: ${misfit}`);
    }
    const body = media.endsWith('json') ? parsed(exchange.body) : exchange.body;
    const misfit = this.misfit(`${at}/content/${pointer(media)}/schema`, body);
    if (misfit) fault(misfit);
    return undefined;
  }
}

function pathOf(target) {
  return target.replace(/^[a-z]+:\/\/[^/?]*/i, '').replace(/\?.*$/s, '');
}

function pointer(key) {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function unpointer(key) {
  return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
}

// What is longer than any name may be is no name, and the path another one.
const longestName = 255;

function matches(segments, given) {
  return segments.length === given.length && segments.every((segment, at) => fits(segment, given[at]));
}

function fits(segment, given) {
  if (segment.startsWith('{')) return given !== '' && given.length <= longestName;
  return segment === decoded(given);
}

// Of a stream of Server-Sent Events, those with data that have come in full.
function eventsIn(stream) {
  const pieces = stream.split('\n\n').slice(0, -1);
  const field = (piece, name) => piece.split('\n').find((line) => line.startsWith(`${name}: `));
  const value = (piece, name) => field(piece, name)?.slice(name.length + 2);
  return pieces
    .filter((piece) => field(piece, 'data'))
    .map((piece) => ({ name: value(piece, 'event'), data: parsed(value(piece, 'data')) }));
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
