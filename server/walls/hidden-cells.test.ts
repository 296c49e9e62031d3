import { describe, expect, it } from 'vitest';
import { type Cells, keepHidden, shownTo } from './hidden-cells.ts';

// Cameras in capitals are hidden from the person.
const mayShow = (cameraId: string): boolean => cameraId === cameraId.toLowerCase();

describe('a wall of which somebody may not see everything', () => {
  it('shows hidden cameras as empty cells', () => {
    expect(shownTo(['a', 'H', null, 'b'], mayShow)).toEqual(['a', null, null, 'b']);
  });

  it.each<[string, Cells, Cells, Cells]>([
    ['saved as it was read', ['a', 'H', null], ['a', null, null], ['a', 'H', null]],
    ['with another tile changed', ['a', 'H', null], ['b', null, 'c'], ['b', 'H', 'c']],
    ['with a tile swapped onto the hidden one', ['a', 'H', 'b'], ['a', 'b', null], ['a', 'b', 'H']],
    ['with every cell filled', ['a', 'H'], ['a', 'b'], ['a', 'b']],
    ['in a larger layout', ['a', 'H'], ['a', null, null, null], ['a', 'H', null, null]],
    ['in a smaller layout with room', ['a', 'b', 'H'], ['a', null], ['a', 'H']],
    ['in a smaller layout without room', ['a', 'b', 'H'], ['a', 'b'], ['a', 'b']],
    ['emptied by who sees only part', ['a', 'H', 'K'], [null, null, null], [null, 'H', 'K']],
    ['with two hidden ones displaced', ['H', 'K', 'a', 'b'], ['a', 'b', null, null], ['a', 'b', 'H', 'K']],
    ['by who sees all', ['a', 'b'], ['b', null], ['b', null]],
  ])('keeps what is hidden: %s', (_what, stored, saved, result) => {
    expect(keepHidden(stored, saved, mayShow)).toEqual(result);
  });
});
