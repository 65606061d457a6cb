import { ConfigError, messageOf, silentLogger } from '@micromesh/core';
import { RegistryError, registryFrom, shownSpec } from '@micromesh/registry';

/**
 * Looks whether an agent that somebody else started can be used.
 *
 * @param url - `consul://host:port`
 * @throws ConfigError when it is no agent's URL, or the agent does not answer as one.
 */
export async function requireAgent(url: string): Promise<void> {
  if (!/^consul(\+https)?:/.test(url)) {
    throw new ConfigError(
      '--registry',
      shownSpec(url),
      'is no agent that processes can share',
      'write consul://host:port, or consul or embedded for one of its own',
    );
  }
  const registry = registryFrom(url, { logger: silentLogger });
  try {
    await registry.services();
  } catch (error) {
    const refused = error instanceof RegistryError && error.statusCode !== undefined;
    throw new ConfigError(
      '--registry',
      shownSpec(url),
      `${refused ? 'refuses' : 'does not answer as an agent'} (${messageOf(error)})`,
      `${refused ? 'give it the token that it wants with CONSUL_HTTP_TOKEN' : 'start an agent there'}, or use --registry consul to start one`,
    );
  } finally {
    await registry.close();
  }
}
