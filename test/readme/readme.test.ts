import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePorts } from '@micromesh/cli/stage';
import { generate } from '@micromesh/generator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** The TypeScript blocks of the README, by the file name in their first line. */
async function readmeFiles(): Promise<Map<string, string>> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const files = new Map<string, string>();
  for (const [, name, code] of readme.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)) {
    if (name !== undefined && code !== undefined) files.set(name, code);
  }
  return files;
}

describe('the README', () => {
  let project: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'micromesh-readme-'));
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
    await generate({
      inputs: [join(ROOT, 'proto/hello')],
      protoPaths: [join(ROOT, 'proto')],
      out: join(project, 'src/gen'),
    });
    await mkdir(join(project, 'src'), { recursive: true });
    for (const [name, code] of await readmeFiles()) await writeFile(join(project, 'src', name), code);
    await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
    const compilerOptions = {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
      strict: true,
      types: ['node'],
      rootDir: 'src',
      outDir: 'dist',
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]).catch(
      (error) => {
        throw new Error(`the README's examples do not compile:\n${error.stdout}`);
      },
    );
    // A dev agent of this test's own, that ends soon after.
    env = { ...process.env, MICROMESH_DEV_AGENT_PORT: String((await freePorts(1))[0]) };
  }, 180_000);

  afterAll(() => rm(project, { recursive: true, force: true }));

  it('has a server and clients that find each other', async () => {
    const server = spawn(process.execPath, [join(project, 'dist/server.js')], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      for await (const line of createInterface({ input: server.stderr }))
        if (line.includes('"serving"')) break;
      const { stdout } = await run(process.execPath, [join(project, 'dist/client.js')], {
        env,
        timeout: 60_000,
      });
      expect(stdout).toBe("{ msg: 'Hello xuxu' }\nHello 1\n{ msg: 'Hello stub' }\n");
    } finally {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    expect(server.exitCode).toBe(0);
  }, 120_000);

  it('has a test of a failover without real time', async () => {
    const { stdout } = await run(process.execPath, [join(project, 'dist/failover.test.js')], {
      env,
      timeout: 60_000,
    });
    expect(stdout).toBe("{ msg: 'Hello xuxu' }\n[ 'hello-1', 'hello-2' ]\n");
  }, 120_000);

  it('has policies without a mistake, and explains a call under them', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const [, file = '', yaml = ''] = /```yaml\n# (\S+)\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(file).toBe('policies/hello.yaml');
    await mkdir(join(project, 'policies'));
    await writeFile(join(project, file), yaml);
    const micromesh = (...parts: readonly string[]) =>
      run(process.execPath, [join(ROOT, 'packages/micromesh/bin/micromesh.js'), ...parts], {
        cwd: project,
        env,
      });
    expect(JSON.parse((await micromesh('validate', 'policies/', '--json')).stdout)).toMatchObject({
      problems: [],
    });
    const [, command = ''] = /`micromesh (explain [^`]*)`/.exec(readme) ?? [];
    const { stdout } = await micromesh(...command.split(' '));
    expect(stdout).toContain('canary');
    expect(stdout).toContain('hello.yaml:');
  });

  it('shows a running example by line 20, and names only files that are there', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    expect(readme.split('\n').slice(0, 20).join('\n')).toContain('npm start');
    for (const [, target] of readme.matchAll(/\]\(([^)#:]+)\)/g)) {
      await expect(readFile(join(ROOT, target ?? '')), target).resolves.toBeDefined();
    }
  });
});
