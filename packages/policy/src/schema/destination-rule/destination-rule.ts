import type { z } from 'zod';
import { applied, message, noMeaning, required } from '../field.js';
import { anyText, formed, list, mapOf, text } from '../leaves.js';
import { trafficPolicy } from './traffic-policy.js';

/** Some of the nodes of a service. */
export const subset = message('Subset', {
  name: required(
    formed(
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      'name of a subset',
      'give up to 63 lower-case letters, digits and hyphens, a letter or digit at both ends',
    ),
    'what a VirtualService calls it',
  ),
  labels: applied(
    mapOf(anyText()),
    'the labels that its nodes have; silent: all nodes',
    '`version` is the version of the node',
  ),
  trafficPolicy: applied(
    trafficPolicy,
    'for calls that a rule sends to the subset; each block replaces that of the host',
  ),
});

const workloadSelector = message('WorkloadSelector', {
  matchLabels: applied(mapOf(anyText()), 'labels that the calling process (`identity.labels`) must have'),
});

/** The `spec` of a DestinationRule. */
export const destinationRuleSpec = message('DestinationRule', {
  host: required(text(), 'the service; see "Hosts" above'),
  trafficPolicy: applied(trafficPolicy, 'how calls to it are made'),
  subsets: applied(list(subset), 'named parts of its nodes'),
  exportTo: noMeaning(
    list(text()),
    'a process applies what is in its folders and its Consul, whatever the namespace',
    'take it out, or keep it in a folder that others do not read',
  ),
  workloadSelector: applied(workloadSelector, 'which processes apply it; silent: all'),
});

/** The `spec` of a DestinationRule, validated. */
export type DestinationRuleSpec = z.infer<typeof destinationRuleSpec>;
/** Some of the nodes of a service. */
export type Subset = z.infer<typeof subset>;
