import { hostname, userInfo } from 'node:os';

/** Who runs the command: `anna@laptop`. */
export function whoAmI(env: Readonly<Record<string, string | undefined>>): string {
  return `${userName(env)}@${hostname()}`;
}

function userName(env: Readonly<Record<string, string | undefined>>): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no entry in the machine's list.
    return env.USER || `user ${process.getuid?.() ?? ''}`.trim();
  }
}
