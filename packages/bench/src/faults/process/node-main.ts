import { exitWithParent } from '@micromesh/server';
import { tell } from '../../process/tell.js';
import { openEffectLog } from './effect-log.js';
import { startMeshNode } from './mesh-node.js';
import type { NodeRequest, Report } from './messages.js';
import type { NodeSetting } from './node-setting.js';
import { startPlainNode } from './plain-node.js';
import { standStill } from './stand-still.js';
import { Work } from './work.js';

async function main([json = '{}']: readonly string[]): Promise<void> {
  exitWithParent();
  const setting: NodeSetting = JSON.parse(json);
  const work = new Work(openEffectLog(setting.effectsFile));
  const told = new Promise<void>((resolve) => {
    process.on('message', (request: NodeRequest) => {
      if (request.type === 'serve') resolve();
      else if (request.type === 'mode') work.behave(request.mode);
      else tell<Report>({ type: 'stood', fromMs: standStill(request.ms) });
    });
  });
  tell<Report>({ type: 'ready' });
  await told;
  const start = setting.kind === 'mesh' ? startMeshNode : startPlainNode;
  const address = await start(work, setting);
  tell<Report>({ type: 'serving', id: setting.id, address });
  // The server keeps the process running, the channel need not: it ends when the server has stopped.
  process.channel?.unref();
}

main(process.argv.slice(2)).catch((error: unknown) => tell<Report>({ type: 'failed', error: String(error) }));
