import { memory } from '@micromesh/registry';
import { describeRegistry } from './conformance.js';

describeRegistry('memory', async () => ({
  open: () => memory({ name: 'conformance' }),
  stop: async () => {},
}));
