import type { NodeState } from '@micromesh/core';
import type { Standing } from '@micromesh/selector';

/** Connected, and nothing against it. */
export function isUsable(standing: Standing): boolean {
  return standing === 'healthy' || standing === 'suspect';
}

/** What people are told of a standing. */
export function stateOf(standing: Standing): NodeState {
  switch (standing) {
    case 'healthy':
    case 'suspect':
      return 'ready';
    case 'ejected':
    case 'held':
      return 'ejected';
    case 'connecting':
      return 'connecting';
    case 'silent':
    case 'disconnected':
      return 'down';
  }
}
