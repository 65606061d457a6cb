import { createHash } from 'node:crypto';
import { agentServiceShape, checkShape, selfShape } from './answer-shapes.js';
import { emptyAnswer, jsonAnswer } from './exchange.js';
import { parseGoBool } from './go-values.js';
import { parseBody } from './json-fields.js';
import type { LocalAgent } from './local-agent.js';
import type { NodeIdentity } from './node-identity.js';
import { Refusal } from './refusal.js';
import { readRegistration } from './registration-reader.js';
import type { Route } from './route.js';
import { type CheckStatus, isCheckStatus } from './service-entry.js';

const NO_INDEXES = { createIndex: 0, modifyIndex: 0 };

/** The routes below `/v1/agent`: what services and their operators tell the agent, and what it knows. */
export function agentRoutes(agent: LocalAgent, node: NodeIdentity): readonly Route[] {
  return [
    {
      path: 'agent/service/register',
      PUT: ({ body, query }) => {
        const { service, checks } = readRegistration(body);
        const replace = query.get('replace-existing-checks');
        agent.register(service, checks, replace === '' || replace === 'true');
        return emptyAnswer();
      },
    },
    {
      path: 'agent/service/deregister/',
      PUT: (_request, id) => {
        agent.deregister(id);
        return emptyAnswer();
      },
    },
    reportRoute(agent, 'pass', 'passing'),
    reportRoute(agent, 'warn', 'warning'),
    reportRoute(agent, 'fail', 'critical'),
    {
      path: 'agent/check/update/',
      PUT: ({ body }, id) => {
        const fields = parseBody(body);
        const status = fields.string('Status');
        const output = fields.string('Output');
        fields.end();
        if (!isCheckStatus(status)) throw new Refusal(400, `Invalid check status: '${status}'`);
        agent.report(id, status, output);
        return emptyAnswer();
      },
    },
    {
      path: 'agent/service/maintenance/',
      PUT: ({ query }, id) => {
        if (id === '') throw new Refusal(400, 'Missing service ID');
        agent.maintainService(id, readEnable(query), query.get('reason') ?? '');
        return emptyAnswer();
      },
    },
    {
      path: 'agent/maintenance',
      PUT: ({ query }) => {
        agent.maintainNode(readEnable(query), query.get('reason') ?? '');
        return emptyAnswer();
      },
    },
    {
      path: 'agent/services',
      GET: () =>
        jsonAnswer(
          Object.fromEntries([...agent.services].map(([id, service]) => [id, agentServiceShape(service)])),
        ),
    },
    {
      path: 'agent/service/',
      GET: (_request, id) => {
        const service = agent.services.get(id);
        if (service === undefined) throw new Refusal(404, `unknown service ID: ${id}`);
        const shape = agentServiceShape(service);
        const hash = createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16);
        return jsonAnswer({ ...shape, ContentHash: hash }, { 'X-Consul-ContentHash': hash });
      },
    },
    {
      path: 'agent/checks',
      GET: () =>
        jsonAnswer(
          Object.fromEntries(agent.checks.map((check) => [check.id, checkShape(check, node, NO_INDEXES)])),
        ),
    },
    { path: 'agent/self', GET: () => jsonAnswer(selfShape(node)) },
  ];
}

function reportRoute(agent: LocalAgent, word: string, status: CheckStatus): Route {
  return {
    path: `agent/check/${word}/`,
    PUT: ({ query }, id) => {
      agent.report(id, status, query.get('note') ?? '');
      return emptyAnswer();
    },
  };
}

function readEnable(query: URLSearchParams): boolean {
  const text = query.get('enable');
  if (text === null) throw new Refusal(400, 'Missing value for enable');
  const enable = parseGoBool(text);
  if (enable === undefined) throw new Refusal(400, `Invalid value for enable: ${JSON.stringify(text)}`);
  return enable;
}
