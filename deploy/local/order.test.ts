import { expect, it } from 'vitest';
import { startOrder, withDependencies } from './order.js';

const names = (items: { name: string; dependsOn: string[] }[]) => startOrder(items).map((item) => item.name);

it('puts a component after everything it depends on, and keeps the given order otherwise', () => {
  expect(
    names([
      { name: 'gateway', dependsOn: ['topics', 'surreal'] },
      { name: 'topics', dependsOn: ['kafka', 'registry'] },
      { name: 'registry', dependsOn: [] },
      { name: 'kafka', dependsOn: [] },
      { name: 'surreal', dependsOn: [] },
    ]),
  ).toEqual(['kafka', 'registry', 'topics', 'surreal', 'gateway']);
});

it('names a dependency that does not exist', () => {
  expect(() => names([{ name: 'sink', dependsOn: ['store'] }])).toThrow(
    'sink depends on store, which is no component',
  );
});

it('names the members of a circle', () => {
  expect(() =>
    names([
      { name: 'a', dependsOn: ['b'] },
      { name: 'b', dependsOn: ['c'] },
      { name: 'c', dependsOn: ['a'] },
    ]),
  ).toThrow('a → b → c → a');
});

it('selects components with all that they depend on', () => {
  const items = [
    { name: 'kafka', dependsOn: [] },
    { name: 'topics', dependsOn: ['kafka'] },
    { name: 'surreal', dependsOn: [] },
    { name: 'processor', dependsOn: ['topics'] },
  ];
  const selected = (names: string[]) => withDependencies(items, names).map((item) => item.name);
  expect(selected(['processor'])).toEqual(['kafka', 'topics', 'processor']);
  expect(selected([])).toEqual(['kafka', 'topics', 'surreal', 'processor']);
  expect(() => selected(['sink'])).toThrow('there is no component sink');
});
