/** Consul's API as others use it: what micromesh has not written, and what it must not break. */
export class ConsulApi {
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  async put(path: string, body?: object): Promise<void> {
    const response = await fetch(`http://${this.#address}/v1/${path}`, {
      method: 'PUT',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(`http://${this.#address}/v1/${path}`);
    return response.ok ? response.json() : undefined;
  }
}
