#!/usr/bin/env node
// Committed as JavaScript: npm links a bin only where it is there before the build.
import process from 'node:process';

/** What still holds the process open after the command has ended gets this long. */
const LAST_WORD_MS = 1_000;

async function main() {
  const { run } = await import('@micromesh/cli');
  process.exitCode = await run(process.argv.slice(2));
  setTimeout(() => process.exit(), LAST_WORD_MS).unref();
}

main().catch((error) => {
  const notBuilt = error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('dist');
  process.stderr.write(notBuilt ? `micromesh is not built: run \`npm run build\`\n` : `${error.stack}\n`);
  process.exitCode = 1;
});
