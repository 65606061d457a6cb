import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A VirtualService that says no more than a timeout. */
export function virtualService(name: string, timeout = '1s'): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http: [{ timeout: ${timeout}, route: [{ destination: { host: ${name} } }] }]
`;
}

/** A folder of policies that is taken away at the end. */
export class PolicyFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'micromesh-policies-'));

  write(file: string, text: string): void {
    const path = join(this.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Writes a folder anew with these services alone, and gives its path. */
  services(name: string, services: Readonly<Record<string, string>>): string {
    rmSync(join(this.path, name), { recursive: true, force: true });
    for (const [service, timeout] of Object.entries(services)) {
      this.write(`${name}/${service}.yaml`, virtualService(service, timeout));
    }
    return join(this.path, name);
  }

  end(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
