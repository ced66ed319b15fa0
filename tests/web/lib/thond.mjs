// A thond of the test's own, and `thon` on it.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { BIN, PLAYED } from './settings.mjs';
import { Hopeless, until } from './wait.mjs';

const LOG_LINES_MAX = 2000;

// Ports that nobody listens on, all different.
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

// A program that dies with us, however we die.
export function spawnChild(program, args, options) {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], options);
}

// A folder for one test file, removed when it ends.
export async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'thon-web-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

// A copy of the demo's small province, 30 teams with seven months behind them.
async function copyPlayed(folder) {
  await mkdir(folder, { recursive: true });
  await cp(PLAYED, folder, { recursive: true });
  await rm(join(folder, 'data', 'endpoint'), { force: true });
  return join(folder, 'data');
}

export class Thond {
  // tls: false serves HTTP in plain text; gRPC keeps its TLS.
  constructor(data, { tls = true, args = [] } = {}) {
    this.data = data;
    this.tls = tls;
    this.args = args;
    this.log = [];
    this.process = undefined;
    this.ports = undefined;
    this.grants = new Map();
  }

  get url() {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.ports.http}`;
  }

  get token() {
    return readFileSync(join(this.data, 'operator.token'), 'utf8').trim();
  }

  get ca() {
    return readFileSync(join(this.data, 'tls', 'ca.crt'));
  }

  get pid() {
    return this.process.pid;
  }

  // Started again it listens where it listened before.
  async start() {
    for (let tries = 1; ; tries += 1) {
      const chosen = this.ports;
      try {
        return await this.#startOnce();
      } catch (failure) {
        // Somebody else may have got a port that was free a moment ago.
        if (chosen !== undefined || tries === 3) throw failure;
        this.ports = undefined;
      }
    }
  }

  async #startOnce() {
    if (this.ports === undefined) {
      const [grpc, http] = await freePorts(2);
      this.ports = { grpc, http };
    }
    const told = [join(this.data, 'endpoint'), join(this.data, 'http.port')];
    for (const file of told) await rm(file, { force: true });
    const child = spawnChild(join(BIN, 'thond'), ['--data', this.data, '--listen', `127.0.0.1:${this.ports.grpc}`,
      '--http', `127.0.0.1:${this.ports.http}`, '--http-port-file', told[1], '--simulate', '--disk-reserve-bytes', '1048576', '--drain-seconds', '5',
      ...(this.tls ? [] : ['--http-insecure-loopback']), ...this.args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Under ASan freed memory is kept for a while: not so much that it looks like a leak.
      env: { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? 'detect_leaks=1'}:quarantine_size_mb=8` },
    });
    this.process = child;
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line);
      if (this.log.length > LOG_LINES_MAX) this.log.shift();
    });
    await until('thond serves', () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Hopeless(`thond ended:\n${this.log.join('\n')}`);
      }
      return told.every(existsSync);
    }, 120_000);
    return this;
  }

  // Stops it as an operator does; how it ended.
  async stop() {
    if (this.process === undefined) return undefined;
    this.process.kill('SIGTERM');
    const end = await this.ended;
    this.process = undefined;
    return end;
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
    this.process = undefined;
  }

  // ---------------------------------------------------------- what it costs

  openFiles() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  // Memory that is the server's alone. Pages of files (the program itself) are
  // not: the system takes and gives them as other programs need room.
  privateBytes() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)[1]) * 1024;
    return of('RssAnon') + of('VmSwap');
  }

  // --------------------------------------------------------------- commands

  // What `thon --json` prints.
  async thon(...args) {
    const { stdout } = await promisify(execFile)(join(BIN, 'thon'), ['--data', this.data, '--json', ...args.map(String)], { maxBuffer: 256 << 20 });
    return stdout.trim() === '' ? {} : JSON.parse(stdout);
  }

  // An officer's token, with a grant; without a code: on the whole log.
  async officer(officer, role, unitCode) {
    const file = join(this.data, `officer${officer}.token`);
    const grant = await this.thon('grant', 'issue', '--officer', officer, '--role', role,
      ...(unitCode === undefined ? ['--all'] : ['--unit-code', unitCode]), '--token-out', file);
    this.grants.set(officer, grant.grant_id);
    return readFileSync(file, 'utf8').trim();
  }

  // Takes back the grant that officer() gave; the token stays.
  revokeGrant(officer) {
    return this.thon('grant', 'revoke', '--grant', this.grants.get(officer), '--reason', 'chuyển công tác');
  }

  // A link that logs in, once; without an officer: the operator.
  async loginLink(officer) {
    const answer = await this.thon('login-link', ...(officer === undefined ? [] : ['--officer', officer]));
    return answer.url;
  }

  // Phones of the given teams record facts over these days; the fleet's report.
  // (It compares what it recorded with the whole log, and ends with 1 when others
  // have recorded too.)
  async fleet({ folder, teams, from, to, seed = 7, eventsPerPhone = 20 }) {
    await mkdir(folder, { recursive: true });
    const phones = join(folder, 'phones.csv');
    writeFileSync(phones, `team_id,member_id,organisation_id\n${teams.map(([team, member]) => `${team},${member},\n`).join('')}`);
    const issued = join(folder, 'issued.csv');
    await this.thon('enrol', 'bulk', phones, '--out', issued, '--days', '60');
    const rows = readFileSync(issued, 'utf8').trim().split('\n').map((line) => line.split(','));
    const column = (name) => rows[0].indexOf(name);
    const villages = new Map(teams.map(([team, , village]) => [String(team), village]));
    const codes = join(folder, 'codes.csv');
    writeFileSync(codes, ['code,team_id,member_id,organisation_id,village_id', ...rows.slice(1).map((row) =>
      [row[column('code')], row[column('team_id')], row[column('member_id')], '',
        villages.get(row[column('team_id')])].join(','))].join('\n') + '\n');
    const run = promisify(execFile)(join(BIN, 'thon-fleet'), ['--server', `127.0.0.1:${this.ports.grpc}`,
      '--ca', join(this.data, 'tls', 'ca.crt'), '--token', join(this.data, 'operator.token'), '--codes', codes, '--from', from, '--to', to, '--seed', String(seed),
      '--workers', '1', '--threads', '2', '--kill-percent', '0', '--events-per-phone', String(eventsPerPhone),
      '--dir', join(folder, 'phones'), '--json'], { maxBuffer: 16 << 20 });
    const { stdout } = await run.catch((failure) => {
      if (failure.stdout) return failure;
      throw failure;
    });
    return JSON.parse(stdout);
  }
}

// A thond over a copy of the played province in a folder of its own, started.
// close() stops it, which must go cleanly, and removes the folder.
export async function openPlayed(options) {
  const { folder, remove } = await temporaryFolder();
  const server = new Thond(await copyPlayed(join(folder, 'played')), options);
  try {
    await server.start();
  } catch (error) {
    await remove();
    throw error;
  }
  const close = async () => {
    const end = await server.stop();
    await remove();
    assert.deepEqual(end, { code: 0, signal: null }, 'thond must stop cleanly');
  };
  return { server, folder, close };
}
