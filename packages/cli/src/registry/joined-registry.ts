import { ConfigError, silentLogger } from '@micromesh/core';
import { registryFrom } from '@micromesh/registry';

/**
 * Looks whether an agent that somebody else started can be used.
 *
 * @param url - `consul://host:port`
 * @throws ConfigError when it is no agent's URL.
 * @throws RegistryError when the agent does not answer.
 */
export async function requireAgent(url: string): Promise<void> {
  if (!/^consul(\+https)?:/.test(url)) {
    throw new ConfigError(
      '--registry',
      url,
      'is no agent that processes can share',
      'write consul://host:port, or consul or embedded for one of its own',
    );
  }
  const registry = registryFrom(url, { logger: silentLogger });
  try {
    await registry.services();
  } finally {
    await registry.close();
  }
}
