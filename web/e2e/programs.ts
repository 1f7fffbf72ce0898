// SPDX-License-Identifier: Apache-2.0
// Starts the built program for the tests: the demo with its broker, an instance that nobody has set up yet, simulated packs on a line.
// Everything lives in one folder that goes away, listens on loopback ports that were free, and ends with this process.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kProgram = process.env.BMSGATE_PROGRAM ?? fileURLToPath(new URL('../../build/release/bmsgate', import.meta.url));
const kBrokers = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];
const kStartMs = 120_000; // the demo makes up its past first

export interface Instance {
  url: string;
  password: string;
  config: string;
  data: string;
  stop: () => Promise<void>;
}

export const haveProgram = (): boolean => existsSync(kProgram);

const folder = mkdtempSync(join(tmpdir(), 'bmsgate-e2e-'));
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

interface Running {
  stop: () => Promise<void>;
  /** Waits for a text among what the program has written; its groups. */
  said: (what: RegExp) => Promise<RegExpMatchArray>;
}

function start(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  children.add(child);
  let written = '';
  let over: string | null = null;
  const listeners = new Set<() => void>();
  const changed = () => listeners.forEach((listener) => listener());
  for (const pipe of [child.stdout, child.stderr])
    pipe.on('data', (piece: Buffer) => {
      written += piece.toString();
      changed();
    });
  const ended = new Promise<void>((resolve) => {
    const end = (why: string) => {
      children.delete(child);
      over = why;
      changed();
      resolve();
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(`ended with ${signal ?? code}`));
  });
  const said = (what: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(timer);
        listeners.delete(look);
        act();
      };
      const fail = (why: string) => done(() => reject(new Error(`${program} ${args[0]}: ${why}\n${written}`)));
      const look = () => {
        const match = what.exec(written);
        if (match) done(() => resolve(match));
        else if (over !== null) fail(over);
      };
      const timer = setTimeout(() => fail(`never said ${what}`), kStartMs);
      listeners.add(look);
      look();
    });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { stop, said };
}

async function startBroker(): Promise<string | null> {
  const program = kBrokers.find((path) => existsSync(path));
  if (!program) return null;
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  await start(program, ['-c', file, '-v']).said(/running/);
  return `127.0.0.1:${port}`;
}

/** `bmsgate demo`: four packs with 200 days of history. */
export async function startDemo(): Promise<Instance> {
  const broker = await startBroker();
  const data = join(folder, 'demo');
  const ports = ['--port', String(await freePort()), '--modbus-port', String(await freePort())];
  const running = start(kProgram, ['demo', ...ports, '--data', data, ...(broker ? ['--mqtt', broker] : [])]);
  const [, port, password] = await running.said(/Pages +http:\/\/localhost:(\d+)\/\n +Log in +admin +(\S+)/);
  return { url: `http://127.0.0.1:${port}`, password: password!, config: join(data, 'demo.toml'), data, stop: running.stop };
}

/** `bmsgate run` on an empty folder: no packs, and the password that it comes with. */
export async function startFresh(name: string): Promise<Instance> {
  const data = join(folder, name);
  const config = join(folder, `${name}.toml`);
  mkdirSync(data);
  writeFileSync(config, '');
  // From the environment, where no backup of another instance changes it.
  const where = { BMSGATE_WEB_PORT: String(await freePort()), BMSGATE_WEB_LISTEN: '127.0.0.1' };
  const running = start(kProgram, ['run', '--config', config, '--data', data], where);
  const [, port] = await running.said(/pages and API on port (\d+)/);
  return { url: `http://127.0.0.1:${port}`, password: 'admin!', config, data, stop: running.stop };
}

/** `bmsgate simulate` on a pseudo terminal; the link of its other end. */
export async function startPack(name: string, protocol: string, ...args: string[]): Promise<{ link: string; stop: () => Promise<void> }> {
  const line = join(folder, `line-${name}`);
  const running = start(kProgram, ['simulate', '--protocol', protocol, '--link', `pty:${line}`, ...args]);
  await running.said(/: opened/);
  return { link: `serial:${line}`, stop: running.stop };
}

/** What `bmsgate config show` prints for a setting: `port = 1884`. */
export function settingOf(instance: Instance, group: string, key: string): string | undefined {
  const shown = execFileSync(kProgram, ['config', 'show', '--config', instance.config, '--data', instance.data], { encoding: 'utf8' });
  const body = shown.split(`\n[${group}]\n`)[1]?.split('\n[')[0] ?? '';
  return new RegExp(`^${key} = (.*?)(?:  #.*)?$`, 'm').exec(body)?.[1];
}
