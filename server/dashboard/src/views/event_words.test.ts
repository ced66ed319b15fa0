// Every event has words in both languages, and a line that says what it holds.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {create, type DescField} from '@bufbuild/protobuf';
import {reflect} from '@bufbuild/protobuf/reflect';
import {EventSchema} from '../gen/thon/v1/event_pb';
import {texts} from '../lib/texts';
import {overviewTexts} from '../lib/texts_overview';
import {teamsTexts} from '../lib/texts_teams';
import {describe, EVENT_TYPES, groupOf, payloadNames, typeName, typeWords, type Print} from './event_words';
import {fieldWords, FORM_FIELDS} from './form_words';

const print: Print = {lang: 'vi', count: String, date: String, month: String, money: String};

test('Every payload of an event has words, and no words are for a payload that there is not', () => {
  assert.deepEqual(Object.keys(EVENT_TYPES).sort(), payloadNames().sort());
  for (const {words} of Object.values(EVENT_TYPES)) {
    for (const text of words) assert.equal(text, text.normalize('NFC').trim());
    assert.ok(words[0] !== '' && words[1] !== '');
  }
});

test('A number of a payload leads to its words; one of a later version says so', () => {
  assert.equal(typeName(35), 'outreach_session');
  assert.equal(typeWords('outreach_session', 'vi'), 'Buổi tuyên truyền');
  assert.equal(typeName(4_000), 'unknown');
  assert.equal(typeWords('unknown', 'en'), 'Unknown type');
  assert.equal(typeWords('drone_flown', 'en'), 'Unknown type (drone_flown)');
  assert.equal(groupOf('drone_flown'), 'log');
});

test('A session says its topic, people, time, way and place; what is missing leaves no gap', () => {
  const session = create(EventSchema, {
    payload: {case: 'outreachSession', value: {topic: 6, attendees: 25n, minutes: 90, channel: 2, place: 'Nhà văn hoá'}},
    venue: 4,
  });
  assert.equal(describe(session, print), 'phòng chống lừa đảo · 25 người dự · 90 phút · họp thôn · Nhà văn hoá · chợ');
  const twice = create(EventSchema, {payload: {case: 'outreachSession', value: {place: 'Chợ'}}, venue: 4});
  assert.equal(describe(twice, print), '0 người dự · Chợ');
  const bare = create(EventSchema, {payload: {case: 'outreachSession', value: {}}});
  assert.equal(describe(bare, print), '0 người dự');
  assert.equal(describe(create(EventSchema, {}), print), '');
  assert.equal(describe(undefined, print), '');
});

test('A value of a later version is shown as its number', () => {
  const event = create(EventSchema, {payload: {case: 'fraudWarningIssued', value: {channel: 77 as never, reach: 3n}}});
  assert.equal(describe(event, {...print, lang: 'en'}), '3 people · (77)');
});

// A repository's file, as it is.
const source = (path: string): string => readFileSync(join(SOURCE_DIR, '../..', path), 'utf8');

test('Every field of a monthly update that phones write has words in both languages', () => {
  const maker = /MakeMonthlyUpdate\([\s\S]*?\n}/.exec(source('tools/fleet/facts.cc'))?.[0] ?? '';
  const scenario = /monthly_update_submitted: \{[^{}]*fields: \{([^}]*)\}/.exec(source('tests/scenarios/yb-09.yaml'))?.[1] ?? '';
  const written = [
    ...[...maker.matchAll(/"(\w+)"/g)].map((match) => match[1]),
    ...[...scenario.matchAll(/(\w+):/g)].map((match) => match[1]),
  ];
  assert.ok(written.includes('households_guided') && written.length >= 4, String(written));
  assert.deepEqual(written.filter((name) => !FORM_FIELDS.has(name)), []);
  for (const [name, pair] of FORM_FIELDS) {
    for (const text of pair) {
      assert.equal(text, text.normalize('NFC').trim());
      assert.doesNotMatch(text, /^$|_/, name);
    }
  }
  const update = create(EventSchema, {
    payload: {
      case: 'monthlyUpdateSubmitted',
      value: {periodMonth: 202310, fields: written.slice(0, 2).map((name) => ({name, value: 5n}))},
    },
  });
  assert.equal(describe(update, print), 'tháng 202310 · hộ được hướng dẫn: 5 · hồ sơ trực tuyến: 5');
  assert.equal(describe(update, {...print, lang: 'en'}), 'month 202310 · households guided: 5 · online dossiers: 5');
});

test('A field of a form that the page does not know is said to be one; words stand for themselves', () => {
  assert.equal(fieldWords('drones_flown', 'vi'), 'mục khác (drones_flown)');
  assert.equal(fieldWords('constructor', 'en'), 'another field (constructor)');
  assert.equal(fieldWords('Số hộ nghèo', 'en'), 'Số hộ nghèo');
});

test('Every value of every enumeration that a line shows has words', () => {
  for (const payload of EventSchema.fields) {
    if (payload.oneof?.name !== 'payload' || payload.fieldKind !== 'message') continue;
    for (const field of payload.message.fields) {
      for (const {number} of valuesOf(field)) {
        const event = create(EventSchema, {});
        const message = reflect(payload.message);
        if (field.fieldKind === 'list') {
          message.get(field).add(number);
        } else {
          message.set(field, number);
        }
        reflect(EventSchema, event).set(payload, message);
        for (const lang of ['vi', 'en'] as const) {
          assert.doesNotMatch(describe(event, {...print, lang}), /\(\d+\)|[A-Z]+_/, `${payload.name}.${field.name} ${number}`);
        }
      }
    }
  }
});

function valuesOf(field: DescField): readonly {number: number}[] {
  if (field.fieldKind === 'enum' || (field.fieldKind === 'list' && field.listKind === 'enum')) return field.enum.values;
  return [];
}

test('The app that the catalogue calls other has words; the names of apps stay', () => {
  const install = (app: string): string =>
    describe(create(EventSchema, {payload: {case: 'appInstallAssisted', value: {app, count: 2n, basis: 1}}}), print);
  assert.equal(install('other'), 'ứng dụng khác · 2 người');
  assert.equal(install('YenBai-S'), 'YenBai-S · 2 người');
});

test('No key of the texts is used twice, and every text is NFC and said in both languages', () => {
  const own = Object.keys(teamsTexts);
  const others = new Set(Object.keys(overviewTexts));
  assert.deepEqual(own.filter((key) => others.has(key)), []);
  for (const [key, pair] of Object.entries(teamsTexts)) {
    assert.deepEqual(texts[key as keyof typeof texts], pair, `${key} is taken by another part of the page`);
    const args = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    assert.deepEqual(args(pair[0]), args(pair[1]), key);
    for (const text of pair) assert.equal(text, text.normalize('NFC'));
  }
});
