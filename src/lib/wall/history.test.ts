import { expect, it } from 'vitest';
import { begin, deepest, record, redo, undo } from './history.ts';

it('goes back and forth through what happened', () => {
  const story = record(record(begin('a'), 'b'), 'c');
  expect(undo(story).present).toBe('b');
  expect(undo(undo(story)).present).toBe('a');
  expect(redo(undo(undo(story))).present).toBe('b');
});

it('stays where it is at either end', () => {
  const story = begin('a');
  expect(undo(story)).toBe(story);
  expect(redo(story)).toBe(story);
});

it('forgets what was undone once something else happens', () => {
  const story = record(undo(record(begin('a'), 'b')), 'c');
  expect(redo(story)).toBe(story);
  expect(undo(story).present).toBe('a');
});

it('does not remember a step that changed nothing', () => {
  expect(record(begin('a'), 'a').past).toEqual([]);
});

it('remembers a bounded number of steps', () => {
  let story = begin(0);
  for (let step = 1; step <= deepest + 50; step++) story = record(story, step);
  expect(story.past).toHaveLength(deepest);
  expect(story.past[0]).toBe(50);
});
