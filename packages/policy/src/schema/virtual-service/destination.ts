import type { z } from 'zod';
import { applied, message, required } from '../field.js';
import { port, text } from '../leaves.js';

/** A port of a service. */
export const portSelector = message('PortSelector', {
  number: applied(port(), 'the port'),
});

/** Where a call goes. */
export const destination = message('Destination', {
  host: required(text(), 'the service; see "Hosts" above'),
  subset: applied(
    text(),
    'a subset that a DestinationRule of the host defines; it is an error where none does',
  ),
  port: applied(
    portSelector,
    'chooses the portLevelSettings of the DestinationRule',
    'the address, port included, is the one that the node has in the registry',
  ),
});

/** Where a call goes. */
export type Destination = z.infer<typeof destination>;
