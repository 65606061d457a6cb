/* Prints what finding a rule costs: tsc -b packages/policy && node packages/policy/scripts/bench-find.js */
import { PolicySet, readResources, validate } from '../dist/index.js';

const SERVICES = 50;
const RULES = 20;
const ROUNDS = 7;
const CALLS = 500_000;

function resourcesWith(matchOf) {
  const texts = Array.from({ length: SERVICES }, (_, service) => {
    const rules = Array.from(
      { length: RULES },
      (__, rule) =>
        `    - name: r${rule}\n      match: [${matchOf(rule)}]\n      route: [{ destination: { host: s${service} } }]`,
    );
    return `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: s${service} }\nspec:\n  hosts: [s${service}]\n  http:\n${rules.join('\n')}\n    - route: [{ destination: { host: s${service} } }]\n`;
  });
  return validate(readResources(texts.join('---\n'), 'bench.yaml').documents).resources;
}

function measure(name, once) {
  const figures = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < CALLS; call++) once(call);
    figures.push(Number(process.hrtime.bigint() - start) / CALLS);
  }
  figures.sort((a, b) => a - b);
  process.stdout.write(
    `${name.padEnd(64)} ${figures[ROUNDS >> 1].toFixed(0).padStart(6)} ns (best ${figures[0].toFixed(0)})\n`,
  );
}

const HEADERS = { 'x-user': 'u-1', 'x-group': 'everybody' };
const request = {
  path: '/hello.v1.Hello/Anything',
  authority: 's7',
  scheme: 'http',
  verb: 'POST',
  header: (name) => HEADERS[name],
};
const service = { name: 's7' };
const stranger = { name: 'stranger' };
const SHAPES = {
  'of other methods (decided once)': (rule) => `{ uri: { exact: /hello.v1.Hello/M${rule} } }`,
  'with an exact header each': (rule) => `{ headers: { x-user: { exact: u-${rule + 100} } } }`,
  'with a prefix of a header each': (rule) => `{ headers: { x-group: { prefix: g${rule} } } }`,
  'with a simple pattern of a header each': (rule) => `{ headers: { x-user: { regex: "v-${rule}[0-9]+" } } }`,
  'with two headers each': (rule) =>
    `{ headers: { x-group: { exact: everybody }, x-user: { exact: v${rule} } } }`,
};

let seen = 0;
const silent = PolicySet.compile(resourcesWith(SHAPES['of other methods (decided once)']), {
  version: '1',
  caller: { labels: {} },
});
measure('a service that nothing is said of', () => {
  if (silent.of(stranger) !== undefined) seen++;
});
for (const [name, matchOf] of Object.entries(SHAPES)) {
  const resources = resourcesWith(matchOf);
  const start = process.hrtime.bigint();
  const set = PolicySet.compile(resources, { version: '1', caller: { labels: {} } });
  const compiled = Number(process.hrtime.bigint() - start) / 1e6;
  set.of(service)?.routes?.find(request);
  const first = Number(process.hrtime.bigint() - start) / 1e6 - compiled;
  measure(`${SERVICES} services, through ${RULES} rules ${name}`, () => {
    if (set.of(service)?.routes?.find(request).kind === 'rule') seen++;
  });
  process.stdout.write(`  compiled in ${compiled.toFixed(1)} ms, first call ${first.toFixed(1)} ms\n`);
}
if (seen === 0) process.exitCode = 1;
