/** The registries that a command can start for itself. */
export const REGISTRIES = ['embedded', 'consul'] as const;

/** `embedded`: the dev agent; `consul`: a real Consul. */
export type RegistryKind = (typeof REGISTRIES)[number];
