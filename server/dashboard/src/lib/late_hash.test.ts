// Goal: what is typed reaches the address once, in its own entry of the history
// and in no other.
// Method: LateHash over a history of strings and a clock that the test moves.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {FakeClock} from '../testing/fake_clock';
import {LATE_MS, LateHash} from './late_hash';

class World {
  readonly clock = new FakeClock();
  entries = ['#/teams'];
  writes = 0;
  readonly late = new LateHash(
    {
      hash: () => this.entries.at(-1)!,
      replace: (hash) => {
        this.writes += 1;
        this.entries[this.entries.length - 1] = hash;
      },
    },
    this.clock,
  );
}

test('many keys are one change of the address, when the typing pauses', async () => {
  const {late, clock, ...world} = new World();
  for (const q of ['t', 'th', 'tha']) {
    late.write(`#/teams?q=${q}`);
    await clock.advance(LATE_MS - 1);
    assert.deepEqual(world.entries, ['#/teams']);
  }
  await clock.advance(1);
  assert.deepEqual(world.entries, ['#/teams?q=tha']);
});

test('who goes on before the pause finds the search in the entry that was left', async () => {
  const world = new World();
  world.late.write('#/teams?q=thac');
  world.late.flush();
  world.entries.push('#/team?team=7');
  await world.clock.advance(2 * LATE_MS);
  assert.deepEqual(world.entries, ['#/teams?q=thac', '#/team?team=7']);
  assert.equal(world.writes, 1);
});

test('a newer address is never overwritten, by the clock or by hand', async () => {
  const world = new World();
  world.late.write('#/teams?q=thac');
  world.entries.push('#/feed');
  await world.clock.advance(LATE_MS);
  world.late.flush();
  assert.deepEqual(world.entries, ['#/teams', '#/feed']);
  // Back where the typing began: it is over all the same.
  world.entries.pop();
  world.late.flush();
  await world.clock.advance(LATE_MS);
  assert.deepEqual(world.entries, ['#/teams']);
});

test('what is dropped is not written, and typing goes on from the new address', async () => {
  const world = new World();
  world.late.write('#/teams?q=thac');
  world.entries.push('#/teams?filter=held');
  world.late.drop();
  world.late.write('#/teams?filter=held&q=y');
  await world.clock.advance(LATE_MS);
  assert.deepEqual(world.entries, ['#/teams', '#/teams?filter=held&q=y']);
  assert.equal(world.writes, 1);
});

test('a search that was taken back changes nothing', async () => {
  const world = new World();
  world.late.write('#/teams?q=t');
  world.late.write('#/teams');
  await world.clock.advance(LATE_MS);
  assert.equal(world.writes, 0);
});
