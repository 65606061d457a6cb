const OPEN_PARAMETERS = new Set(['dc', 'ns', 'partition', 'stale']);

/**
 * A registry's spec or an agent's address as messages and screens show it: `...` in the place of user and password, and of the value
 * of every parameter but dc, ns, partition and stale.
 */
export function shownSpec(spec: string): string {
  // A password may hold any sign that ends an address, so everything before the last @ goes.
  const bare = spec.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1...@');
  const end = bare.search(/[?#]/);
  return end === -1 ? bare : bare.slice(0, end) + bare.slice(end).replace(/[^?#&;]+/g, shownParameter);
}

function shownParameter(text: string): string {
  const [, name, value] = /^([\w-]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) return '...';
  // A value that is not plain may carry another parameter.
  return OPEN_PARAMETERS.has(name) && /^[\w.-]*$/.test(value) ? text : `${name}=...`;
}
