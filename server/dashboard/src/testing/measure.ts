// What a province of 20,000 teams costs the page: `npm run measure`. Prints CPU
// time, which other work on the machine does not change much, and memory.
import {create, fromBinary, toBinary} from '@bufbuild/protobuf';
import {UnitLevel} from '../gen/thon/v1/event_pb';
import {BeneficiaryKind, DeterminationState, ReasonCode} from '../gen/thon/v1/policy_pb';
import {WatchResponseSchema} from '../gen/thon/v1/watch_service_pb';
import {WatchFold} from '../live/fold';
import {packTable, unpack} from '../live/packed';
import {byChild, byMonth, overview} from '../model/aggregate';
import {ModelBuilder} from '../model/builder';
import {digestOf} from './fake_watch';
import {Area, day} from './rows';

const TEAMS = 20_000;
const MONTHS = [202308, 202309, 202310];
const TODAY = day(20, 10, 2023);
const ROWS_A_PAGE = 1024;

function province(): Area {
  const area = new Area().unit(1n, UnitLevel.PROVINCE, 'Tỉnh', 0n);
  for (let i = 0; i < 10; ++i) area.unit(BigInt(10 + i), UnitLevel.DISTRICT, `Huyện ${i}`, 1n);
  for (let i = 0; i < 200; ++i) {
    area.unit(BigInt(1000 + i), UnitLevel.COMMUNE, `Xã Đông ${i}`, BigInt(10 + (i % 10)));
  }
  for (let i = 0; i < TEAMS; ++i) {
    const village = BigInt(100_000 + i);
    const team = BigInt(500_000 + i);
    area.unit(village, UnitLevel.VILLAGE, `Thôn Đồng Tâm ${i}`, BigInt(1000 + (i % 200)));
    area.team(team, village, {name: `Tổ công nghệ số cộng đồng ${i}`});
    area.phone(i, team, 1_697_000_000_000 + i);
    for (const month of MONTHS) {
      area.month(team, month, {
        activeDays: 5,
        activeDayBits: 31 << i % 10,
        activities: 9n,
        peopleReached: 77n,
        updateSubmittedDate: TODAY,
      });
      area.determination({
        policyId: 'yen-bai-60-2022',
        beneficiaryKind: BeneficiaryKind.TEAM,
        beneficiaryId: team,
        month,
        determination: {
          state: DeterminationState.PROVISIONAL,
          amountVnd: 300_000n,
          reasons: [ReasonCode.COVERED],
        },
      });
    }
  }
  return area;
}

// The area as responses on the wire.
function responses(area: Area): Uint8Array[] {
  const pages: Uint8Array[] = [];
  const tables: {queryId: number; rowCount: bigint; digest: Uint8Array}[] = [];
  for (const [queryId, table] of area.rows) {
    const rows = [...table].map(([key, row]) => ({queryId, key: Uint8Array.from(Buffer.from(key)), row}));
    for (let at = 0; at < rows.length; at += ROWS_A_PAGE) {
      const started = at === 0 ? [{queryId, clear: true}] : [];
      const page = create(WatchResponseSchema, {started, rows: rows.slice(at, at + ROWS_A_PAGE)});
      pages.push(toBinary(WatchResponseSchema, page));
    }
    const digest = digestOf(rows.map(({key, row}) => [Buffer.from(key).toString('hex'), row] as const));
    tables.push({queryId, rowCount: BigInt(rows.length), digest});
  }
  const progress = {position: 9n, localDate: TODAY, serverTimeMs: 1n, tables};
  pages.push(toBinary(WatchResponseSchema, create(WatchResponseSchema, {progress})));
  return pages;
}

function memory(): string {
  globalThis.gc?.();
  const {heapUsed, arrayBuffers} = process.memoryUsage();
  return `${Math.round((heapUsed + arrayBuffers) / 1024 / 1024)} MiB`;
}

function timed<T>(what: string, run: () => T): T {
  const before = process.cpuUsage();
  const result = run();
  const {user, system} = process.cpuUsage(before);
  console.log(`${what}: ${Math.round((user + system) / 1000)} ms of CPU`);
  return result;
}

let area: Area | undefined = province();
const pages = responses(area);
area = undefined;
const bytes = pages.reduce((sum, page) => sum + page.length, 0);
console.log(`${TEAMS} teams, ${(bytes / 1024 / 1024).toFixed(1)} MiB on the wire; before: ${memory()}`);

const parsed = timed('responses parsed', () => pages.map((page) => fromBinary(WatchResponseSchema, page)));
const fold = new WatchFold(parsed.at(-1)?.progress?.tables.map((table) => table.queryId) ?? []);
timed('folded and checked', () => {
  for (const response of parsed) {
    const step = fold.receive(response);
    if (step?.ok === false) throw new Error(step.fault);
  }
});
parsed.length = 0;
let rows = 0;
for (const table of fold.tables.values()) rows += table.rows.size;
console.log(`${rows} rows; with the worker's tables: ${memory()}`);

const packed = timed('packed for a tab', () => [...fold.tables].map(([id, table]) => packTable(id, table)));
const builder = new ModelBuilder(1n);
timed('decoded in the tab', () => {
  for (const {queryId, cleared, block} of packed) {
    builder.absorb({queryId, cleared, rows: unpack(block)});
  }
});
const moment = {position: 9n, serverTimeMs: 1, localDate: TODAY};
let model = timed('the model made', () => builder.publish(moment, MONTHS[0]));
packed.length = 0;
console.log(`with a tab's model too: ${memory()}`);
timed('overview', () => overview(model, 1n, 0));
timed('overview again', () => overview(model, 1n, 0));
timed('overview of each district', () => byChild(model, 1n, 0));
timed('series of months', () => byMonth(model, 1n, MONTHS));
timed('100 steps of 10 rows, a model each', () => {
  for (let step = 0; step < 100; ++step) {
    const change = new Area();
    for (let i = 0; i < 10; ++i) change.month(BigInt(500_000 + step * 10 + i), 202310, {activeDays: 6});
    for (const [queryId, table] of change.rows) builder.absorb({queryId, cleared: false, rows: table});
    model = builder.publish({...moment, position: BigInt(step)}, MONTHS[0]);
  }
});
