/**
 * Resolves when all have resolved. Unlike `Promise.all` it does not reject before the last has ended, so that nothing is under way
 * when what they have started is cleaned up.
 */
export async function allEnded(all: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
