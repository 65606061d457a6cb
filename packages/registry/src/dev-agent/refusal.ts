/** A request that is answered with an error: a status code and a line of text, as Consul does. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly statusCode: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** What the dev agent does not have, and does not pretend to. */
export function notHere(what: string): Refusal {
  return new Refusal(
    501,
    `${what} is not in micromesh's dev agent, which has only what micromesh uses; for all of Consul run: consul agent -dev`,
  );
}
