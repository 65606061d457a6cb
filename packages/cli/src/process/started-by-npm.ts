/**
 * Whether the end of the parent process ends this one as well: under npm and npx, which pass nothing on when they are killed.
 * What a shell started outlives it.
 */
export function parentCounts(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.npm_lifecycle_event !== undefined || env.npm_command !== undefined;
}
