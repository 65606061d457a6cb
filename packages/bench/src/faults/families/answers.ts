import { status } from '@grpc/grpc-js';
import type { Fault } from '../fault.js';

const SLOWER_MS = 300;
const FAIL_RATIO = 0.2;

/** Nodes answer, but badly. */
export const ANSWERS: readonly Fault[] = [
  {
    name: 'slower',
    title: 'one node is 300 ms slower',
    async bring(stage) {
      for (const node of stage.at(0)) node.behave({ slowerMs: SLOWER_MS });
    },
  },
  {
    name: 'internal',
    title: 'one node answers every call with INTERNAL at once',
    answersErrors: true,
    async bring(stage) {
      for (const node of stage.at(0)) node.behave({ failRatio: 1, failCode: status.INTERNAL });
    },
  },
  {
    name: 'errors-everywhere',
    title: 'all nodes answer 20 % of the calls with UNAVAILABLE',
    failRatio: FAIL_RATIO,
    answersErrors: true,
    async bring(stage) {
      for (const node of stage.nodes) node.behave({ failRatio: FAIL_RATIO, failCode: status.UNAVAILABLE });
    },
  },
];
