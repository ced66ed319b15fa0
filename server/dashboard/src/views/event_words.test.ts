// Every event has words in both languages, and a line that says what it holds.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {create} from '@bufbuild/protobuf';
import {EventSchema} from '../gen/thon/v1/event_pb';
import {texts} from '../lib/texts';
import {overviewTexts} from '../lib/texts_overview';
import {teamsTexts} from '../lib/texts_teams';
import {describe, EVENT_TYPES, groupOf, payloadNames, typeName, typeWords, type Print} from './event_words';

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
