/**
 * Tags that people and other tools can read: `version=1.0.0`, `zone=a`; sorted by name.
 */
export function readableTags(version: string, labels: Readonly<Record<string, string>>): string[] {
  const tags = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  tags.sort();
  return version === '' ? tags : [`version=${version}`, ...tags];
}
