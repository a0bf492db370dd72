import { expect, it } from 'vitest';
import { Budget } from './budget.js';

it('takes up to its limits, exactly, and again what was given back', () => {
  const budget = new Budget(10, 100);
  expect(budget.tryTake(4, 60)).toBe(true);
  expect(budget.tryTake(1, 41)).toBe(false);
  expect(budget.tryTake(7, 1)).toBe(false);
  expect(budget.tryTake(6, 40)).toBe(true);
  expect(budget.tryTake(1, 0)).toBe(false);
  budget.give(4, 60);
  expect(budget.tryTake(4, 60)).toBe(true);
  expect(budget.used).toEqual({ records: 10, bytes: 100 });
});

it('takes one request above its limits when nothing else is under way', () => {
  const budget = new Budget(10, 100);
  expect(budget.tryTake(11, 1)).toBe(true);
  expect(budget.tryTake(1, 1)).toBe(false);
});
