// A province of 20,000 teams, as files for `thon ... import`. Names follow from
// the number, with tones to search without.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Thond } from './thond.mjs';

export const TEAMS = 20_000;
const COMMUNES = 200;
const FIRST = ['Đồng', 'Nà', 'Khe', 'Suối', 'Bản', 'Lũng', 'Yên', 'Đại', 'Thác', 'Vĩnh'];
const SECOND = ['Tâm', 'Phiêng', 'Đất', 'Hạ', 'Cốc', 'Mường', 'Ngòi', 'Quế', 'Xuân', 'Ổi'];

export const villageOf = (team) => `Thôn ${FIRST[team % 10]} ${SECOND[Math.floor(team / 10) % 10]} ${team}`;
export const communeOf = (team) => `Xã ${FIRST[Math.floor(team / 1000) % 10]} ${SECOND[Math.floor(team / 100) % 10]} ${Math.floor(team / 100)}`;
const code = (commune) => String(4252 + 3 * commune).padStart(5, '0');

const table = (file, header, rows) => writeFileSync(file, [header, ...rows].join('\n') + '\n');

// A server over it, in plain text.
export async function startBig(folder) {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const numbers = (count) => Array.from({ length: count }, (_, i) => i);
  table(join(folder, 'units.csv'), 'code,level,name,parent_code', ['15,province,Tỉnh Yên Bái,',
    ...numbers(10).map((i) => `${132 + i},district,Huyện ${FIRST[i]} ${SECOND[9 - i]},15`),
    ...numbers(COMMUNES).map((i) => `${code(i)},commune,${communeOf(i * 100)},${132 + Math.floor(i / 20)}`)]);
  table(join(folder, 'villages.csv'), 'commune_code,village_name,effective,id',
    numbers(TEAMS).map((i) => `${code(Math.floor(i / 100))},${villageOf(i)},2023-04-01,${100_000 + i}`));
  table(join(folder, 'teams.csv'), 'commune_code,village_name,team_name,founded,document,issued,issuer,id',
    numbers(TEAMS).map((i) => `${code(Math.floor(i / 100))},${villageOf(i)},Tổ công nghệ số ${villageOf(i).slice(5)},2022-10-15,12/QĐ-UBND,2022-10-15,UBND xã,${i + 1}`));
  const server = new Thond(join(folder, 'data'), { tls: false,
    args: ['--sim-start', '2023-05-20T00:00:00+07:00', '--origin', 'thon.example/big'] });
  await server.start();
  await server.thon('units', 'import', join(folder, 'units.csv'), '--effective', '2023-04-01', '--document', '124/2004/QĐ-TTg',
    '--issued', '2004-07-08', '--apply');
  await server.thon('village', 'import', join(folder, 'villages.csv'), '--apply');
  await server.thon('team', 'import', join(folder, 'teams.csv'), '--apply');
  return server;
}
