/** An address under a name of its own: `lan`, `wan_ipv4`. */
export interface TaggedAddress {
  readonly Address: string;
  readonly Port: number;
}

/** A service as it was registered. */
export interface ServiceEntry {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  /** Undefined: none was given, which Consul tells from an empty one. */
  readonly meta: Readonly<Record<string, string>> | undefined;
  readonly address: string;
  readonly port: number;
  readonly taggedAddresses: Readonly<Record<string, TaggedAddress>>;
  readonly weights: { readonly Passing: number; readonly Warning: number };
  readonly enableTagOverride: boolean;
}

/** The state of a check. */
export type CheckStatus = 'passing' | 'warning' | 'critical';

/** A check and its state. */
export interface CheckEntry {
  readonly id: string;
  readonly name: string;
  readonly status: CheckStatus;
  readonly notes: string;
  readonly output: string;
  /** Empty: of the whole node. */
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  readonly type: string;
}

/** Whether a text is a check's state. */
export function isCheckStatus(text: string): text is CheckStatus {
  return text === 'passing' || text === 'warning' || text === 'critical';
}
