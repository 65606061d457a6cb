/** What the process of a dev agent tells the one that started it, once. */
export type AgentMessage =
  | { readonly kind: 'ready'; readonly address: string }
  | { readonly kind: 'failed'; readonly code: string; readonly error: string };

/** Reads a message of the agent's process; undefined for anything else. */
export function readAgentMessage(message: unknown): AgentMessage | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return undefined;
  if (message.kind === 'ready' && 'address' in message && typeof message.address === 'string') {
    return { kind: 'ready', address: message.address };
  }
  if (message.kind !== 'failed' || !('error' in message) || !('code' in message)) return undefined;
  return { kind: 'failed', code: String(message.code), error: String(message.error) };
}
